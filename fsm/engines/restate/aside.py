"""Aside: what is written into the view beside the turns, by nobody who waits: progress, answers that came too late."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import anyio
from anyio.abc import TaskGroup

from fsm.errors import StoreError
from fsm.ports.store import Commit, Store

logger = logging.getLogger("fsm.engines")


class Aside:
    """Writes into a view; what is lost harms nobody."""

    worker = "restate"

    def __init__(self, view: Store) -> None:
        self._view = view
        self._waiting: list[Commit] = []
        self._work = anyio.Event()
        self._group: TaskGroup | None = None

    async def __aenter__(self) -> Self:
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        self._group.start_soon(self._serve)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        group, self._group = self._group, None
        if group is not None:
            group.cancel_scope.cancel()
            await group.__aexit__(None, None, None)

    def start(self, function: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Run something until this is left."""
        assert self._group is not None, "entered"
        self._group.start_soon(function)

    def post(self, commits: Sequence[Commit]) -> None:
        """Write these soon, whatever turns are taken meanwhile."""
        self._waiting += [replace(commit, seq=None, fence=None) for commit in commits]
        self._work.set()

    async def _serve(self) -> None:
        while True:
            await self._work.wait()
            self._work = anyio.Event()
            waiting, self._waiting = self._waiting, []
            try:
                await self._view.commit(waiting)
            except StoreError as problem:
                logger.warning("not written into the view: %s", problem)
