"""From every earlier version to the one that knows what instances were."""

from __future__ import annotations

from pathlib import Path

import pytest

from persistence import SQLStore
from persistence.conformance.law import turn
from tests.persistence.migrations.earlier import earlier

pytestmark = pytest.mark.anyio

INSTANCE = (
    "INSERT INTO instance VALUES ('a', 'M', '1', 'd', 'running', 1, '[]', '{}', 0, '', '', NULL, 0, NULL, x'7b7d')"
)
TRANSITION = "INSERT INTO transition VALUES ('a', 1, 'c', 'go', '{}', '[]', '[]', 0, 0)"


@pytest.mark.parametrize("version", [1, 2, 3, 4])
async def test_a_sqlite_file_of_an_older_version_goes_on_and_knows_the_past_from_now_on(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "fsm.db"
    with earlier(version, path) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(instance)")]
        assert columns[-1] == "context"
        connection.execute(INSTANCE)
        connection.execute(TRANSITION)
    store = SQLStore(path)
    await store.open(owner=True)
    (old,) = await store.history("a")
    assert (old.past, old.notes) == ("", "")
    assert [record.base for record in await store.find()] == [""]
    commit = turn("a", 1)
    assert commit.entry is not None
    commit.entry.past, commit.entry.notes = "=x", "{}"
    await store.commit([commit])
    assert [entry.past for entry in await store.history("a")] == ["", "=x"]
    await store.close()
