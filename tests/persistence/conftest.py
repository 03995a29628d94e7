"""Stores to test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from persistence import MemoryStore, SQLStore
from persistence.databases.postgres_link import PostgresDatabase
from tests.persistence import server

AnyStore = MemoryStore | SQLStore


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    with server.running() as url:
        yield url


@pytest.fixture
def postgres(postgres_server: str) -> str:
    """The URL of an empty PostgreSQL database."""
    server.empty(postgres_server)
    return postgres_server


@pytest.fixture(params=["memory", "sqlite", "sqlite-thread", "postgresql", "postgresql-scattered"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], AnyStore]:
    """A maker of views of the same data, not open yet; SQLite once where commits are measured, once always in the
    thread, PostgreSQL once on one connection and once on any of several."""
    kind = request.param
    if kind == "memory":
        memory = MemoryStore()
        return lambda: memory
    if kind.startswith("sqlite"):
        thread = True if kind == "sqlite-thread" else None
        return lambda: SQLStore(tmp_path / "fsm.db", synchronous="NORMAL", thread=thread)
    url = request.getfixturevalue("postgres")
    database = server.ScatteredDatabase if kind == "postgresql-scattered" else PostgresDatabase
    return lambda: SQLStore(database.at(url))
