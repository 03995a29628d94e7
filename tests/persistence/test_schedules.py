"""Schedules in a SQL database, through a link."""

from __future__ import annotations

from pathlib import Path

from fsm.ports.schedule import ScheduleRow
from persistence.databases.sqlite import SQLite
from persistence.databases.sqlite_link import SQLiteDatabase
from persistence.schedules import declare, forget, pause, schedules


def test_a_link_declares_pauses_and_forgets_them(tmp_path: Path) -> None:
    link = SQLiteDatabase(SQLite(tmp_path / "fsm.db", "FULL")).open(owner=False, later=lambda work: None)
    rows = [ScheduleRow(name, "every 1h", "start A", next=0.1 + 0.2) for name in ("b", "a")]
    declare(link, rows)
    assert schedules(link) == rows[::-1]
    assert pause(link, "a", True)
    assert [row.paused for row in schedules(link)] == [1, 0]
    assert forget(link, "a")
    assert not forget(link, "a")
    assert [row.name for row in schedules(link)] == ["b"]
    link.close()
