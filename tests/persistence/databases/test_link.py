"""Every link does the same, so that nothing above it knows which database it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import bindparam, select

from fsm.errors import StoreError
from persistence import rows
from persistence.databases.link import Link
from persistence.databases.postgres_link import PostgresDatabase
from persistence.databases.sqlite import SQLite
from persistence.databases.sqlite_link import SQLiteDatabase
from persistence.statements import Statement, insertion

META = rows.table(rows.Meta)
PUT = insertion(META)
NAMES = Statement(select(META.c.name).where(META.c.name != bindparam("but")).order_by(META.c.name))
OTHERS = {"but": "schema"}


@pytest.fixture(params=["sqlite", "postgresql"])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Link]:
    if request.param == "sqlite":
        file = SQLiteDatabase(SQLite(tmp_path / "fsm.db"))
        return lambda: file.open(owner=False, later=lambda function: None)
    server = PostgresDatabase.at(request.getfixturevalue("postgres"))
    return lambda: server.open(owner=False, later=lambda function: None)


def test_a_transaction_is_written_at_its_end(connect: Callable[[], Link]) -> None:
    writer, reader = connect(), connect()
    with writer.transaction() as execute:
        execute(PUT, {"name": "a", "value": "1"})
        assert execute(NAMES, OTHERS) == [("a",)]
        assert reader.ask((NAMES, OTHERS)) == [[]]
    assert reader.ask((NAMES, OTHERS), (NAMES, OTHERS)) == [[("a",)], [("a",)]]
    writer.close()
    reader.close()


def test_a_transaction_in_which_something_is_raised_is_not(connect: Callable[[], Link]) -> None:
    link = connect()

    def put(then: BaseException | None) -> None:
        with link.transaction() as execute:
            execute(PUT, {"name": "a", "value": "1"})
            if then is not None:
                raise then
            execute(PUT, {"name": "a", "value": "again"})

    with pytest.raises(StoreError, match="writing"):
        put(ValueError("ours"))
    with pytest.raises(KeyboardInterrupt):
        put(KeyboardInterrupt())
    with pytest.raises(StoreError, match="writing"):
        put(None)
    assert link.ask((NAMES, OTHERS)) == [[]]
    link.close()


def test_a_question_that_cannot_be_answered_leaves_the_link_usable(connect: Callable[[], Link]) -> None:
    link = connect()
    wrong = Statement(select(rows.table(rows.Timer).c.due, META.c.name).where(META.c.name > bindparam("but")))
    with pytest.raises(StoreError):
        link.ask((NAMES, OTHERS), (wrong, {"but": "\ud800"}))
    assert link.ask((NAMES, OTHERS)) == [[]]
    link.close()
