"""An idle instance: the memory that it takes and the time to make it, without its context."""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import tracemalloc
from pathlib import Path
from time import thread_time

import anyio

from benchmarks import child
from benchmarks.figure import Gate, Outcome, Wrong, best, figure
from benchmarks.machines import Next
from benchmarks.race import Effort
from fsm import Context, Orchestrator, State, StateMachine, edge
from fsm.chart.event import Started
from fsm.core.live import Live
from fsm.core.table import table_of
from fsm.core.turn import start
from persistence import open_store

_COUNT = 1_000


class Idle(StateMachine[Context, Next]):
    """Two states, and data without a field."""

    class A(State, initial=True): ...

    class B(State): ...

    ab = edge(Next, A, to=B)
    ba = edge(Next, B, to=A)


def idle(effort: Effort) -> list[Outcome]:
    """In an orchestrator, and the live part of it alone; memory is counted in a process of its own."""
    told, _ = child.asked("benchmarks.idle")
    made = [_made() for _ in range(effort.rounds)]
    exact = "counted by tracemalloc"
    return [
        figure("idle instance in an orchestrator, without its context", [told["held"]], "bytes", Gate(600, 300),
               sides={"with its context": told["whole"]}, side_unit="bytes", note=exact),
        figure("idle instance, its live part alone", [told["live"]], "bytes", side_unit="bytes", note=exact),
        best("idle instance, its live part alone: made in", made, "us", Gate(10, 5)),
    ]  # fmt: skip


def _lives(count: int) -> list[Live]:
    table = table_of(Idle)
    first = Live("idle", table)
    entering = start(first, Started())
    try:
        entering.send(None)
    except StopIteration:
        pass
    at, lives = first.at, []
    for number in range(count):
        live = Live(f"idle-{number:06d}", table)
        live.at, live.seq = at, 1
        lives.append(live)
    return lives


def _made() -> float:
    gc.collect()
    begun = thread_time()
    lives = _lives(_COUNT)
    took = thread_time() - begun
    if any(live.at.ids != {"A"} for live in lives):
        raise Wrong("a live machine stands in no state")
    return took / _COUNT * 1e6


async def _count() -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="fsm-bench-") as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'idle.db'}?synchronous=NORMAL")
        async with Orchestrator(store, machines=[Idle]) as orchestrator:

            async def begin(first: int, count: int) -> None:
                for number in range(first, first + count):
                    await orchestrator.start(Idle, id=f"idle-{number:06d}")

            await begin(0, 50)
            context = _context_bytes()
            gc.collect()
            tracemalloc.start()
            before, contexts = tracemalloc.get_traced_memory()[0], _contexts()
            async with anyio.create_task_group() as group:
                for first in range(50, 50 + _COUNT, 100):
                    group.start_soon(begin, first, 100)
            await anyio.sleep(0.05)  # the tasks of the last commits end
            gc.collect()
            whole = (tracemalloc.get_traced_memory()[0] - before) / _COUNT
            kept = (_contexts() - contexts) / _COUNT
            if len(await orchestrator.find(machine=Idle, state=Idle.A, limit=10_000)) != 50 + _COUNT:
                raise Wrong("not every instance is idle in A")
            tracemalloc.stop()
    return {"whole": whole, "held": whole - kept * context, "live": _live_bytes()}


def _live_bytes() -> float:
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    lives = _lives(_COUNT)
    took = (tracemalloc.get_traced_memory()[0] - before) / len(lives)
    tracemalloc.stop()
    return took


def _context_bytes() -> float:
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    contexts = [Context() for _ in range(_COUNT)]
    took = (tracemalloc.get_traced_memory()[0] - before) / len(contexts)
    tracemalloc.stop()
    return took


def _contexts() -> int:
    return sum(isinstance(o, Context) for o in gc.get_objects())


if __name__ == "__main__":
    print(json.dumps(anyio.run(_count)))
    sys.exit(0)
