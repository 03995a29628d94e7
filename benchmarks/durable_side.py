"""Our side of the durable cases: an orchestrator on a SQLite file, and instances of the order that take steps."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from time import perf_counter
from typing import Any, cast

import anyio

from benchmarks.figure import Wrong
from benchmarks.order import Next, Order, Placed, lines
from fsm import Instance, Orchestrator, StateMachine
from fsm.ports.store import Commit, PromptStore, Store, Verdict
from persistence import open_store

Steps = list[float]
"""Seconds of each step."""


class Counted:
    """A store that counts its transactions: each of them is one fsync where `synchronous` is FULL."""

    def __init__(self, store: PromptStore) -> None:
        self._store = store
        self.transactions = self.turns = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit_now(self, batch: Sequence[Commit]) -> list[Verdict] | None:
        """Write a batch at once, if that can be done, and count it."""
        verdicts = self._store.commit_now(batch)
        if verdicts is not None:
            self._count(batch)
        return verdicts

    async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
        """Write a batch and count it."""
        self._count(batch)
        return await self._store.commit(batch)

    def _count(self, batch: Sequence[Commit]) -> None:
        self.transactions += 1
        self.turns += len(batch)


class Ours:
    """Instances of the order under one orchestrator."""

    name = "ours"

    def __init__(self, path: Path | None, store: Counted, instances: list[Instance[Placed, Next, None]]) -> None:
        self.path, self.store, self.instances = path, store, instances
        self.done = 0
        """Steps that were answered."""

    async def single(self, seconds: float) -> Steps:
        """Steps of one instance, one after the other, for so long."""
        took = []
        instance, event = self.instances[0], Next()
        end = perf_counter() + seconds
        while (begun := perf_counter()) < end:
            await instance.send(event)
            took.append(perf_counter() - begun)
        self.done += len(took)
        return took

    async def together(self, each: int) -> Steps:
        """So many steps of every instance, all at once; seconds of the whole, spread over the steps."""
        event = Next()

        async def walk(instance: Instance[Placed, Next, None]) -> None:
            for _ in range(each):
                await instance.send(event)

        begun = perf_counter()
        async with anyio.create_task_group() as group:
            for instance in self.instances:
                group.start_soon(walk, instance)
        steps = each * len(self.instances)
        self.done += steps
        return [(perf_counter() - begun) / steps] * steps

    def check(self) -> None:
        """Raises Wrong unless the database has the rows of every step that was answered."""
        steps = self.done
        queries = (
            "SELECT sum(seq - 1) FROM instance WHERE id LIKE 'order-%'",
            "SELECT count(*) FROM transition WHERE seq > 1 AND instance LIKE 'order-%'",
        )
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            moved, noted = (connection.execute(query).fetchone()[0] for query in queries)
            contexts = connection.execute("SELECT context FROM instance WHERE id LIKE 'order-%'").fetchall()
        counted = sum(Placed.model_validate_json(context).n for (context,) in contexts)
        if (moved, noted, counted) != (steps, steps, steps):
            raise Wrong(
                f"ours: {moved} steps, {noted} journal rows and {counted} changes of the context are in the database,"
                f" expected {steps}"
            )


@asynccontextmanager
async def ours(
    path: Path,
    synchronous: str = "NORMAL",
    instances: int = 1,
    machines: Sequence[type[StateMachine[Any, Any, Any]]] = (Order,),
    lines_each: int = 10,
) -> AsyncIterator[Ours]:
    """An orchestrator on a SQLite file with so many orders, each of which has begun."""
    async with ours_on(f"sqlite:///{path}?synchronous={synchronous}", instances, machines, lines_each, path) as our:
        yield our


@asynccontextmanager
async def ours_on(
    url: str,
    instances: int = 1,
    machines: Sequence[type[StateMachine[Any, Any, Any]]] = (Order,),
    lines_each: int = 10,
    path: Path | None = None,
) -> AsyncIterator[Ours]:
    """The same on any store."""
    store = Counted(open_store(url))
    async with Orchestrator(cast(Store, store), machines=machines) as orchestrator:
        begun: dict[int, Instance[Placed, Next, None]] = {}

        async def begin(number: int) -> None:
            begun[number] = await orchestrator.start(Order, Placed(lines=lines(lines_each)), id=f"order-{number:03d}")

        async with anyio.create_task_group() as group:
            for number in range(instances):
                group.start_soon(begin, number)
        yield Ours(path, store, [begun[n] for n in range(instances)])
