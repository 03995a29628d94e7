"""From every earlier version to the one that keeps schedules."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsm.ports.schedule import ScheduleRow
from persistence import SQLStore, migrations
from persistence.migrations import v08
from tests.persistence.migrations.earlier import earlier

pytestmark = pytest.mark.anyio

BEFORE = migrations._SCRIPTS.index(v08.SCRIPT)


@pytest.mark.parametrize("version", range(1, BEFORE + 1))
async def test_a_sqlite_file_of_an_earlier_version_keeps_schedules_from_now_on(tmp_path: Path, version: int) -> None:
    path = tmp_path / "fsm.db"
    with earlier(version, path):
        pass
    store = SQLStore(path)
    await store.open(owner=True)
    row = ScheduleRow("nightly", "0 2 * * * UTC", "start Order", next=1.5)
    await store.declare([row])
    assert await store.schedules() == [row]
    await store.close()
