"""The floors of a durable step: its rows written to SQLite by hand, and the whole step with nothing around it.

A step is a compare-and-set of the instance's row with its 1 KB context, and a row of the journal, in one transaction.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
from sqlalchemy import create_engine

from benchmarks.figure import Wrong
from benchmarks.floors import enter, leave
from benchmarks.plain import as_data
from benchmarks.plan import Plan
from benchmarks.tally import Tally

INSTANCES = 100
_TABLES = (
    "CREATE TABLE instance (id TEXT PRIMARY KEY, status TEXT, seq INTEGER, config TEXT, context BLOB) WITHOUT ROWID",
    "CREATE TABLE journal (instance TEXT, seq INTEGER, cause TEXT, event TEXT, payload TEXT, steps TEXT, config TEXT,"
    " at REAL, took REAL, PRIMARY KEY (instance, seq)) WITHOUT ROWID",
)
_MOVE = "UPDATE instance SET status=?, seq=?, config=?, context=? WHERE id=? AND seq=?"
_NOTE = "INSERT INTO journal VALUES (?,?,?,?,?,?,?,?,?)"
STEPS = '[{"event":"Next","transitions":["A -> B"],"exited":["A"],"entered":["B"]}]'
CAUSE = "event:0123456789abcdef0123456789abcdef"


def names(count: int = INSTANCES) -> list[str]:
    """The ids of the instances."""
    return [f"order-{k:03d}" for k in range(count)]


def connected(path: Path, synchronous: str) -> sqlite3.Connection:
    """A new database with the tables and the instances."""
    made = sqlite3.connect(path, isolation_level=None)
    made.execute("PRAGMA journal_mode=WAL")
    made.execute(f"PRAGMA synchronous={synchronous}")
    for table in _TABLES:
        made.execute(table)
    context = orjson.dumps(as_data(0))
    made.execute("BEGIN IMMEDIATE")
    made.executemany("INSERT INTO instance VALUES (?,?,?,?,?)", [(n, "running", 0, '["A"]', context) for n in names()])
    made.execute("COMMIT")
    return made


class ByHand:
    """sqlite3 and orjson, and nothing else."""

    name = "sqlite3 by hand"

    def __init__(self, path: Path, synchronous: str = "NORMAL", lines: int = 10) -> None:
        self._connection, self._lines, self.done = connected(path, synchronous), lines, 0
        self._seq = dict.fromkeys(names(), 0)

    def step(self, instance: str) -> None:
        """One step of one instance, in a transaction of its own."""
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        moved, noted = self._rows(instance)
        if execute(_MOVE, moved).rowcount != 1:
            raise Wrong(f"{instance} has moved")
        execute(_NOTE, noted)
        execute("COMMIT")
        self._seq[instance] += 1
        self.done += 1

    def group(self) -> None:
        """One step of every instance, in one transaction."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        rows = [self._rows(instance) for instance in self._seq]
        if connection.executemany(_MOVE, [moved for moved, _ in rows]).rowcount != len(rows):
            raise Wrong("an instance has moved")
        connection.executemany(_NOTE, [noted for _, noted in rows])
        connection.execute("COMMIT")
        for instance in self._seq:
            self._seq[instance] += 1
        self.done += len(rows)

    def _rows(self, instance: str) -> tuple[Sequence[Any], Sequence[Any]]:
        seq, now = self._seq[instance], time.time()
        context = orjson.dumps(as_data(seq + 1, self._lines))
        moved = ("running", seq + 1, '["B"]', context, instance, seq)
        return moved, (instance, seq + 1, CAUSE, "Next", "{}", STEPS, '["B"]', now, 0.0001)

    def check(self) -> None:
        """Raises Wrong unless the database has the rows of every step."""
        steps = self.done
        moved = self._connection.execute("SELECT sum(seq) FROM instance").fetchone()[0]
        noted = self._connection.execute("SELECT count(*) FROM journal").fetchone()[0]
        if (moved, noted) != (steps, steps):
            raise Wrong(f"{self.name}: {moved} steps and {noted} journal rows are in the database, expected {steps}")

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


class WholeStep:
    """All that a durable step needs, with nothing around it: plan engine, snapshot, journal, through SQLAlchemy."""

    name = "whole step"

    def __init__(self, path: Path, synchronous: str = "NORMAL") -> None:
        connected(path, synchronous).close()
        self._engine = create_engine(f"sqlite:///{path}")
        self._connection = self._engine.connect()
        self._connection.exec_driver_sql(f"PRAGMA synchronous={synchronous}")
        self._connection.commit()
        tally = Tally()
        rows = {a: {"next": ((None, (leave,) * 3, (enter,) * 3, b),)} for a, b in (("P", "Q"), ("Q", "P"))}
        self._plan, self.done = Plan(rows, "P", tally), 0
        self._instance = names()[0]

    def step(self) -> None:
        """One step of one instance."""
        execute, seq = self._connection.exec_driver_sql, self.done
        self._plan.send("next")
        config = f'["{self._plan.leaves[0]}"]'
        context = orjson.dumps(as_data(seq + 1))
        if execute(_MOVE, ("running", seq + 1, config, context, self._instance, seq)).rowcount != 1:
            raise Wrong(f"{self._instance} has moved")
        execute(_NOTE, (self._instance, seq + 1, CAUSE, "Next", "{}", STEPS, config, time.time(), 0.0001))
        self._connection.commit()
        self.done += 1

    def check(self) -> None:
        """Raises Wrong unless the database has the rows of every step."""
        steps = self.done
        moved = self._connection.exec_driver_sql("SELECT sum(seq) FROM instance").scalar()
        noted = self._connection.exec_driver_sql("SELECT count(*) FROM journal").scalar()
        if (moved, noted) != (steps, steps):
            raise Wrong(f"{self.name}: {moved} steps and {noted} journal rows are in the database, expected {steps}")

    def close(self) -> None:
        """Close the database."""
        self._connection.close()
        self._engine.dispose()


def timed(step: Callable[[], None], seconds: float) -> list[float]:
    """How long each step took, for so long."""
    took = []
    end = perf_counter() + seconds
    while (begun := perf_counter()) < end:
        step()
        took.append(perf_counter() - begun)
    return took
