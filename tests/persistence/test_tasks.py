"""Human tasks that can be done are found in an index of their own, whatever the number of those that are closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsm.ports.store import Commit
from fsm.ports.task import Task
from persistence import SQLStore
from persistence.conformance.law import create
from persistence.databases.sqlite import SQLite
from persistence.databases.sqlite_link import SQLiteDatabase
from persistence.queries import tasks

pytestmark = pytest.mark.anyio


async def test_a_link_is_asked_for_tasks_by_any_of_their_columns(tmp_path: Path) -> None:
    store = SQLStore(tmp_path / "fsm.db")
    await store.open(owner=True)
    rows = [Task(f"a/t.{n}", "a", "M", "t", n, "S", "{}", "", who, float(n)) for n, who in enumerate("xyx")]
    await store.commit([create("a"), Commit("a", tasks=rows)])
    await store.close()
    link = SQLiteDatabase(SQLite(tmp_path / "fsm.db", "FULL")).open(owner=False, later=lambda work: None)
    assert [t.generation for t in tasks(link, {"assignee": "x", "machine": None}, (), 10)] == [0, 2]
    assert [t.generation for t in tasks(link, {}, ("open", "claimed"), 2)] == [0, 1]
    assert tasks(link, {}, ("withdrawn",), 10) == []
    link.close()


def test_open_tasks_are_looked_up_in_the_partial_index(tmp_path: Path) -> None:
    database = SQLiteDatabase(SQLite(tmp_path / "fsm.db", "FULL"))
    database.open(owner=False, later=lambda work: None).close()
    connection = SQLite(tmp_path / "fsm.db", "FULL").connect()
    plan = connection.execute(
        "EXPLAIN QUERY PLAN SELECT id FROM human_task WHERE status IN ('open', 'claimed') ORDER BY opened LIMIT 10"
    ).fetchall()
    connection.close()
    assert "USING INDEX human_task_open" in str(plan)
