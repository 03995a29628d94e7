"""From version 2 to the one that keeps the documents of machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsm.ports.store import Commit, Definition
from persistence import SQLStore
from tests.persistence.migrations.earlier import earlier

pytestmark = pytest.mark.anyio


async def test_a_sqlite_file_of_version_2_keeps_documents_from_now_on(tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    with earlier(2, path):
        pass
    store = SQLStore(path)
    await store.open(owner=True)
    kept = Definition("M", "1", '{"name":"M"}', 2.0)
    await store.commit([Commit("a", definitions=[kept])])
    assert await store.definition("M", "1") == kept
    assert await store.definition("M", "2") is None
    await store.close()
