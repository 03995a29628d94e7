"""The committer: takes the turns that are ready at the same moment, and writes them in one transaction.

    keeper ──begin──▶ ready ──move──▶ gathered ──one transaction──▶ ready again: replies, effects, more turns
                                 └──▶ a task of its own, if it waits for anything but the commit

One round of this waits for nothing, so that no cancelling can cut it short. Whoever sends an event leads a round: one
pass of the event loop, in which others join, then all their turns and the commit in one stretch, on this thread. A
store that would have to wait (a slow disk, a lock, another machine) is left to `serve`: while one batch is in the
store the next one gathers. A lone turn never waits for company.

Of many turns at once a store that is `remote` gets one half, and writes it while the other half is evaluated.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import accumulate, islice
from typing import Any, cast

import anyio
from anyio.lowlevel import checkpoint

from fsm.errors import OrchestratorClosed
from fsm.limits import BATCH_MAX
from fsm.ports.store import Commit, PromptStore, Store, Verdict
from fsm.runtime.strand import ASIDE, Strand, Submission, Worker, pause

Start = Callable[..., object]
"""Starts a task: (function, *arguments)."""
Poke = Callable[[str], object]
"""Says that something may have been put into the inbox of an instance."""

HALF_MIN = 16
"""Fewer turns are not halved: each half is a transaction, and costs a flush of its own."""


class Committer:
    """Moves strands, gathers what they submit and writes it, one batch after another."""

    def __init__(self, store: Store, start: Start, worker: str = "", poke: Poke = lambda instance: None) -> None:
        self._store, self._start, self.worker, self._poke = store, start, worker, poke
        self._prompt = cast(PromptStore, store) if hasattr(type(store), "commit_now") else None
        self._ready: deque[Strand] = deque()
        self._gathered: list[Submission] = []
        self._wake = anyio.Event()
        self._led = False
        """Whether somebody is about to lead a round."""
        self._by_hand = False
        """Whether the code that runs now is moved by hand."""
        self._writing = False
        """Whether a batch is in the store, and somebody waits for it."""
        self._closed = False
        self._rest: anyio.Event | None = None
        """Set when nothing is left to write."""
        self.batches = self.commits = 0

    # ---- for those who have work

    def begin(self, worker: Worker) -> None:
        """Have some work done."""
        if not self._closed:
            self._ready.append(Strand(worker))
            self._call()

    async def submit(self, commits: Sequence[Commit]) -> list[Verdict]:
        """Write these commits, in this order, with whatever else is ready. Raises StoreError."""
        if self._closed:
            raise OrchestratorClosed("the orchestrator is closed; nothing was written, the next one resumes the work")
        mine = Submission(commits, self.worker)
        self._gathered.append(mine)
        if self._by_hand:
            await pause(mine)
        else:
            mine.written = anyio.Event()
            self._call()
            with anyio.CancelScope(shield=True):  # whoever waits must learn what became of it
                await mine.written.wait()
        return mine.outcome()

    def post(self, commits: Sequence[Commit]) -> None:
        """Write these commits with the next batch; nobody waits for what becomes of them."""
        if not self._closed:
            self._gathered.append(Submission(commits, self.worker))
            self._call()

    def start_soon(self, function: Callable[..., Any], *args: Any) -> None:
        """Start a task; what an eager one does before it first waits is not moved by hand either."""
        by_hand, self._by_hand = self._by_hand, False
        try:
            self._start(function, *args)
        finally:
            self._by_hand = by_hand

    async def aside(self) -> None:
        """Go on in a task: what follows may wait for anything."""
        if self._by_hand:
            await pause(ASIDE)

    async def quiet(self) -> None:
        """Wait until everything is written that has begun, but for what went aside."""
        while self._ready or self._gathered or self._writing:
            self._rest = self._rest or anyio.Event()
            await self._rest.wait()

    # ---- rounds

    async def lead(self, begin: Callable[..., None], *args: Any) -> None:
        """Begin something and take the round that does it, also when this is cancelled; or leave that to who leads."""
        if self._led:
            begin(*args)
            return
        self._led = True
        try:
            begin(*args)
            await checkpoint()  # whoever is ready joins
        finally:
            self._led = False
            self._round()

    async def serve(self) -> None:
        """Take the rounds that nobody leads, and wait for a store that has to be waited for, until cancelled."""
        try:
            while True:
                await self._wake.wait()
                self._wake = anyio.Event()
                while (self._ready or self._gathered) and not self._led:
                    last = 0
                    while not self._round():
                        last = await self._write_some(last)
                    await checkpoint()
        finally:
            self._close()

    def _call(self) -> None:
        if not (self._led or self._by_hand or self._writing):
            self._wake.set()

    def _round(self) -> bool:
        """Move what is ready, write what that gathered, and move on what was written. False: the store has to wait."""
        for _ in range(min(len(self._ready), BATCH_MAX)):
            self._move(self._ready.popleft())
        done = self._writing or not self._gathered or self._write_now()
        if self._ready or self._gathered:
            self._call()
        elif self._rest is not None and not self._writing:
            self._rest.set()
            self._rest = None
        return done

    def _move(self, strand: Strand) -> None:
        self._by_hand = True
        try:
            asked = strand.move()
        except BaseException as problem:
            self._start(_fail, problem)  # not a failed turn, and not the leader's fault: it ends the orchestrator
            return
        finally:
            self._by_hand = False
        if isinstance(asked, Submission):
            asked.strand = strand
        elif asked is not None:
            self._start(strand.worker.beside, strand.rest())

    # ---- writing

    def _take(self, most: int = BATCH_MAX) -> list[Submission]:
        count = _fitting(self._gathered[:most])
        batch, self._gathered = self._gathered[:count], self._gathered[count:]
        return batch

    def _write_now(self) -> bool:
        """Write a batch on this thread; False, and nothing changed, where that cannot be done at once."""
        batch = self._take()
        try:
            verdicts = None if self._prompt is None else self._prompt.commit_now([c for s in batch for c in s.commits])
        except Exception:
            verdicts = None  # nothing was written: whose fault it is shows itself when it is tried again
        if verdicts is None:
            self._gathered[:0] = batch
            return False
        self._tell(batch, verdicts)
        return True

    async def _write_some(self, last: int) -> int:
        """Write a batch, given how many were in the last one: they go on meanwhile. How many are in this one."""
        half = max(HALF_MIN, (len(self._gathered) + last + 1) // 2)  # of all that are at work
        batch = self._take(half if getattr(self._store, "remote", False) else BATCH_MAX)
        with anyio.CancelScope(shield=True):
            await self._write(batch)
        return len(batch)

    async def _write(self, batch: list[Submission]) -> None:
        self._writing = True
        try:
            verdicts = await self._store.commit([c for s in batch for c in s.commits])
        except Exception as problem:
            if len(batch) == 1:
                batch[0].error = problem
                _doubted(batch[0].commits, self._poke)
                self._go_on(batch[0])
                return
            for one in batch:  # one bad commit must not fail its neighbours
                await self._write([one])
        else:
            self._tell(batch, verdicts)
        finally:
            self._writing = False

    def _tell(self, batch: list[Submission], verdicts: list[Verdict]) -> None:
        self.batches += 1
        self.commits += len(verdicts)
        told = iter(verdicts)
        for submission in batch:
            submission.verdicts = list(islice(told, len(submission.commits)))
            if Verdict.LOST in submission.verdicts:
                _doubted(submission.commits, self._poke)
        for submission in batch:
            self._go_on(submission)

    def _go_on(self, submission: Submission) -> None:
        if submission.strand is not None:
            self._move(submission.strand)
        elif submission.written is not None:
            submission.written.set()

    def _close(self) -> None:
        self._closed = True
        for submission in self._gathered:
            submission.error = OrchestratorClosed("the orchestrator was closed before this was written")
            self._go_on(submission)
        for strand in self._ready:
            strand.drop()
        self._gathered, self._ready = [], deque()


def _fitting(gathered: Sequence[Submission]) -> int:
    """How many of them go into one batch; the first does in any case."""
    if len(gathered) == 1:
        return 1
    sizes = accumulate(len(submission.commits) for submission in gathered)
    return max(1, sum(size <= BATCH_MAX for size in sizes))


def _doubted(commits: Sequence[Commit], poke: Poke) -> None:
    """They may have been written all the same, now or at an earlier try: whoever they send to looks for himself."""
    for commit in commits:
        for row in commit.accepted:
            if row.instance != commit.instance:
                poke(row.instance)


async def _fail(problem: BaseException) -> None:
    raise problem
