"""From version 3 to the one that keeps the attempts of calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsm.ports.attempt import Attempt
from fsm.ports.store import Commit
from persistence import SQLStore
from tests.persistence.migrations.earlier import earlier

pytestmark = pytest.mark.anyio


async def test_a_sqlite_file_of_version_3_keeps_attempts_from_now_on(tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    with earlier(3, path):
        pass
    store = SQLStore(path)
    await store.open(owner=True)
    kept = Attempt("a", "c", "S.m", "d", 0, 1, "S.m", "{}", started=1.0, runs=1)
    await store.commit([Commit("a", attempts=[kept])])
    assert await store.attempts("a") == [kept]
    await store.close()
