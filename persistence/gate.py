"""The gate: one link, used by one caller at a time, on the thread where that is fastest.

    body ──► direct: on the loop's own thread      while commits are short (measured)
         └─► in the thread, shielded               when they are slow, the database is locked or remote, or by wish
    task ──► beside, shielded                      where all there is to wait for is an answer on a wire

While work is out, the next one waits for it at the gate.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

import anyio

from fsm.errors import StoreError, StoreLocked
from persistence.databases.link import Database, Link, RemoteLink
from persistence.pace import Pace
from persistence.thread import Thread, Use, outcome

T = TypeVar("T")


class Gate:
    """An open database, and the way to it."""

    def __init__(self, database: Database, thread: bool | None) -> None:
        """Nothing is opened yet."""
        self._database = database
        self._pace = Pace(thread)
        self._thread = Thread(f"fsm store {database.name}")
        self._link: Link | None = None
        self._work: Use | None = None

    @property
    def remote(self) -> bool:
        """Whether a commit waits for an answer on a wire: other work can go on meanwhile."""
        return self._link is not None and self._link.remote

    async def open(self, *, owner: bool) -> None:
        """Open the database and bring its schema up to date; `owner=True` takes the right to run instances."""
        if self._link is not None:
            raise StoreError(f"{self._database.name}: this store is open already. Close it first, or make another.")
        try:
            self._link = await self._through_thread(lambda: self._database.open(owner=owner, later=self._thread.put))
        except BaseException:
            self._thread.stop()
            raise

    async def close(self) -> None:
        """Give everything back; may be called twice."""
        link, self._link = self._link, None
        if link is not None:
            await self._through_thread(link.close)
            self._thread.stop()

    async def _run(self, body: Callable[[Link], T], slow: bool | None = None) -> T:
        """Run a body: directly, or in the thread when it is slow or another process holds the lock.

        Reads of a file too run on the loop's thread, large ones included: a thread would need the interpreter lock
        back for every single row.
        """
        await self._gate()
        link = self._link
        if link is None:
            raise StoreError(f"{self._database.name}: the store is not open. Call `await store.open(owner=...)` first.")
        if not (link.remote or (self._pace.forced if slow is None else slow)):
            try:
                return body(link)
            except StoreLocked:
                # Not on this thread: the loop goes on while the other process finishes.
                pass
        return await self._through_thread(lambda: _patiently(body, link))

    def _run_now(self, body: Callable[[Link], T]) -> T | None:
        """Run a body on this thread, or return None where that would mean to wait."""
        link, work = self._link, self._work
        if link is None or link.remote or self._pace.slow() or (work is not None and not work.done.is_set()):
            return None
        try:
            return body(link)
        except StoreLocked:
            return None

    async def _through_thread(self, function: Callable[[], T]) -> T:
        await self._gate()
        self._work = work = self._thread.start(function)
        return await outcome(work)

    async def _beside(self, body: Callable[[RemoteLink], Awaitable[T]]) -> T | None:
        """Let a task use the link while the loop goes on; None where there is no wire to wait on."""
        await self._gate()
        if not self.remote:
            return None
        self._work = use = Use()
        made: T | None = None
        try:
            with anyio.CancelScope(shield=True):
                made = await body(cast(RemoteLink, self._link))
        finally:
            use.done.set()
            use.landed.set()
        return made

    async def _gate(self) -> None:
        """Wait until nothing is out in the thread; `done`, not a finished wait, opens it, for a task can be killed."""
        while (work := self._work) is not None and not work.done.is_set():
            await work.landed.wait()
        self._work = None


def _patiently(body: Callable[[Link], T], link: Link) -> T:
    with link.patiently():
        return body(link)
