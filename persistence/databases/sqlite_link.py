"""The link to a SQLite file: one connection that writes and reads, and a second one that copies the WAL."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from fsm.errors import StatementFailed, StoreError
from fsm.ports.store import Accepted, Commit, Incident, Verdict
from persistence import bodies
from persistence.checkpoints import Checkpoints
from persistence.databases.link import Execute, Question
from persistence.databases.sqlite import APPLICATION_ID, SQLite
from persistence.migrations import SQLITE, migrate
from persistence.statements import Statement

BUSY_SECONDS: Final = 5.0
"""How long the thread waits for another process's lock before StoreLocked."""


@cache
def _writing() -> bodies.turns.Writing:
    """Compiled when the first file is opened, and not when somebody imports this."""
    return bodies.turns.Writing("sqlite")


@dataclass(frozen=True, slots=True)
class SQLiteDatabase:
    """A SQLite file that can be opened."""

    file: SQLite

    @property
    def name(self) -> str:
        """The path."""
        return str(self.file.path)

    def open(self, *, owner: bool, later: Callable[[Callable[[], object]], None]) -> SQLiteLink:
        """Connect, and bring the schema up to date."""
        self.file.prepare()
        # Who runs no instances writes little and has no thread for checkpoints: SQLite makes them itself.
        connection = self.file.connect(checkpoints=not owner, busy_seconds=BUSY_SECONDS)
        try:
            with self.file.errors("opening"):
                migrate(SQLiteSchema(connection, self.name))
                connection.execute("PRAGMA busy_timeout=0")
            return SQLiteLink(self.file, connection, Checkpoints(self.file, later) if owner else None)
        except BaseException:
            connection.close()
            raise


class SQLiteLink:
    """An open SQLite file."""

    def __init__(
        self,
        database: SQLite,
        connection: sqlite3.Connection,
        checkpoints: Checkpoints | None,
    ) -> None:
        """Takes over the connection."""
        self.remote = False
        self._database, self._connection, self._checkpoints = database, connection, checkpoints
        self._writing = _writing()
        self._runner: Callable[[Any], None] | None = None
        self._counted: dict[str, tuple[int, int]] = {}

    def write(self, batch: Sequence[Commit]) -> list[Verdict]:
        """Write a batch; after an error nothing of it is written."""
        cursor = self._connection.cursor()

        def number(sql: str, values: Sequence[Any], row: Accepted | Incident) -> None:
            if cursor.execute(sql, values).rowcount:
                if isinstance(row, Accepted):
                    row.n = cursor.lastrowid or 0
                else:
                    row.id = cursor.lastrowid or 0

        what = f"'{batch[0].instance}'" if len(batch) == 1 else f"a batch of {len(batch)} commits"
        with self._transaction(f"writing {what}", theirs=any(commit.statements for commit in batch)):
            verdicts = self._writing.apply_all(cursor, batch, number, self._run, self._counted)
        if self._checkpoints is not None:
            self._checkpoints.count(len(batch), self._connection)
        return verdicts

    def _run(self, statement: Any) -> None:
        if self._runner is None:
            self._runner = bodies.turns.runner_on(self._connection)
        self._runner(statement)

    def ask(self, *questions: Question) -> list[list[Any]]:
        """The rows that answer each question, as of one moment."""
        with self._database.errors("reading"):
            if len(questions) == 1:
                return [self._rows(*questions[0])]
            self._connection.execute("BEGIN")
            try:
                return [self._rows(*question) for question in questions]
            finally:
                self._roll_back()

    @contextmanager
    def transaction(self) -> Iterator[Execute]:
        """One transaction, committed at its end unless something is raised."""
        with self._transaction("writing"):
            yield self._rows

    def _rows(self, statement: Statement, values: Mapping[str, Any]) -> list[Any]:
        text = statement.sqlite
        return self._connection.execute(text.sql, text.bind(values)).fetchall()

    @contextmanager
    def _transaction(self, doing: str, *, theirs: bool = False) -> Iterator[None]:
        """One transaction; whether statements of users are in it, whose constraints may be checked at its end."""
        execute, doing_now = self._connection.execute, "beginning a transaction"
        try:
            execute("BEGIN IMMEDIATE")
            doing_now = doing
            yield
            doing_now = "committing"
            execute("COMMIT")
        except BaseException as error:
            # Nothing is to be believed written: what may have reached the disk is taken back.
            self._roll_back()
            self._counted.clear()
            if not isinstance(error, Exception) or isinstance(error, StoreError | StatementFailed):
                raise
            if theirs and doing_now == "committing" and isinstance(error, sqlite3.IntegrityError):
                raise bodies.turns.broken(error) from error
            raise self._database.translated(error, doing_now) from error

    def _roll_back(self) -> None:
        # SQLite has rolled back by itself after some errors, a full disk for one.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    @contextmanager
    def patiently(self) -> Iterator[None]:
        """Within it, another process's lock is waited for."""
        self._connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}")
        try:
            with self._database.errors(f"waited {BUSY_SECONDS:g} s for the lock"):
                yield
        finally:
            self._connection.execute("PRAGMA busy_timeout=0")

    def close(self) -> None:
        """Close both connections."""
        if self._checkpoints is not None:
            self._checkpoints.close()
            self._truncate_log()
        self._connection.close()

    def _truncate_log(self) -> None:
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error:
            # Only tidiness: the WAL is read when the database is opened again.
            pass


@dataclass(frozen=True, slots=True)
class SQLiteSchema:
    """What migrations need of a SQLite file; its header says which version it has and that it is ours."""

    connection: sqlite3.Connection
    name: str

    @property
    def words(self) -> Mapping[str, str]:
        """Those of SQLite."""
        return SQLITE

    def version(self) -> int:
        """The version in the header."""
        found: int = self.connection.execute("PRAGMA user_version").fetchone()[0]
        return found

    @contextmanager
    def alone(self) -> Iterator[None]:
        """The lock of the database is enough."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def run(self, sql: str) -> None:
        """Run one statement."""
        self.connection.execute(sql)

    def mark(self, version: int) -> None:
        """Note the version, in the header and for people."""
        self.connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        self.connection.execute(f"PRAGMA user_version={version}")
        self.connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('schema', ?)", (str(version),))
