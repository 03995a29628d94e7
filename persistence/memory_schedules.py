"""Schedules in memory: the rules of persistence/schedules.py on a dict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fsm.ports.schedule import Firing, ScheduleRow
from persistence.memory_rows import MemoryRows


class MemorySchedules(MemoryRows):
    """The part of the store that keeps schedules."""

    async def declare(self, rows: Sequence[ScheduleRow]) -> None:
        """Keep schedules; one that is known goes on where it stands, unless its rhythm is another."""
        self._check_open()
        for row in rows:
            kept = self._schedules.setdefault(row.name, replace(row))
            kept.does = row.does
            if kept.rhythm != row.rhythm:
                kept.rhythm, kept.next = row.rhythm, row.next

    async def schedules(self) -> list[ScheduleRow]:
        """All schedules, in order of name."""
        self._check_open()
        return [replace(row) for _, row in sorted(self._schedules.items())]

    async def pause_schedule(self, name: str, *, paused: bool) -> bool:
        """Let a schedule rest, or go on; False when there is none."""
        self._check_open()
        if name in self._schedules:
            self._schedules[name].paused = int(paused)
        return name in self._schedules

    async def forget_schedule(self, name: str) -> bool:
        """Delete the row of a schedule; False when there is none."""
        self._check_open()
        return self._schedules.pop(name, None) is not None

    def _may_fire(self, firing: Firing) -> bool:
        row = self._schedules.get(firing.name)
        return row is not None and (row.rhythm, row.next, row.paused) == (firing.rhythm, firing.seen, 0)

    def _fire(self, firing: Firing) -> None:
        row = self._schedules[firing.name]
        row.next, row.last, row.said = firing.next, firing.last, firing.said
