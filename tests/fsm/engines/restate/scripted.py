"""A context that remembers what its steps have answered, and can be cut short like an attempt of a handler."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from fsm.engines.restate.steps import Steps


class Terminal(Exception):
    """What an engine says when it has cancelled."""


class Scripted:
    """The journal of one invocation, and what is done in one life of it."""

    def __init__(self, journal: list[tuple[str, bytes]] | None = None, *, dies_at: int | None = None) -> None:
        self.journal = journal if journal is not None else []
        self.names: list[str] = []
        self.slept: list[float] = []
        self._dies_at = dies_at

    def run_typed(self, name: str, action: Callable[..., Any], options: Any, /, *args: Any) -> asyncio.Future[bytes]:
        """A step: made once, then remembered."""
        place = len(self.names)
        self.names.append(name)
        return asyncio.ensure_future(self._answer(place, name, action))

    async def _answer(self, place: int, name: str, action: Callable[..., Any]) -> bytes:
        if place < len(self.journal):
            assert self.journal[place][0] == name, "a repeated handler takes the same steps"
            return self.journal[place][1]
        if place == self._dies_at:
            raise ConnectionError("gone")
        answer: bytes = await action()
        while len(self.journal) < place:
            await asyncio.sleep(0)
        self.journal.append((name, answer))
        return answer

    async def sleep(self, delta: timedelta) -> None:
        """Sleep, in no time."""
        self.slept.append(delta.total_seconds())

    def steps(self) -> Steps:
        """The steps of this life."""
        return Steps(self, None, Terminal, asyncio.gather)
