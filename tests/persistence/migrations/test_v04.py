"""From version 3 to the one that keeps the attempts of calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsm.ports.attempt import Attempt
from fsm.ports.store import Commit
from persistence import SQLStore, migrations
from persistence.databases.sqlite import SQLite
from persistence.databases.sqlite_link import SQLiteSchema
from persistence.migrations import migrate

pytestmark = pytest.mark.anyio


async def test_a_sqlite_file_of_version_3_keeps_attempts_from_now_on(tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "_SCRIPTS", migrations._SCRIPTS[:3])
        patch.setattr(migrations, "VERSION", 3)
        connection = SQLite(path).connect()
        migrate(SQLiteSchema(connection, str(path)))
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
        connection.close()
    store = SQLStore(path)
    await store.open(owner=True)
    kept = Attempt("a", "c", "S.m", "d", 0, 1, "S.m", "{}", started=1.0, runs=1)
    await store.commit([Commit("a", attempts=[kept])])
    assert await store.attempts("a") == [kept]
    await store.close()
