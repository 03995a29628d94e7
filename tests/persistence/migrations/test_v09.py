"""From every earlier version to the one that counts deaths."""

from __future__ import annotations

from pathlib import Path

import pytest

from persistence import SQLStore, migrations
from persistence.migrations import v09
from tests.persistence.migrations.earlier import earlier

pytestmark = pytest.mark.anyio

BEFORE = migrations._SCRIPTS.index(v09.SCRIPT)


@pytest.mark.parametrize("version", range(1, BEFORE + 1))
async def test_a_sqlite_file_of_an_earlier_version_counts_deaths_from_now_on(tmp_path: Path, version: int) -> None:
    path = tmp_path / "fsm.db"
    with earlier(version, path) as connection:
        connection.execute(
            "INSERT INTO instance (id, machine, version, digest, status, seq, config, moving, fence, origin, parent,"
            " created, context) VALUES ('a', 'M', '1', 'd', 'running', 3, '[]', '{}', 0, '', '', 1.0, '')"
        )
        connection.execute("INSERT INTO timer (instance, key, generation, due) VALUES ('a', 't', 1, 1.0)")
    store = SQLStore(path)
    await store.open(owner=True)
    await store.heartbeat("one", 60.0)
    assert await store.claim("one", ["M"]) == ["a"]
    for dead, heir in (("one", "two"), ("two", "three")):
        await store.heartbeat(heir, 60.0)
        await store.bury(dead)
        assert await store.claim(heir, ["M"]) == ["a"]
    assert await store.deaths("three") == {"a": 2}
    await store.close()
