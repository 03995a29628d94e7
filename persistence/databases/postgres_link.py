"""The link to a PostgreSQL database: every transaction in as few round trips as it can be.

write ──► presume: BEGIN, everything, COMMIT in one round trip; what is not as presumed fails the transaction
             └─ failed ──► again, with a question and an answer for each commit: LOST and DUPLICATE are found there
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, literal_column, select

from fsm.errors import StatementFailed, StoreError
from fsm.ports.store import Accepted, Commit, Incident, Verdict
from persistence import executing, rows
from persistence.databases import groups
from persistence.databases.link import Execute, Question
from persistence.databases.pipeline import Queued, Talk, beside, blocking, talk
from persistence.databases.postgres import CROSSED, PASSING, Answer, Connection, DriverError, IntegrityError, Postgres
from persistence.migrations import POSTGRESQL, migrate
from persistence.statements import Statement
from persistence.turns import Number, Writing
from persistence.words import among

LOCK_SECONDS: Final = 5.0
"""How long a statement waits for the row of another transaction before StoreLocked."""

IDLE_SECONDS: Final = 10.0
"""A worker that freezes inside a transaction loses it, and its locks, after this."""

TRIES_MAX: Final = 4
"""Transactions that met each other crosswise are tried again; they hardly do it twice."""

_WRITING: Final = Writing("postgresql")
_TOGETHER: Final = Writing("libpq")
_INSTANCE: Final = rows.table(rows.Instance)
_BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_LOOK: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# For this transaction only: a session may be somebody else's the next moment.
_BOUNDS: Final = (
    f"SELECT set_config('lock_timeout', '{LOCK_SECONDS * 1000:.0f}', true),"
    f" set_config('idle_in_transaction_session_timeout', '{IDLE_SECONDS * 1000:.0f}', true)"
)
_SET_LOCK_TIMEOUT: Final = f"SET LOCAL lock_timeout = {LOCK_SECONDS * 1000:.0f}"
# In one order, lest two batches wait for each other.
_LOCK_ALL: Final = Statement(
    select(literal_column("1"))
    .select_from(_INSTANCE)
    .where(among(_INSTANCE.c.id, bindparam("moved")))
    .order_by(_INSTANCE.c.id)
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """A PostgreSQL database that can be opened."""

    server: Postgres

    @classmethod
    def at(cls, url: str) -> PostgresDatabase:
        """The database that a libpq URL names. Raises StoreUrlInvalid."""
        return cls(Postgres(url))

    @property
    def name(self) -> str:
        """Where it is."""
        return self.server.name

    def connect(self) -> PostgresLink:
        """A link, before anything is known of the schema."""
        return PostgresLink(self.server)

    def open(self, *, owner: bool, later: Callable[[Callable[[], object]], None]) -> PostgresLink:
        """Connect, and bring the schema up to date."""
        link = self.connect()
        try:
            migrate(PostgresSchema(link))
        except BaseException:
            link.close()
            raise
        return link


class _Overtaken(StoreError):
    """A key was free when it was asked for, and taken when it was to be used: judge the batch again."""


class PostgresLink:
    """An open PostgreSQL database; a connection that broke is made anew for the next transaction."""

    def __init__(self, server: Postgres) -> None:
        """Connects at once, so that a wrong URL is told at once."""
        self.server = server
        self.remote = True
        self._connection: Connection | None = None
        self._runner: tuple[Connection | None, executing.Run] | None = None
        self.connection()

    def connection(self) -> Connection:
        """The connection for one transaction."""
        if self._connection is None or self._connection.closed:
            self._connection = self.server.connect()
        return self._connection

    def _open(self) -> Connection | None:
        """The connection for one transaction, unless one has to be made, which takes its time."""
        return None if self._connection is None or self._connection.closed else self.connection()

    def write(self, batch: Sequence[Commit]) -> list[Verdict]:
        """Write a batch; after an error nothing of it is written."""
        if _presumable(batch):
            connection = self.connection()
            verdicts = blocking(connection.pgconn, self._presume(connection, batch))
            if verdicts is not None:
                return verdicts
        return self._judge(batch)

    async def write_beside(self, batch: Sequence[Commit]) -> list[Verdict] | None:
        """`write` while the event loop goes on; None, and nothing is written, where that is not enough."""
        connection = self._open()
        if connection is None or not _presumable(batch):
            return None
        return await beside(connection.pgconn, self._presume(connection, batch))

    def _presume(self, connection: Connection, batch: Sequence[Commit]) -> Talk[list[Verdict] | None]:
        """Write a batch as if every commit stood; None, and nothing is written, when one does not."""
        numbered: list[tuple[Accepted | Incident, int]] = []
        try:
            results = yield from talk(connection.pgconn, _presumed(batch, numbered))
        except (DriverError, ValueError, OverflowError) as error:
            if connection.closed:
                raise self.server.translated(error, "writing") from error
            yield from talk(connection.pgconn, [("ROLLBACK", ())])
            return None
        for row, at in numbered:
            _give(row, int(results[at].get_value(0, 0) or b"0"))
        return [Verdict.COMMITTED] * len(batch)

    def _judge(self, batch: Sequence[Commit]) -> list[Verdict]:
        what = repr(batch[0].instance) if len(batch) == 1 else f"a batch of {len(batch)} commits"
        theirs = any(commit.statements for commit in batch)
        for tried in range(1, TRIES_MAX + 1):
            try:
                with self._transaction(f"writing {what}", theirs=theirs) as connection:
                    _execute(connection, _LOCK_ALL.postgresql.sql, (_moved(batch),))
                    return _WRITING.apply_all(connection.cursor(), batch, _numbering(connection), self._run, None)
            except StoreError as error:
                if tried == TRIES_MAX or (
                    not isinstance(error, _Overtaken) and not isinstance(error.__cause__, CROSSED)
                ):
                    raise
        raise AssertionError("the last try returns or raises")

    def _run(self, statement: Any) -> None:
        if self._runner is None or self._runner[0] is not self._connection:
            made = executing.runner("postgresql+psycopg://", self._connection, lambda error: isinstance(error, PASSING))
            self._runner = self._connection, made
        self._runner[1](statement)

    def ask(self, *questions: Question) -> list[list[Any]]:
        """The rows that answer each question, as of one moment."""
        connection = self.connection()
        if len(questions) == 1:
            with self.server.errors("reading"):
                return [_rows(connection, *questions[0]).fetchall()]
        with self.server.errors("reading"):
            try:
                with connection.pipeline():
                    connection.execute(_LOOK)
                    asked = [_rows(connection, *question) for question in questions]
                    connection.execute("COMMIT")
                return [cursor.fetchall() for cursor in asked]
            except DriverError:
                _roll_back(connection)
                raise

    @contextmanager
    def transaction(self) -> Iterator[Execute]:
        """One transaction, committed at its end unless something is raised."""
        with self._transaction("writing") as connection:

            def execute(statement: Statement, values: Mapping[str, Any]) -> list[Any]:
                cursor = _rows(connection, statement, values)
                return cursor.fetchall() if cursor.description is not None else []

            yield execute

    @contextmanager
    def _transaction(self, doing: str, *, theirs: bool = False) -> Iterator[Connection]:
        connection = self.connection()
        try:
            with connection.pipeline():
                connection.execute(_BEGIN)
                _execute(connection, _BOUNDS)
            yield connection
            doing = "committing"
            connection.execute("COMMIT")
        except BaseException as error:
            _roll_back(connection)
            if not isinstance(error, Exception) or isinstance(error, StoreError | StatementFailed):
                raise
            if theirs and doing == "committing" and isinstance(error, IntegrityError):
                raise executing.broken(error) from error
            raise self.server.translated(error, doing) from error

    @contextmanager
    def patiently(self) -> Iterator[None]:
        """Nothing to do: every transaction waits for LOCK_SECONDS."""
        yield

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _presumable(batch: Sequence[Commit]) -> bool:
    """Whether a batch may be written as if every commit stood: what users ask for is not to be presumed."""
    return not any(commit.statements for commit in batch)


def _presumed(batch: Sequence[Commit], numbered: list[tuple[Accepted | Incident, int]]) -> list[Queued]:
    """The statements that write a batch if every commit stands, and which of them number a row."""
    statements: list[Queued] = [(_BEGIN, ()), (_SET_LOCK_TIMEOUT, ())]

    def execute(sql: str, values: Sequence[Any]) -> None:
        statements.append((sql, values))

    def number(sql: str, values: Sequence[Any], row: Accepted | Incident) -> None:
        numbered.append((row, len(statements)))
        statements.append((sql, values))

    if len(batch) > 1:
        execute(_LOCK_ALL.libpq.sql, (_moved(batch),))
    alike = groups.plain(batch)
    for sql, arrays in groups.queued(alike) if alike else ():
        execute(sql, arrays)
    _TOGETHER.presume(execute, number, batch, {id(commit) for commit in alike})
    execute("COMMIT", ())
    return statements


def _moved(batch: Sequence[Commit]) -> str:
    return json.dumps([commit.instance for commit in batch if (commit.seq, commit.fence) != (None, None)])


def _rows(connection: Connection, statement: Statement, values: Mapping[str, Any]) -> Answer:
    text = statement.postgresql
    return _execute(connection, text.sql, text.bind(values))


def _execute(connection: Connection, sql: str, values: Sequence[Any] = ()) -> Answer:
    # The texts are our own, whatever psycopg's types suspect.
    return connection.execute(sql, values)  # pyright: ignore[reportArgumentType,reportCallIssue]


def _numbering(connection: Connection) -> Number:
    def number(sql: str, values: Sequence[Any], row: Accepted | Incident) -> None:
        found = _execute(connection, sql, values).fetchone()
        if found is not None:
            _give(row, found[0])
        elif isinstance(row, Accepted) and row.key is not None:
            raise _Overtaken(
                f"the key {row.key!r} of {row.instance!r} was taken meanwhile, again and again; try again."
            )

    return number


def _give(row: Accepted | Incident, number: int) -> None:
    if isinstance(row, Accepted):
        row.n = number
    else:
        row.id = number


def _roll_back(connection: Connection) -> None:
    # The server has rolled back by itself when the connection broke.
    if not connection.closed:
        connection.execute("ROLLBACK")


@dataclass(frozen=True, slots=True)
class PostgresSchema:
    """What migrations need of a PostgreSQL database; a row in `meta` says which version it has."""

    link: PostgresLink

    @property
    def words(self) -> Mapping[str, str]:
        """Those of PostgreSQL."""
        return POSTGRESQL

    @property
    def name(self) -> str:
        """Where it is."""
        return self.link.server.name

    def version(self) -> int:
        """The version in `meta`, 0 when there is no such table yet."""
        with self.link.server.errors("reading the version of the schema"):
            connection = self.link.connection()
            there = connection.execute("SELECT to_regclass('fsm.meta') IS NOT NULL").fetchone()
            if there is None or not there[0]:
                return 0
            found = connection.execute("SELECT value FROM fsm.meta WHERE name = 'schema'").fetchone()
            return int(str(found[0])) if found else 0

    @contextmanager
    def alone(self) -> Iterator[None]:
        """A lock that ends with the transaction."""
        with self.link.transaction():
            connection = self.link.connection()
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('fsm.migrate'))")
            connection.execute("CREATE SCHEMA IF NOT EXISTS fsm")
            yield

    def run(self, sql: str) -> None:
        """Run one statement."""
        _execute(self.link.connection(), sql)

    def mark(self, version: int) -> None:
        """Note the version."""
        self.link.connection().execute(
            "INSERT INTO fsm.meta (name, value) VALUES ('schema', %s)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (str(version),),
        )
