"""Stays: how long an instance was in each state, and what it called meanwhile, read from its journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from visualize.overlay import Microstep


class Called(Protocol):
    """A service call of the journal."""

    @property
    def method(self) -> str: ...
    @property
    def ok(self) -> bool: ...
    @property
    def at(self) -> float: ...
    @property
    def duration(self) -> float: ...
    @property
    def attempt(self) -> int: ...


class TimedTurn(Protocol):
    """An entry of the journal with its time, in seconds since the epoch."""

    @property
    def event(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def steps(self) -> Iterable[Microstep]: ...
    @property
    def calls(self) -> Iterable[Called]: ...


class Trouble(Protocol):
    """An incident; `resolved` is None as long as it is open."""

    @property
    def kind(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def resolved(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay in a state; `end` is None while it lasts."""

    state: str
    start: float
    end: float | None


def stays(history: Iterable[TimedTurn]) -> list[Stay]:
    """All stays, in the order in which they began."""
    found: list[Stay] = []
    current: dict[str, int] = {}
    for turn in history:
        for step in turn.steps:
            for state in step.exited:
                if state in current:
                    number = current.pop(state)
                    found[number] = Stay(state, found[number].start, turn.at)
            for state in step.entered:
                current[state] = len(found)
                found.append(Stay(state, turn.at, None))
    return found


def moments(history: Sequence[TimedTurn], troubles: Iterable[Trouble], now: float) -> list[float]:
    """Every time at which something begins or ends, each once, in order."""
    calls = [call for turn in history for call in turn.calls]
    known = {now, *(t.at for t in history), *(c.at for c in calls), *(c.at + c.duration for c in calls)}
    for trouble in troubles:
        known |= {trouble.at, trouble.resolved if trouble.resolved is not None else now}
    return sorted(known)
