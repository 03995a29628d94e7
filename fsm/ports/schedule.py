"""The rows of schedules, and what the runtime needs of a store for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True)
class ScheduleRow:
    """Where a schedule stands."""

    name: str
    rhythm: str
    """When it is due, in words: a worker fires it only if it declares the same."""
    does: str
    """What it does, for people."""
    next: float
    """The due time that nobody has fired yet."""
    last: float | None = None
    """The due time that was fired last."""
    said: str = ""
    """What came of that."""
    paused: int = 0


@dataclass(frozen=True, slots=True)
class Firing:
    """That a schedule was fired: LOST unless it stands as it was read, and is not paused."""

    name: str
    rhythm: str
    seen: float
    """`next` as it was read."""
    next: float
    last: float | None
    said: str


class Scheduling(Protocol):
    """The part of a store that keeps schedules. Every method is one transaction; a firing is part of a commit."""

    async def declare(self, rows: Sequence[ScheduleRow]) -> None:
        """Keep schedules. One that is known goes on where it stands; with another rhythm it begins anew."""
        ...

    async def schedules(self) -> list[ScheduleRow]:
        """All schedules, in order of name."""
        ...

    async def pause_schedule(self, name: str, *, paused: bool) -> bool:
        """Let a schedule rest, or go on; False when there is none."""
        ...

    async def forget_schedule(self, name: str) -> bool:
        """Delete the row of a schedule; False when there is none."""
        ...
