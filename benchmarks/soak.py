"""A soak: orders come, go round, wait for a timer and end, as long as is asked; memory and open files stay flat."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import monotonic

import anyio

from benchmarks.figure import Wrong
from benchmarks.order import Placed
from fsm import Done, Event, Final, Orchestrator, State, StateMachine, after, edge, invoke, on
from persistence import open_store

WALKERS = 20
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Next(Event):
    """The order goes on."""


class Short(StateMachine[Placed, Next]):
    """An order that lives for a moment: two steps, an invoke, a timer."""

    class A(State, initial=True): ...

    class B(State): ...

    class Asking(State): ...

    class Resting(State): ...

    class Gone(Final): ...

    @on(Next, A, to=B)
    def ab(self) -> None:
        """Change the order."""
        self.ctx.n += 1

    ask = edge(Next, B, to=Asking)

    @invoke(Asking)
    async def answer(self) -> int:
        """Work beside the machine."""
        return self.ctx.n + 1

    @answer.done(to=Resting)
    def keep(self, ev: Done[int]) -> None:
        """Keep the answer."""
        self.ctx.n = ev.data

    gone = after("20ms", Resting, to=Gone)


@dataclass(frozen=True, slots=True)
class Sample:
    """What the process held at one moment."""

    seconds: float
    memory_bytes: int
    open_files: int
    orders: int
    """Ended so far."""


def soak(seconds: float, every_seconds: float) -> list[Sample]:
    """Work for so long, and look every so often, once as many orders have ended as go round at a time.

    Raises Wrong when an order did not end as it should.
    """
    return anyio.run(_soak, seconds, every_seconds)


async def _soak(seconds: float, every_seconds: float) -> list[Sample]:
    samples: list[Sample] = []
    numbers, ended = count(), [0]
    with tempfile.TemporaryDirectory(prefix="fsm-soak-") as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'soak.db'}?synchronous=NORMAL")
        async with Orchestrator(store, machines=[Short]) as orchestrator:
            warm, enough = anyio.Event(), anyio.Event()

            async def walk() -> None:
                while not enough.is_set():
                    order = await orchestrator.start(Short, Placed(), id=f"order-{next(numbers):08d}")
                    await order.send(Next())
                    await order.send(Next())
                    await order.result(timeout=30)
                    if (await order.snapshot()).context.n != 2:
                        raise Wrong(f"{order.id} ended with other data")
                    ended[0] += 1
                    if ended[0] >= WALKERS:
                        warm.set()

            async with anyio.create_task_group() as group:
                for _ in range(WALKERS):
                    group.start_soon(walk)
                await warm.wait()
                begun = monotonic()
                while (now := monotonic() - begun) < seconds:
                    samples.append(Sample(now, _memory(), _files(), ended[0]))
                    await anyio.sleep(every_seconds)
                enough.set()
    return samples


def growth(samples: Sequence[Sample]) -> tuple[float, int]:
    """Memory at the end over memory after the first third, and the open files that have come since.

    >>> held = [Sample(float(n), 100 + n // 8, 9, n) for n in range(9)]
    >>> growth(held)
    (1.0, 0)
    """
    third = len(samples) // 3
    early, late = samples[third : 2 * third], samples[-third:]
    memory = statistics.median(s.memory_bytes for s in late) / statistics.median(s.memory_bytes for s in early)
    files = statistics.median_low(s.open_files for s in late) - statistics.median_low(s.open_files for s in early)
    return memory, files


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


def _files() -> int:
    return len(os.listdir("/proc/self/fd"))


def supported() -> bool:
    """Whether this system tells what a process holds."""
    return sys.platform == "linux"
