"""10,000 instances, killed in the middle of their work, go on in a new process."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import anyio

from benchmarks import child
from benchmarks.figure import Gate, Outcome, Wrong, figure
from benchmarks.order import Placed
from benchmarks.race import Effort
from fsm import Done, Event, Final, Orchestrator, State, StateMachine, edge, invoke
from fsm.ports.store import Accepted, Commit, Entry, Loaded
from persistence import open_store

COUNT = 10_000
GATE = Gate(1.5, 0.8)
KINDS = {"an accepted event": "waiting", "an invoke under way": "working"}
"""What a killed process has left: one step of each instance is done, another is left to do."""


class Go(Event):
    """The step that is left."""


class Waiting(StateMachine[Placed, Go]):
    """One step is done and the event of the other has been accepted."""

    class A(State, initial=True): ...

    class B(Final): ...

    go = edge(Go, A, to=B)


def working(under_way: anyio.Event | None) -> type[StateMachine[Placed, Event, None]]:
    """One step is done, the other is an invoke; given an event it says when it is under way, and hangs."""

    class Working(StateMachine[Placed, Event, None]):
        class A(State, initial=True): ...

        class B(Final): ...

        @invoke(A)
        async def work(self) -> int:
            if under_way is not None:
                under_way.set()
                await anyio.sleep_forever()
            return self.ctx.n + 1

        @work.done(to=B)
        def keep(self, ev: Done[int]) -> None:
            self.ctx.n = ev.data

    return Working


def resume(effort: Effort) -> list[Outcome]:
    """With an invoke under way, and with an accepted event."""
    repeats = 1 if effort.rounds < 15 else 3
    return [_resumed(what, kind, repeats) for what, kind in KINDS.items()]


def _resumed(what: str, kind: str, repeats: int) -> Outcome:
    whole, inside = [], []
    for _ in range(repeats):
        took, within = killed_and_resumed(kind, COUNT)
        whole.append(took)
        inside.append(within)
    case = f"resume of {COUNT:,} instances with {what}, start of the process to last commit"
    sides = {"orchestrator entered to last commit": statistics.median(inside)}
    return figure(case, whole, "s", GATE, sides=sides, side_unit="s")


def killed_and_resumed(kind: str, count: int) -> tuple[float, float]:
    """Kill an instance in its work, make more of it, and go on in a new process: the seconds from its start to the last
    commit, and from the start of the orchestrator."""
    with tempfile.TemporaryDirectory(prefix="fsm-bench-") as folder:
        path = str(Path(folder) / "resume.db")
        child.asked("benchmarks.resume", "fill", kind, path, str(count), killed=True)
        child.asked("benchmarks.resume", "multiply", kind, path, str(count))
        begun = time.time()
        told, _ = child.asked("benchmarks.resume", "go-on", kind, path, str(count))
    return told["ended"] - begun, told["seconds"]


async def _fill(kind: str, path: str) -> None:
    """Start one instance and end by SIGKILL, in the middle of its invoke if it has one."""
    under_way = anyio.Event()
    machine = _machine(kind, under_way)
    async with Orchestrator(open_store(f"sqlite:///{path}"), machines=[machine]) as orchestrator:
        await orchestrator.start(machine, Placed(), id=_name(0))
        if kind == "working":
            await under_way.wait()
        os.kill(os.getpid(), signal.SIGKILL)


async def _multiply(kind: str, path: str, count: int) -> None:
    """Copy what the killed process left, row by row, until there are enough of it."""
    store = open_store(f"sqlite:///{path}?synchronous=NORMAL")
    await store.open(owner=True)
    if kind == "waiting":  # as `fsm send` does while nobody works
        accepted = Accepted(_name(0), "event:go", Go.__wire__, "{}", at=time.time())
        await store.commit([Commit(_name(0), accepted=[accepted])])
    found, journal = await store.load(_name(0)), await store.history(_name(0))
    if found is None or not (found.inbox or found.effects):
        raise Wrong("the killed process left nothing to go on with")
    for first in range(1, count, 500):
        names = [_name(number) for number in range(first, min(first + 500, count))]
        await store.commit([_copy(found, journal[0], name) for name in names])
    await store.close()


def _copy(found: Loaded, entry: Entry, name: str) -> Commit:
    return Commit(
        name,
        create=True,
        record=replace(found.record, id=name),
        entry=replace(entry, instance=name),
        accepted=[replace(row, instance=name, ref=f"{row.ref}-{name}") for row in found.inbox],
        effects_set=[replace(effect, instance=name) for effect in found.effects],
    )


def _machine(kind: str, under_way: anyio.Event | None = None) -> type[StateMachine[Placed, Any, None]]:
    return Waiting if kind == "waiting" else working(under_way)


def _name(number: int) -> str:
    return f"order-{number:05d}"


async def _go_on(kind: str, path: str, count: int) -> dict[str, float]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
        if _ended(reader):
            raise Wrong("instances have ended before they were resumed")
        begun = perf_counter()
        async with Orchestrator(open_store(f"sqlite:///{path}?synchronous=NORMAL"), machines=[_machine(kind)]):
            while _open(reader):  # noqa: ASYNC110 - only the file tells
                await anyio.sleep(0.02)
            told = {"seconds": perf_counter() - begun, "ended": time.time()}
        if (ended := _ended(reader)) != count:
            raise Wrong(f"{ended} instances have ended, expected {count}")
        rows = reader.execute("SELECT count(*) FROM transition WHERE seq = 2").fetchone()[0]
        if rows != count:
            raise Wrong(f"{rows} journal rows of the second step, expected {count}")
    return told


def _open(reader: sqlite3.Connection) -> bool:
    """Whether one goes on; the last of them is asked for first, and counting all would take longer than their turns."""
    query = "SELECT 1 FROM instance WHERE closed IS NULL ORDER BY id DESC LIMIT 1"
    return reader.execute(query).fetchone() is not None


def _ended(reader: sqlite3.Connection) -> int:
    found: int = reader.execute("SELECT count(*) FROM instance WHERE closed IS NOT NULL").fetchone()[0]
    return found


def main() -> None:
    """What the children do: `fill`, `multiply` or `go-on`, with a kind, a path and a count."""
    verb, kind, path, count = *sys.argv[1:4], int(sys.argv[4])
    told: dict[str, float] = {}
    match verb:
        case "fill":
            anyio.run(_fill, kind, path)
        case "multiply":
            anyio.run(_multiply, kind, path, count)
        case _:
            told = anyio.run(_go_on, kind, path, count)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
