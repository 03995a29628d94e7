"""From every earlier version to the one that keeps what instances are found by."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsm.ports.store import Attribute, Commit
from persistence import SQLStore, migrations
from persistence.migrations import v07
from tests.persistence.migrations.earlier import earlier

pytestmark = pytest.mark.anyio
BEFORE = migrations._SCRIPTS.index(v07.SCRIPT)


@pytest.mark.parametrize("version", range(1, BEFORE + 1))
async def test_a_sqlite_file_of_an_earlier_version_finds_instances_from_now_on(version: int, tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    with earlier(version, path) as connection:
        connection.execute(
            "INSERT INTO instance (id, machine, version, digest, status, seq, config, moving, fence, origin, parent,"
            " created, context) VALUES ('a', 'M', '1', 'd', 'running', 3, '[]', '{}', 0, '', '', 1.0, '')"
        )
    store = SQLStore(path)
    await store.open(owner=True)
    assert await store.find(attributes=[("customer", "c1")]) == []
    await store.commit([Commit("a", attributes=[Attribute("a", "customer", "c1")])])
    assert [record.id for record in await store.find(attributes=[("customer", "c1")])] == ["a"]
    await store.close()
