"""The link to a SQLite file; what happens on disks and between processes is in tests/persistence/test_sql.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from persistence.conformance.law import create, turn
from persistence.databases.sqlite import SQLite
from persistence.databases.sqlite_link import SQLiteDatabase


def test_an_owner_hands_checkpoints_to_the_thread_and_a_client_makes_them_itself(tmp_path: Path) -> None:
    put_off: list[Callable[[], object]] = []
    file = SQLiteDatabase(SQLite(tmp_path / "fsm.db", "NORMAL"))
    owner = file.open(owner=True, later=put_off.append)
    owner.write([create("a")])
    for seen in range(300):
        owner.write([turn("a", seen)])
    assert len(put_off) == 1
    put_off.pop()()
    owner.close()
