"""Burr: an action of an application whose state is kept in SQLite, as shipped."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any

from burr.core import ApplicationBuilder, action  # type: ignore[import-not-found]
from burr.core.persistence import SQLitePersister  # type: ignore[import-not-found]

from benchmarks.figure import Wrong
from benchmarks.peers import telling
from benchmarks.plain import as_data


def _step(state: Any) -> Any:
    return state.update(order=as_data(state["n"]), n=state["n"] + 1)


class Burr:
    """Applications of two actions that take turns, each of which changes an order of 1 KB."""

    def __init__(self, folder: Path) -> None:
        self.path, self.steps = folder / "burr.db", 0
        self.persister = SQLitePersister(str(self.path), "burr")
        self.persister.initialize()
        decorated = action(reads=["n"], writes=["order", "n"])
        self.first, self.second = decorated(lambda state: _step(state)), decorated(lambda state: _step(state))

    def _made(self) -> Any:
        return (
            ApplicationBuilder()
            .with_actions(a=self.first, b=self.second)
            .with_transitions(("a", "b"), ("b", "a"))
            .with_entrypoint("a")
            .with_state(order=as_data(0), n=0)
            .with_state_persister(self.persister)
            .with_identifiers(app_id=uuid.uuid4().hex)
            .build()
        )

    def _walk(self, applications: list[Any], steps: int) -> float:
        begun = perf_counter()
        for _ in range(steps):
            for application in applications:
                application.step()
        took = telling.since(begun)
        self.steps += steps * len(applications)
        if any(application.state["n"] != steps for application in applications):
            raise Wrong("an application has not taken all its steps")
        return took

    def one_after_the_other(self, steps: int) -> float:
        """One application."""
        return self._walk([self._made()], steps)

    def at_once(self) -> float:
        """100 applications by turns."""
        return self._walk([self._made() for _ in range(telling.AT_ONCE)], telling.PER_RUN)

    def check(self) -> None:
        """Every step has its row."""
        with closing(sqlite3.connect(self.path)) as connection:
            rows = connection.execute("SELECT count(*) FROM burr").fetchone()[0]
        if rows < self.steps:
            raise Wrong(f"{rows} stored states, expected {self.steps}")


if __name__ == "__main__":
    telling.every({"Burr": Burr})
