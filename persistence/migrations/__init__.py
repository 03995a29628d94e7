"""Bringing a database to the newest schema: one module for each version, run in order, all in one transaction."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from fsm.errors import StoreNewer
from persistence.databases.sqlite import APPLICATION_ID
from persistence.migrations import v01

_STEPS: Final = (v01.upgrade,)
VERSION: Final = len(_STEPS)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Run the steps that the database lacks; StoreNewer when it knows more than this code."""
    if _version(connection, path) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Again, under the lock: another process may have done it meanwhile.
        for step in _STEPS[_version(connection, path) :]:
            step(connection)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('schema', ?)", (str(VERSION),))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, path: Path) -> int:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > VERSION:
        raise StoreNewer(
            f"{path} has schema version {found}, this code knows {VERSION}: a newer release has written it. Upgrade"
            " dynamic-orchestrator, or open another file."
        )
    return found
