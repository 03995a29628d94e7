"""Work: what waits for a turn of one instance, and the reply that somebody may wait for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import anyio

from fsm.chart.event import Event
from fsm.core.step import Step


class Reply:
    """The outcome of a turn for whoever waits; cancelling the wait leaves the turn alone."""

    __slots__ = ("_error", "_ready", "_step")

    def __init__(self) -> None:
        self._ready: anyio.Event | None = None
        self._step: Step | None = None
        self._error: BaseException | None = None

    def give(self, step: Step) -> None:
        """The turn is committed."""
        self._step = step
        if self._ready is not None:
            self._ready.set()

    def fail(self, error: BaseException) -> None:
        """The turn did not happen."""
        self._error = error
        if self._ready is not None:
            self._ready.set()

    async def wait(self) -> Step:
        """The committed step. Raises what kept it from happening."""
        if self._step is None and self._error is None:
            self._ready = self._ready or anyio.Event()
            await self._ready.wait()
        if self._error is not None:
            raise self._error
        assert self._step is not None
        return self._step


@dataclass(slots=True, eq=False)
class Work:
    """One thing that an instance has to deal with.

    kind: "start", "event", "timer", "result" (of an invoke) or "control" (retry, cancel, pause, resume).
    `ref` is the cause of the turn and stays the same when the turn is evaluated again.
    """

    kind: str
    ref: str
    key: Any
    event: Event
    payload: str = "{}"
    sender_key: str | None = None
    generation: int = 0
    at: float = 0.0
    stored: bool = False
    """Whether the cause is durable already: an inbox row or a timer row."""
    again: bool = False
    """Whether an earlier run may have recorded calls."""
    attempt: int = 1
    by: str = ""
    """The person whose answer it is."""
    failure: BaseException | None = None
    replies: list[Reply] = field(default_factory=list)

    def give(self, step: Step) -> None:
        """Tell everybody who waits that the turn is committed."""
        for reply in self.replies:
            reply.give(step)

    def fail(self, error: BaseException) -> None:
        """Tell everybody who waits that it did not happen."""
        for reply in self.replies:
            reply.fail(error)
        self.replies.clear()
