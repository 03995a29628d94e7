"""From every earlier version to the one that keeps human tasks."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsm.ports.store import Commit
from fsm.ports.task import Task
from persistence import SQLStore
from tests.persistence.migrations.earlier import earlier

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("version", [1, 2, 3, 4])
async def test_a_sqlite_file_of_an_earlier_version_keeps_human_tasks_from_now_on(tmp_path: Path, version: int) -> None:
    path = tmp_path / "fsm.db"
    with earlier(version, path):
        pass
    store = SQLStore(path)
    await store.open(owner=True)
    kept = Task("a/review.1", "a", "M", "review", 1, "Review", "{}", "Look", "credit", opened=1.0)
    await store.commit([Commit("a", tasks=[kept])])
    assert await store.tasks() == [kept]
    await store.close()
