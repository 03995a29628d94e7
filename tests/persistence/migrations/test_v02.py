"""From every earlier version, with data in it, to the newest one; forwards only."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, UniqueConstraint, create_engine, inspect

from fsm.errors import StoreNewer
from fsm.ports.store import Store
from persistence import SQLStore
from persistence.databases.postgres_link import PostgresDatabase, PostgresSchema
from persistence.databases.sqlite import SQLite
from persistence.databases.sqlite_link import SQLiteSchema
from persistence.migrations import VERSION, migrate
from persistence.rows import metadata
from tests.persistence import server
from tests.persistence.migrations.earlier import code_of, earlier

pytestmark = pytest.mark.anyio

OLD_ROWS = (
    "INSERT INTO {s}instance (id, machine, version, digest, status, seq, config, moving, fence, origin, parent,"
    " created, context) VALUES ('a', 'M', '1', 'd', 'running', 3, '[\"idle\"]', '{{}}', 0, '', '', 1.0, '{{}}')",
    "INSERT INTO {s}transition (instance, seq, cause, event, payload, steps, config, at, took)"
    " VALUES ('a', 3, 'event:x', 'go', '{{}}', '[]', '[]', 2.0, 0.1)",
    "INSERT INTO {s}inbox (instance, ref, name, payload, key, lane, state, not_before, at)"
    " VALUES ('a', 'r', 'go', '{{}}', 'k', 'event', 'waiting', 0.0, 3.0)",
    "INSERT INTO {s}timer VALUES ('a', 't', 1, 50.0)",
)

EVERY = pytest.mark.parametrize("version", range(1, VERSION))


def old_sqlite(version: int, path: Path) -> None:
    with earlier(version, path) as connection:
        for statement in OLD_ROWS:
            connection.execute(statement.format(s=""))


def old_postgres(url: str) -> None:
    server.no_schema(url)
    link = PostgresDatabase.at(url).connect()
    migrate(PostgresSchema(link))
    link.close()
    with psycopg.connect(url) as connection:
        for statement in OLD_ROWS:
            connection.execute(statement.format(s="fsm."))  # type: ignore[arg-type,unused-ignore]


async def goes_on(store: Store) -> None:
    """What was kept is there, and can be claimed."""
    await store.open(owner=True)
    loaded = await store.load("a")
    assert loaded is not None
    assert (loaded.record.seq, loaded.inbox[0].key, loaded.timers[0].due) == (3, "k", 50.0)
    assert [entry.seq for entry in await store.history("a")] == [3]
    await store.heartbeat("w", 60.0)
    assert await store.claim("w", ["M"]) == ["a"]
    await store.close()


@EVERY
async def test_a_sqlite_file_of_an_earlier_version_goes_on(version: int, tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    old_sqlite(version, path)
    await goes_on(SQLStore(path))


@EVERY
async def test_a_postgresql_database_of_an_earlier_version_goes_on(version: int, postgres: str) -> None:
    with code_of(version):
        old_postgres(postgres)
    await goes_on(SQLStore(PostgresDatabase.at(postgres)))


def described(connection: Connection, schema: str | None) -> dict[str, object]:
    """Columns, keys and indices as the database has them."""
    looked = inspect(connection)
    return {
        name: (
            [(c["name"], c["nullable"]) for c in looked.get_columns(name, schema)],
            looked.get_pk_constraint(name, schema)["constrained_columns"],
            sorted(
                (i["name"] or "", tuple(map(str, i["column_names"])), bool(i["unique"]))
                for i in looked.get_indexes(name, schema)
                if not i.get("duplicates_constraint")
            ),
            sorted(tuple(u["column_names"]) for u in looked.get_unique_constraints(name, schema)),
        )
        for name in looked.get_table_names(schema)
    }


def wanted() -> dict[str, object]:
    """The same as the row classes say it."""
    return {
        table.name: (
            [(c.name, c.nullable) for c in table.columns],
            [c.name for c in table.primary_key.columns],
            sorted((str(i.name), tuple(c.name for c in i.columns), bool(i.unique)) for i in table.indexes),
            sorted(tuple(c.name for c in u.columns) for u in table.constraints if isinstance(u, UniqueConstraint)),
        )
        for table in metadata().sorted_tables
    }


def test_the_scripts_make_in_sqlite_what_the_row_classes_say(tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    connection = SQLite(path).connect()
    migrate(SQLiteSchema(connection, str(path)))
    connection.close()
    with create_engine(f"sqlite:///{path}").connect() as looked:
        found = described(looked, None)
    found.pop("sqlite_sequence", None)
    assert found == wanted()


def test_the_scripts_make_in_postgresql_what_the_row_classes_say(postgres: str) -> None:
    server.no_schema(postgres)
    link = PostgresDatabase.at(postgres).connect()
    migrate(PostgresSchema(link))
    migrate(PostgresSchema(link))
    link.close()
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(postgres))
    with engine.connect() as looked:
        assert described(looked, "fsm") == wanted()
    engine.dispose()


def test_a_newer_schema_in_postgresql_is_refused(postgres: str) -> None:
    link = PostgresDatabase.at(postgres).connect()
    schema = PostgresSchema(link)
    migrate(schema)
    with link.transaction():
        schema.mark(VERSION + 1)
    with pytest.raises(StoreNewer, match="Upgrade dynamic-orchestrator"):
        migrate(schema)
    link.close()


def test_a_migration_that_fails_leaves_the_old_version(tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    old_sqlite(1, path)
    connection = SQLite(path).connect()
    connection.execute("CREATE TABLE ready (in_the_way INTEGER)")
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        migrate(SQLiteSchema(connection, str(path)))
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'worker'").fetchall()
    connection.close()
