"""A tally: how often the callbacks of a case ran, so that a case that skips its work is found out."""

from __future__ import annotations

from benchmarks.figure import Wrong
from benchmarks.race import Check


class Tally:
    """Guards, actions, entries and exits that ran."""

    __slots__ = ("actions", "entries", "exits", "guards")

    def __init__(self) -> None:
        self.guards = self.actions = self.entries = self.exits = 0

    def expects(self, guards: int, actions: int, entries: int, exits: int) -> Check:
        """A check that so many of each ran for every event; what ran before is not counted."""
        before = (self.guards, self.actions, self.entries, self.exits)

        def check(events: int) -> None:
            now = (self.guards, self.actions, self.entries, self.exits)
            ran = tuple(a - b for a, b in zip(now, before, strict=True))
            due = tuple(n * events for n in (guards, actions, entries, exits))
            if ran != due:
                raise Wrong(f"guards, actions, entries, exits ran {ran} times after {events} events, expected {due}")

        return check
