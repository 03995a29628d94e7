"""The committer: turns that are ready at the same moment share one transaction.

Natural batching: while one batch is in the store the next one gathers; a lone turn never waits for company.
"""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import anyio.lowlevel

from fsm.errors import OrchestratorClosed
from fsm.limits import BATCH_MAX
from fsm.ports.store import Commit, Store, Verdict


class _Waiting:
    __slots__ = ("commits", "error", "ready", "verdicts")

    def __init__(self, commits: Sequence[Commit]) -> None:
        self.commits = commits
        self.ready = anyio.Event()
        self.verdicts: list[Verdict] = []
        self.error: Exception | None = None


class Committer:
    """Gathers commits and writes them, one batch after another.

    idle ──submit──▶ gathering ──one checkpoint──▶ writing ──▶ idle, or gathering what came meanwhile
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[_Waiting] = []
        self._wake = anyio.Event()
        self._closed = False
        self.batches = 0
        self.commits = 0

    async def submit(self, commits: Sequence[Commit]) -> list[Verdict]:
        """Write these commits, in this order, with whatever else is ready. Raises StoreError."""
        if self._closed:
            raise OrchestratorClosed(
                "the orchestrator is closed; nothing was written, the work is resumed by the next one"
            )
        mine = _Waiting(commits)
        self._waiting.append(mine)
        self._wake.set()
        with anyio.CancelScope(shield=True):  # whoever waits must learn what became of it
            await mine.ready.wait()
        if mine.error is not None:
            raise mine.error
        return mine.verdicts

    def post(self, commits: Sequence[Commit]) -> None:
        """Write these commits with the next batch; nobody waits for what becomes of them."""
        if not self._closed:
            self._waiting.append(_Waiting(commits))
            self._wake.set()

    async def serve(self) -> None:
        """Write batches until cancelled."""
        try:
            while True:
                await self._wake.wait()
                self._wake = anyio.Event()
                while self._waiting:
                    await anyio.lowlevel.checkpoint()
                    with anyio.CancelScope(shield=True):
                        await self._write(self._take())
        finally:
            self._closed = True
            for waiting in self._waiting:
                waiting.error = OrchestratorClosed("the orchestrator was closed before this was written")
                waiting.ready.set()

    def _take(self) -> list[_Waiting]:
        size, count = 0, 0
        for waiting in self._waiting:
            size += len(waiting.commits)
            if count and size > BATCH_MAX:
                break
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    async def _write(self, batch: list[_Waiting]) -> None:
        try:
            verdicts = await self._store.commit([c for w in batch for c in w.commits])
        except Exception as problem:
            await self._alone(batch, problem)
            return
        self.batches += 1
        self.commits += len(verdicts)
        at = 0
        for waiting in batch:
            waiting.verdicts = verdicts[at : at + len(waiting.commits)]
            at += len(waiting.commits)
            waiting.ready.set()

    async def _alone(self, batch: list[_Waiting], problem: Exception) -> None:
        """One bad commit must not fail its neighbours."""
        if len(batch) == 1:
            batch[0].error = problem
            batch[0].ready.set()
            return
        for waiting in batch:
            await self._write([waiting])
