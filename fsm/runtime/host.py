"""The host: what a keeper may ask of the orchestrator that it lives in."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from fsm.chart.machine import Machine
from fsm.core.calendar import Calendar
from fsm.core.step import Step, event_name
from fsm.errors import InboxFull, OrchestratorClosed, StoreError
from fsm.nearly import Nearly
from fsm.ports.store import Commit, Effect, Record, Store
from fsm.runtime.commit import Committer
from fsm.runtime.progress import ProgressBoard
from fsm.runtime.services import Services
from fsm.runtime.timers import Timers
from fsm.runtime.work import Work

in_turn: ContextVar[str] = ContextVar("fsm_in_turn", default="")
"""The instance whose turn the current task is taking."""


class Duplicate(Exception):
    """The event's key was taken by another process meanwhile."""


class Lost(StoreError):
    """Somebody else moved the instance: what was evaluated here counts for nothing."""


class Crowded(StoreError):
    """A turn sends to an instance for which too many events wait; `told` is the error for whoever asked for it."""

    def __init__(self, machine: str, cause: Work, commit: Commit) -> None:
        to = sorted({row.instance for row in commit.accepted if row.lane == "event"} - {commit.instance})
        self.told = InboxFull(
            f"{machine} {commit.instance!r}: the turn on {event_name(cause.key)!r} sends to"
            f" {' and '.join(map(repr, to)) or 'itself'}, where too many events wait already, and was rolled back."
            f" Find out what keeps them from being taken, then retry.",
            event=event_name(cause.key),
            instance=commit.instance,
        )
        super().__init__(str(self.told))


INTERRUPTED = (StoreError, OrchestratorClosed)
"""What says nothing about the work, only that it cannot be written now: it is done again later."""


@dataclass(slots=True)
class Hold:
    """Whether an instance waits until there is room where its next turn sends to."""

    before: Record
    """What it was before the turns that are not committed."""
    on: bool = False
    since: float | None = None


@dataclass(slots=True)
class Turned:
    """A turn that was evaluated and is not committed yet."""

    commit: Commit
    work: Work
    step: Step
    started: list[Effect]


class Host(Protocol):
    """The surroundings of a keeper."""

    store: Store
    committer: Committer
    services: Services
    timers: Timers
    progress: ProgressBoard
    machines: dict[str, type[Machine[Any, Any, Any]]]
    calendar: Calendar | None
    nearly: Nearly
    open: bool

    def clock(self) -> float:
        """Seconds since the epoch."""
        ...

    def start_soon(self, function: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> None:
        """Run something beside, owned by the orchestrator."""
        ...

    def poke(self, instance: str) -> None:
        """Something was put into an instance's inbox."""
        ...

    async def find(self, instance: str) -> Any:
        """The keeper of an instance."""
        ...

    async def machine_of(self, record: Record) -> type[Machine[Any, Any, Any]]:
        """The class of an instance."""
        ...

    def rest(self, keeper: Any) -> None:
        """An instance has nothing to do for the time being."""
        ...

    async def answer_duplicate(self, keeper: Any, work: Work) -> None:
        """Give the first outcome of its key to whoever sent an event again."""
        ...

    async def again(self, instance: str, work: Work) -> None:
        """Hand work of a forgotten keeper to whoever has the instance now."""
        ...

    async def forget(self, keeper: Any, problem: Exception) -> None:
        """Drop a keeper whose memory may differ from the store, and read the instance again."""
        ...
