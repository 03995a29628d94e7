"""What the databases say differently means the same."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import bindparam, select

from persistence import rows
from persistence.databases.link import Link
from persistence.databases.postgres_link import PostgresDatabase
from persistence.databases.sqlite import SQLite
from persistence.databases.sqlite_link import SQLiteDatabase
from persistence.statements import Statement
from persistence.words import Now, among


@pytest.fixture(params=["sqlite", "postgresql"])
def link(request: pytest.FixtureRequest, tmp_path: Path) -> Link:
    later: Callable[[Callable[[], object]], None] = lambda function: None  # noqa: E731
    if request.param == "sqlite":
        return SQLiteDatabase(SQLite(tmp_path / "fsm.db")).open(owner=False, later=later)
    return PostgresDatabase.at(request.getfixturevalue("postgres")).open(owner=False, later=later)


def test_the_clock_of_the_database_is_that_of_this_machine(link: Link) -> None:
    found = link.ask((Statement(select(Now())), {}))[0][0][0]
    assert abs(found - time.time()) < 1.0
    link.close()


def test_a_column_is_among_the_texts_of_a_list(link: Link) -> None:
    name = rows.table(rows.Meta).c.name
    ask = Statement(select(name).where(among(name, bindparam("names"))))
    for names, wanted in ((["schema", 'it\'s "quoted"'], [("schema",)]), (["other"], []), ([], [])):
        assert link.ask((ask, {"names": json.dumps(names)}))[0] == wanted or not wanted
    link.close()
