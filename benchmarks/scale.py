"""A store that is full: 100,000 instances, 1,000,000 journal rows, 10,000 pending timers, beside one that is empty."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import perf_counter, thread_time

import anyio

from benchmarks.durable_side import Ours, ours
from benchmarks.figure import Gate, Outcome, Wrong, figure
from benchmarks.machines import Next
from benchmarks.order import Order, Placed
from benchmarks.race import Effort
from fsm import Context, Orchestrator, State, StateMachine, after, edge
from fsm.ports.store import Commit, Entry, Loaded, Store
from persistence import open_store

INSTANCES, TIMERS, JOURNAL_ROWS_EACH = 100_000, 10_000, 10
STEP = Gate(1.3, 1.1)
IDLE = Gate(1.0, 0.3)
_BATCH = 500


class Patient(StateMachine[Context, Next]):
    """Waits for ten hours."""

    class Waiting(State, initial=True): ...

    class Late(State): ...

    late = after("10h", Waiting, to=Late)
    again = edge(Next, Late, to=Waiting)


def full_store(effort: Effort) -> list[Outcome]:
    """The cost of a step, of being idle and of beginning, on a full store."""
    return anyio.run(_full_store, effort)


async def _full_store(effort: Effort) -> list[Outcome]:
    with tempfile.TemporaryDirectory(prefix="fsm-bench-") as folder:
        full, empty = Path(folder) / "full.db", Path(folder) / "empty.db"
        await _fill(full)
        begun = perf_counter()
        async with ours(full, instances=100, machines=[Order, Patient]) as large:
            entered = perf_counter() - begun
            idle = await _idle_share()
            async with ours(empty, instances=100) as small:
                times = await _steps(large, small, effort)
                large.check()
                small.check()
    single, together = (
        figure(
            f"durable step, {what}, full store over empty store",
            [a / b for a, b in zip(times["full", what], times["empty", what], strict=True)],
            "x",
            STEP,
            sides={kind: statistics.median(times[kind, what]) * 1e6 for kind in ("full", "empty")},
            note=f"{INSTANCES:,} instances, {INSTANCES * JOURNAL_ROWS_EACH:,} journal rows, {TIMERS:,} timers",
        )
        for what in ("one instance", "100 instances at once")
    )
    return [
        single,
        together,
        figure("full store, nothing to do: share of a processor", [idle * 100], "%", IDLE),
        figure("full store: orchestrator entered and 100 instances begun", [entered], "s"),
    ]


async def _steps(large: Ours, small: Ours, effort: Effort) -> dict[tuple[str, str], list[float]]:
    times: dict[tuple[str, str], list[float]] = {}
    for number in range(effort.rounds + 1):
        for kind, side in (("full", large), ("empty", small)):
            alone = statistics.fmean(await side.single(effort.round_seconds * 10))
            crowd = (await side.together(5))[0]
            if number:  # the first round warms up
                times.setdefault((kind, "one instance"), []).append(alone)
                times.setdefault((kind, "100 instances at once"), []).append(crowd)
    return times


async def _idle_share() -> float:
    """The processor time of this thread, as a share of two seconds in which nothing happens."""
    await anyio.sleep(0.5)
    processor, begun = thread_time(), perf_counter()
    await anyio.sleep(2)
    return (thread_time() - processor) / (perf_counter() - begun)


async def _fill(path: Path) -> None:
    """Two real instances, copied row by row until the store is full."""
    store = open_store(f"sqlite:///{path}?synchronous=NORMAL")
    async with Orchestrator(store, machines=[Order, Patient]) as orchestrator:
        await orchestrator.start(Order, Placed(), id="an-order")
        await orchestrator.start(Patient, id="a-patient")
    await store.open(owner=True)
    await _copy(store, "a-patient", [f"patient-{n:06d}" for n in range(TIMERS)])
    await _copy(store, "an-order", [f"stored-{n:06d}" for n in range(INSTANCES - TIMERS)])
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        columns = "cause, event, payload, steps, config, at, took"
        for seq in range(1, JOURNAL_ROWS_EACH):
            connection.execute(
                f"INSERT INTO transition (instance, seq, {columns}) SELECT instance, {seq}, {columns}"
                f" FROM transition WHERE seq = {JOURNAL_ROWS_EACH}"
            )
        connection.commit()
        rows = connection.execute("SELECT count(*) FROM transition").fetchone()[0]
        timers = connection.execute("SELECT count(*) FROM timer").fetchone()[0]
    if rows != INSTANCES * JOURNAL_ROWS_EACH + 2 or timers != TIMERS + 1:
        raise Wrong(f"the store has {rows} journal rows and {timers} timers")


async def _copy(store: Store, original: str, names: Sequence[str]) -> None:
    found, journal = await store.load(original), await store.history(original)
    if found is None:
        raise Wrong(f"{original} is not in the store")
    for first in range(0, len(names), _BATCH):
        await store.commit([_commit(found, journal[0], name) for name in names[first : first + _BATCH]])


def _commit(found: Loaded, entry: Entry, name: str) -> Commit:
    return Commit(
        name,
        create=True,
        record=replace(found.record, id=name, seq=JOURNAL_ROWS_EACH),
        entry=replace(entry, instance=name, seq=JOURNAL_ROWS_EACH),
        timers_set=[replace(timer, instance=name) for timer in found.timers],
    )
