"""DBOS: a step of a workflow, kept in SQLite as it is shipped."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any

from dbos import DBOS  # type: ignore[import-not-found]

from benchmarks.figure import Wrong
from benchmarks.peers import telling
from benchmarks.plain import as_data


class Dbos:
    """Workflows of so many steps, each of which gives an order of 1 KB."""

    def __init__(self, folder: Path) -> None:
        self.path, self.steps = folder / "dbos.db", 0
        config = {"name": "bench", "system_database_url": f"sqlite:///{self.path}", "log_level": "ERROR"}
        DBOS(config={**config, "run_admin_server": False})

        @DBOS.step()  # type: ignore[untyped-decorator]
        def step(n: int) -> dict[str, Any]:
            return as_data(n)

        @DBOS.workflow()  # type: ignore[untyped-decorator]
        def walk(count: int) -> int:
            return len([step(n) for n in range(count)])

        @DBOS.step()  # type: ignore[untyped-decorator]
        async def awaited_step(n: int) -> dict[str, Any]:
            return as_data(n)

        @DBOS.workflow()  # type: ignore[untyped-decorator]
        async def awaited_walk(count: int) -> int:
            return len([await awaited_step(n) for n in range(count)])

        DBOS.launch()
        self.walk, self.awaited_walk = walk, awaited_walk

    def one_after_the_other(self, steps: int) -> float:
        """One workflow of so many steps."""
        begun = perf_counter()
        self.steps += self.walk(steps)
        return telling.since(begun)

    def at_once(self) -> float:
        """100 workflows of ten steps."""
        begun = perf_counter()
        self.steps += asyncio.run(self._at_once())
        return telling.since(begun)

    async def _at_once(self) -> int:
        started = [await DBOS.start_workflow_async(self.awaited_walk, telling.PER_RUN) for _ in range(telling.AT_ONCE)]
        return sum(await asyncio.gather(*(s.get_result() for s in started)))

    def check(self) -> None:
        """Every step has its row."""
        with closing(sqlite3.connect(self.path)) as connection:
            rows = connection.execute("SELECT count(*) FROM operation_outputs").fetchone()[0]
        if rows != self.steps:
            raise Wrong(f"{rows} recorded steps, expected {self.steps}")


if __name__ == "__main__":
    telling.every({"DBOS": Dbos})
