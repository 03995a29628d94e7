"""The store in a SQL database: one synchronous body, called where it is fastest.

    commit ──► direct: on the loop's own thread      while commits are short (measured)
           └─► in the thread, shielded               when they are slow, the database is locked, or by wish

There is one connection for everything that a store does, used by one caller at a time: while work is out in the
thread, the next one waits for it at the gate. A second connection copies the WAL into the database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final, TypeVar

from fsm.errors import StoreError, StoreLocked
from fsm.ports.store import Accepted, CallRow, Commit, Entry, Incident, Loaded, Record, Timer, Verdict
from persistence import queries, turns
from persistence.checkpoints import Checkpoints
from persistence.databases.ownership import Ownership
from persistence.databases.sqlite import SQLite
from persistence.migrations import migrate
from persistence.pace import Pace
from persistence.thread import Thread, Work, outcome

T = TypeVar("T")

BUSY_SECONDS: Final = 5.0
"""How long the thread waits for another process's lock before StoreLocked."""


class SQLStore:
    """A store in a SQLite file.

        store = SQLStore("orders.db")
        await store.open(owner=True)

    After `commit` returned COMMITTED the turn survives `kill -9`, and with `synchronous="FULL"` a power cut. `thread`
    says where commits run: True always in a thread, False on the event loop's own unless the database is locked,
    None wherever they take less time. Raises StoreError and its kinds; then nothing was written.
    """

    def __init__(self, path: str | Path, *, synchronous: str = "FULL", thread: bool | None = None) -> None:
        """Nothing is opened yet."""
        self._database = SQLite(Path(path).absolute(), synchronous)
        self._pace = Pace(thread)
        self._thread = Thread(f"fsm store {self._database.path.name}")
        self._connection: sqlite3.Connection | None = None
        self._ownership: Ownership | None = None
        self._checkpoints: Checkpoints | None = None
        self._work: Work[object] | None = None
        self._data_version = 0

    async def open(self, *, owner: bool) -> None:
        """Open the database and bring its schema up to date; `owner=True` takes the right to run instances."""
        if self._connection is not None:
            raise StoreError(f"{self._database.path}: this store is open already. Close it first, or make another.")
        try:
            await self._through_thread(lambda: self._open(owner))
        except BaseException:
            self._thread.stop()
            raise

    def _open(self, owner: bool) -> None:
        database = self._database
        database.prepare()
        ownership = Ownership(database.path) if owner else None
        connection: sqlite3.Connection | None = None
        try:
            # Who does not own the store writes little and has no thread for checkpoints: SQLite makes them itself.
            connection = database.connect(checkpoints=not owner, busy_seconds=BUSY_SECONDS)
            with database.errors("opening"):
                migrate(connection, database.path)
                connection.execute("PRAGMA busy_timeout=0")
                self._data_version = connection.execute("PRAGMA data_version").fetchone()[0]
            self._checkpoints = Checkpoints(database, self._thread) if owner else None
        except BaseException:
            if connection is not None:
                connection.close()
            if ownership is not None:
                ownership.release()
            raise
        self._ownership, self._connection = ownership, connection

    async def close(self) -> None:
        """Give everything back; may be called twice."""
        if self._connection is None:
            return
        await self._through_thread(self._close)
        self._thread.stop()

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        checkpoints, self._checkpoints = self._checkpoints, None
        ownership, self._ownership = self._ownership, None
        try:
            if checkpoints is not None:
                checkpoints.close()
            if connection is not None:
                if ownership is not None:
                    _truncate_log(connection)
                connection.close()
        finally:
            if ownership is not None:
                ownership.release()

    async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
        """Write several turns in one transaction; a verdict for each."""
        if not batch:
            return []
        return await self._run(lambda connection: self._write(connection, batch), self._pace.slow())

    def _write(self, connection: sqlite3.Connection, batch: Sequence[Commit]) -> list[Verdict]:
        start = perf_counter()
        verdicts = turns.write(connection, self._database, batch)
        self._pace.took(perf_counter() - start, len(batch))
        if self._checkpoints is not None:
            self._checkpoints.count(len(batch), connection)
        return verdicts

    async def begin_recovery(self) -> None:
        """Count one more attempt for every open effect."""
        await self._run(turns.begin_recovery)

    async def load(self, instance: str) -> Loaded | None:
        """One instance with all that waits for it, read in one transaction."""

        def read(connection: sqlite3.Connection) -> Loaded | None:
            connection.execute("BEGIN")
            try:
                return queries.load(connection.cursor(), instance)
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

        return await self._run(read)

    async def pending(self, now: float, after: str = "", limit: int = 1000) -> list[str]:
        """Ids of running instances that a crash interrupted."""
        return await self._run(lambda connection: queries.pending(connection.cursor(), now, after, limit))

    async def due(self, now: float, limit: int = 1000) -> list[Timer]:
        """Timers of running instances whose time has come, earliest first."""
        return await self._run(lambda connection: queries.due(connection.cursor(), now, limit))

    async def next_due(self) -> float | None:
        """When the earliest timer or delayed event of a running instance comes due."""
        return await self._run(lambda connection: queries.next_due(connection.cursor()))

    async def delayed_due(self, since: float, now: float) -> list[str]:
        """Ids of instances with waiting rows whose time came in (since, now]."""
        return await self._run(lambda connection: queries.delayed_due(connection.cursor(), since, now))

    async def calls(self, instance: str, cause: str) -> list[CallRow]:
        """The recorded calls of one cause."""
        return await self._run(lambda connection: queries.calls(connection.cursor(), instance, cause))

    async def find_key(self, instance: str, key: str) -> Accepted | None:
        """The inbox row of a sender's key, consumed ones included."""
        return await self._run(lambda connection: queries.find_key(connection.cursor(), instance, key))

    async def changed(self) -> bool:
        """Whether another process wrote since the last time this was asked."""

        def ask(connection: sqlite3.Connection) -> bool:
            before = self._data_version
            self._data_version = connection.execute("PRAGMA data_version").fetchone()[0]
            return self._data_version != before

        return await self._run(ask)

    async def newer(self, n: int) -> tuple[int, list[str]]:
        """The largest inbox number, and the instances of waiting rows with a larger one than `n`."""
        return await self._run(lambda connection: queries.newer(connection.cursor(), n))

    async def find(
        self,
        *,
        machine: str | None = None,
        statuses: Sequence[str] = (),
        states: Sequence[str] = (),
        after: str = "",
        limit: int = 1000,
    ) -> list[Record]:
        """Records in order of id."""
        return await self._run(
            lambda connection: queries.find(connection.cursor(), machine, statuses, states, after, limit)
        )

    async def history(self, instance: str, after: int = -1, limit: int = 10_000) -> list[Entry]:
        """The journal of one instance, oldest first."""
        return await self._run(lambda connection: queries.history(connection.cursor(), instance, after, limit))

    async def calls_of(self, instance: str) -> list[CallRow]:
        """Every recorded call of one instance, in the order of recording."""
        return await self._run(lambda connection: queries.calls_of(connection.cursor(), instance))

    async def incidents(self, *, resolved: bool = False, instance: str | None = None) -> list[Incident]:
        """Open incidents, oldest first; with `resolved=True` the closed ones too."""
        return await self._run(lambda connection: queries.incidents(connection.cursor(), resolved, instance))

    async def _run(self, body: Callable[[sqlite3.Connection], T], slow: bool | None = None) -> T:
        """Run a body: directly, or in the thread when it is slow or another process holds the lock.

        Reads too run on the loop's thread, large ones included: a thread would need the interpreter lock back for
        every single row.
        """
        await self._gate()
        connection = self._connection
        if connection is None:
            raise StoreError(f"{self._database.path}: the store is not open. Call `await store.open(owner=...)` first.")
        if not (self._pace.forced if slow is None else slow):
            try:
                with self._database.errors("reading"):
                    return body(connection)
            except StoreLocked:
                # Not on this thread: the loop goes on while the other process finishes.
                pass
        return await self._through_thread(lambda: self._patiently(body, connection))

    def _patiently(self, body: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
        connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}")
        try:
            with self._database.errors(f"waited {BUSY_SECONDS:g} s for the lock"):
                return body(connection)
        finally:
            connection.execute("PRAGMA busy_timeout=0")

    async def _through_thread(self, function: Callable[[], T]) -> T:
        await self._gate()
        work = self._thread.start(function)
        self._work = work  # type: ignore[assignment]
        return await outcome(work)

    async def _gate(self) -> None:
        """Wait until nothing is out in the thread; `done`, not a finished wait, opens it, for a task can be killed."""
        while (work := self._work) is not None and not work.done.is_set():
            await work.landed.wait()
        self._work = None


def _truncate_log(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error:
        # Only tidiness: the WAL is read when the database is opened again.
        pass
