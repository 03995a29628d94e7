"""Copying the WAL into the database, away from the commits.

A checkpoint writes and syncs two files: left to SQLite, every hundredth commit would pay some ms for it, on the event
loop's thread. So a second connection copies in the thread (PASSIVE: it never blocks a writer). Under a load without
pauses it never quite catches up, and SQLite begins the WAL anew only when everything is copied; now and then the
committing connection therefore copies the small rest itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

from fsm.errors import StoreError
from persistence.databases.sqlite import SQLite

COMMITS: Final = 200
"""Turns between two checkpoints: about 4 MB of WAL, as much as SQLite's own rule allows."""

COMMITS_MAX: Final = 2_000
"""Turns after which the committing connection finishes the job, so that the WAL stays below some 30 MB."""


class Checkpoints:
    """Counts turns and asks the thread for a checkpoint now and then."""

    def __init__(self, database: SQLite, later: Callable[[Callable[[], object]], None]) -> None:
        self._database, self._later = database, later
        self._connection: sqlite3.Connection | None = None
        self._turns = 0
        self._unfinished = 0
        self._asked = False

    def count(self, turns: int, committing: sqlite3.Connection) -> None:
        """Note that turns were committed."""
        self._turns += turns
        self._unfinished += turns
        if self._turns < COMMITS:
            return
        if self._unfinished >= COMMITS_MAX:
            self._turns = 0
            try:
                if not committing.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[0]:
                    self._unfinished = 0
            except sqlite3.Error:
                # A later one will do; nothing is lost but room on the disk.
                pass
        elif not self._asked:
            self._turns = 0
            self._asked = True
            self._later(self._copy)

    def _copy(self) -> None:
        try:
            if self._connection is None:
                self._connection = self._database.connect()
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except (sqlite3.Error, StoreError):
            # As above; what really ails the disk shows itself at the next commit.
            pass
        finally:
            self._asked = False

    def close(self) -> None:
        """Close the second connection; in the thread, behind the last copy."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
