"""Databases as earlier versions of the house made them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from persistence import migrations
from persistence.databases.sqlite import SQLite
from persistence.databases.sqlite_link import SQLiteSchema
from persistence.migrations import migrate


@contextmanager
def code_of(version: int) -> Iterator[None]:
    """Code that knows no more than this version."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "_SCRIPTS", migrations._SCRIPTS[:version])
        patch.setattr(migrations, "VERSION", version)
        yield


@contextmanager
def earlier(version: int, path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a new SQLite file of this version."""
    with closing(SQLite(path).connect()) as connection:
        with code_of(version):
            migrate(SQLiteSchema(connection, str(path)))
        assert connection.execute("PRAGMA user_version").fetchone() == (version,)
        yield connection
