"""Retention in SQL: what the indices must find and what nobody may take away; the laws are in conformance/."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from fsm.ports.retaining import Keep
from persistence import retention, rows
from persistence.conformance.law import create, event, turn
from persistence.databases.link import Link
from persistence.databases.postgres_link import PostgresDatabase
from persistence.databases.sqlite import SQLite
from persistence.databases.sqlite_link import SQLiteDatabase
from persistence.statements import Statement


@pytest.fixture(params=["sqlite", "postgresql"])
def link(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Link]:
    if request.param == "sqlite":
        made: Link = SQLiteDatabase(SQLite(tmp_path / "fsm.db")).open(owner=False, later=lambda function: None)
    else:
        server = PostgresDatabase.at(request.getfixturevalue("postgres"))
        made = server.open(owner=False, later=lambda function: None)
    yield made
    made.close()


def test_no_table_keeps_a_row_of_an_erased_instance(link: Link) -> None:
    moved = turn("a", 0, accepted=[event("a", "r")], record=create("a", seq=1, status="done", closed=1.0).record)
    link.write([create("a", worker="w"), moved])
    assert retention.erase(link, "a")
    for table in rows.metadata().sorted_tables:
        column = table.c.get("instance", table.c.id if table.name == "instance" else None)
        if column is not None:
            assert link.ask((Statement(table.select()), {})) == [[]], table.name


def test_pruning_without_a_clock_goes_by_that_of_the_database(link: Link) -> None:
    link.write([create("long ago", status="done", closed=1.0), create("just now", status="done", closed=4e9)])
    assert retention.prune(link, "M", Keep(days=1), None, 10) == 1


def test_an_instance_that_is_being_written_is_left_for_the_next_time(postgres: str) -> None:
    link = PostgresDatabase.at(postgres).open(owner=False, later=lambda function: None)
    link.write([create("a", status="done", closed=1.0)])
    with psycopg.connect(postgres) as writer:
        writer.execute("SELECT 1 FROM fsm.instance FOR UPDATE")
        assert retention.prune(link, "M", Keep(days=1), None, 10) == 0
    assert retention.prune(link, "M", Keep(days=1), None, 10) == 1
    link.close()
