"""LangGraph: a node of a graph whose checkpoints are kept in SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from contextlib import closing
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, TypedDict

from langgraph.checkpoint.sqlite import SqliteSaver  # type: ignore[import-not-found]
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver  # type: ignore[import-not-found]
from langgraph.graph import END, START, StateGraph  # type: ignore[import-not-found]

from benchmarks.figure import Wrong
from benchmarks.peers import telling
from benchmarks.plain import as_data


class Walk(TypedDict):
    """What the graph carries."""

    order: dict[str, Any]
    n: int
    limit: int


def _node(walk: Walk) -> dict[str, Any]:
    return {"order": as_data(walk["n"]), "n": walk["n"] + 1}


async def _awaited(walk: Walk) -> dict[str, Any]:
    return _node(walk)


def _graph(node: Any) -> Any:
    graph = StateGraph(Walk)
    graph.add_edge(START, "a")
    for here, there in (("a", "b"), ("b", "c"), ("c", "a")):
        graph.add_node(here, node)

        def leads(walk: Walk, there: str = there) -> str:
            return there if walk["n"] < walk["limit"] else str(END)

        graph.add_conditional_edges(here, leads, [there, END])
    return graph


class LangGraph:
    """Runs of so many nodes, each of which changes an order of 1 KB."""

    def __init__(self, folder: Path, durability: str) -> None:
        self.path, self.beside, self.durability = folder / "graph.db", folder / "beside.db", durability
        saver = SqliteSaver(sqlite3.connect(self.path, check_same_thread=False))
        self.app = _graph(_node).compile(checkpointer=saver)
        self.threads: list[tuple[str, int]] = []

    def _config(self, steps: int) -> dict[str, Any]:
        thread = uuid.uuid4().hex
        self.threads.append((thread, steps))
        return {"configurable": {"thread_id": thread}, "recursion_limit": steps + 10}

    def one_after_the_other(self, steps: int) -> float:
        """One run of so many nodes."""
        begun = perf_counter()
        start = {"order": as_data(0), "n": 0, "limit": steps}
        ended = self.app.invoke(start, self._config(steps), durability=self.durability)
        if ended["n"] != steps:
            raise Wrong(f"{ended['n']} nodes ran, expected {steps}")
        return telling.since(begun)

    def at_once(self) -> float:
        """100 runs of ten nodes."""
        return asyncio.run(self._at_once())

    async def _at_once(self) -> float:
        start = {"order": as_data(0), "n": 0, "limit": telling.PER_RUN}
        async with AsyncSqliteSaver.from_conn_string(str(self.beside)) as saver:
            app = _graph(_awaited).compile(checkpointer=saver)
            await saver.setup()
            configs = [{"configurable": {"thread_id": uuid.uuid4().hex}} for _ in range(telling.AT_ONCE)]
            begun = perf_counter()
            ended = await asyncio.gather(*(app.ainvoke(start, c, durability=self.durability) for c in configs))
            took = telling.since(begun)
        if any(run["n"] != telling.PER_RUN for run in ended):
            raise Wrong("a run has not run all its nodes")
        return took

    def check(self) -> None:
        """Every run has a checkpoint for each of its nodes."""
        with closing(sqlite3.connect(self.path)) as connection:
            for thread, steps in self.threads:
                query = "SELECT count(*) FROM checkpoints WHERE thread_id = ?"
                rows = connection.execute(query, (thread,)).fetchone()[0]
                if rows < steps:
                    raise Wrong(f"{rows} checkpoints of {steps} nodes")


if __name__ == "__main__":
    telling.every({f"LangGraph, {d}": partial(LangGraph, durability=d) for d in ("sync", "async")})
