"""The store in a SQL database: one synchronous body, called where it is fastest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from fsm.ports.retaining import Fold, Keep, whole
from fsm.ports.store import Commit, Verdict
from fsm.ports.task import Task
from persistence import bodies
from persistence.databases.link import Database, Link
from persistence.databases.sqlite import SQLite
from persistence.databases.sqlite_link import SQLiteDatabase
from persistence.reading import Reading
from persistence.sharing import Sharing
from persistence.sizes import Sizes


class SQLStore(Reading, Sharing):
    """A store in a SQL database; a path is a SQLite file.

        store = SQLStore("orders.db")
        await store.open(owner=True)

    After `commit` returned COMMITTED the turn survives `kill -9`, and with `synchronous="FULL"` a power cut. `thread`
    says where commits run: True always in a thread, False on the event loop's own unless the database is locked,
    None wherever they take less time. Raises StoreError and its kinds; then nothing was written.
    """

    def __init__(
        self, database: str | Path | Database, *, synchronous: str = "FULL", thread: bool | None = None
    ) -> None:
        """A path names a SQLite file; nothing is opened yet."""
        if isinstance(database, str | Path):
            named: Database = SQLiteDatabase(SQLite(Path(database).absolute(), synchronous))
        else:
            named = database
        super().__init__(named, thread)
        self.executes = True
        """It runs statements on the user's tables, with the turn that they belong to."""
        self._sizes = Sizes()

    async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
        """Write several turns in one transaction; a verdict for each."""
        if not batch:
            return []
        self._sizes.watch(batch)
        written = await self._beside(lambda link: link.write_beside(batch)) if self.remote else None
        if written is not None:
            return written
        return await self._run(lambda link: self._write(link, batch), self._pace.slow())

    def commit_now(self, batch: Sequence[Commit]) -> list[Verdict] | None:
        """Write on this thread, unless commits are slow, the thread is at work or another process holds the lock."""
        verdicts = self._run_now(lambda link: self._write(link, batch))
        if verdicts is not None:
            self._sizes.watch(batch)
        return verdicts

    def _write(self, link: Link, batch: Sequence[Commit]) -> list[Verdict]:
        start = perf_counter()
        verdicts = link.write(batch)
        self._pace.took(perf_counter() - start, len(batch))
        return verdicts

    async def tasks(self, *, statuses: Sequence[str] = (), limit: int = 1000, **equal: str | None) -> list[Task]:
        """Human tasks, those that were opened first before others."""
        return await self._run(lambda link: bodies.queries.tasks(link, equal, statuses, limit))

    async def erase(self, instance: str) -> bool:
        """Delete one instance that has ended, with all that belongs to it."""
        return await self._run(lambda link: bodies.retention.erase(link, instance))

    async def prune(
        self, machine: str, keep: Keep, *, now: float | None = None, limit: int = 1000, fold: Fold = whole
    ) -> int:
        """Delete what a policy does not keep; how many instances went."""
        return await self._run(lambda link: bodies.retention.prune(link, machine, keep, now, limit, fold))
