"""Attempts in a SQL database are found without reading those of other causes."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsm.ports.attempt import Attempt
from fsm.ports.store import Commit
from persistence import SQLStore
from persistence.attempts import attempts
from persistence.conformance.law import create
from persistence.databases.sqlite import SQLite
from persistence.databases.sqlite_link import SQLiteDatabase

pytestmark = pytest.mark.anyio


async def test_a_link_is_asked_for_the_attempts_of_one_cause_or_of_all(tmp_path: Path) -> None:
    store = SQLStore(tmp_path / "fsm.db")
    await store.open(owner=True)
    rows = [Attempt("a", cause, "S.m", "d", 0, n, "S.m", "{}") for cause in ("one", "two") for n in (1, 2)]
    await store.commit([create("a"), Commit("a", attempts=rows)])
    await store.close()
    link = SQLiteDatabase(SQLite(tmp_path / "fsm.db", "FULL")).open(owner=False, later=lambda work: None)
    assert [row.n for row in attempts(link, "a", "one")] == [1, 2]
    assert len(attempts(link, "a", None)) == 4
    link.close()


def test_the_attempts_of_a_cause_are_looked_up_in_the_index_of_the_key(tmp_path: Path) -> None:
    database = SQLiteDatabase(SQLite(tmp_path / "fsm.db", "FULL"))
    database.open(owner=False, later=lambda work: None).close()
    connection = SQLite(tmp_path / "fsm.db", "FULL").connect()
    plan = connection.execute(
        "EXPLAIN QUERY PLAN SELECT n FROM attempt WHERE instance = 'a' AND cause = 'c'"
    ).fetchall()
    connection.close()
    assert "USING COVERING INDEX sqlite_autoindex_attempt_1 (instance=? AND cause=?)" in str(plan)
