"""From every earlier version to the one that keeps schedules."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsm.ports.schedule import ScheduleRow
from persistence import SQLStore, migrations
from persistence.databases.sqlite import SQLite
from persistence.databases.sqlite_link import SQLiteSchema
from persistence.migrations import migrate, v08

pytestmark = pytest.mark.anyio

BEFORE = migrations._SCRIPTS.index(v08.SCRIPT)


@pytest.mark.parametrize("version", range(1, BEFORE + 1))
async def test_a_sqlite_file_of_an_earlier_version_keeps_schedules_from_now_on(tmp_path: Path, version: int) -> None:
    path = tmp_path / "fsm.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "_SCRIPTS", migrations._SCRIPTS[:version])
        patch.setattr(migrations, "VERSION", version)
        connection = SQLite(path).connect()
        migrate(SQLiteSchema(connection, str(path)))
        assert connection.execute("PRAGMA user_version").fetchone() == (version,)
        connection.close()
    store = SQLStore(path)
    await store.open(owner=True)
    row = ScheduleRow("nightly", "0 2 * * * UTC", "start Order", next=1.5)
    await store.declare([row])
    assert await store.schedules() == [row]
    await store.close()
