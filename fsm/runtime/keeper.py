"""A keeper: owns one instance in memory and takes its turns, one after the other.

        idle ──work arrives──▶ draining ──▶ turn ──▶ … ──▶ flush (one transaction for all turns) ──▶ idle
                                              └─ failed ──▶ parked ──retry──▶ draining

A turn belongs to its keeper: cancelling whoever waits for it does not touch it. Nothing leaves before the commit. All
this is one coroutine, `work`, which the committer moves on by hand; when a turn has to wait for anything but a commit,
the rest of it gets a task (`beside`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import anyio

from fsm.chart.machine import Machine, handle
from fsm.core import local
from fsm.core.table import codec_of, table_of
from fsm.errors import EventError, FsmError, StatementFailed
from fsm.limits import BATCH_MAX, TURN_SECONDS_MAX
from fsm.ports.store import CallRow, Incident, Loaded, Record, Status, Verdict
from fsm.runtime import logs, outbox, parking, records, refusal
from fsm.runtime.arrivals import arrivals, deferred
from fsm.runtime.evaluation import Savepoint, accepted, evaluate, is_current
from fsm.runtime.holding import held
from fsm.runtime.host import INTERRUPTED, Crowded, Duplicate, Hold, Host, Lost, Turned, in_turn
from fsm.runtime.invokes import Invokes
from fsm.runtime.journal import Journal
from fsm.runtime.scope import DurableLive
from fsm.runtime.strand import Rest
from fsm.runtime.suspects import Suspects
from fsm.runtime.turned import turned_by
from fsm.runtime.work import Work
from fsm.service.contract import Proxy


class Keeper:
    """One warm instance."""

    journal_type = Journal
    """What answers its calls."""

    def __init__(self, host: Host, machine: type[Machine[Any, Any, Any]], record: Record) -> None:
        self.host, self.machine, self.record, self.id = host, machine, record, record.id
        self.codec = codec_of(machine)
        chart = machine.__chart__
        self.journal = self.journal_type(record.id, chart.name, host, self._secure, record.fence, TURN_SECONDS_MAX)
        self.live = DurableLive(record.id, table_of(machine), self.journal)
        contracts = host.services.contracts[chart.name]
        proxies: dict[str, object] = {n: Proxy(c.methods, self.journal) for n, c in contracts.items()}
        self.self_ = self.live.machine = handle(machine, self.live, proxies)
        self.invokes = Invokes(self)
        self.queue: deque[Work] = deque()
        self.deferred: list[Work] = []
        self.known: set[str] = set()
        self.incident: Incident | None = None
        self.draining = self.gone = False
        self.current: Work | None = None
        self.suspects: Suspects | None = None
        self._turned: list[Turned] = []
        self._news: anyio.Event | None = None
        self._securing: anyio.Lock | None = None
        self.hold = Hold(record)
        self._limit: anyio.CancelScope | None = None
        """Bounds the turn, where it has a task."""
        self.live.aside, self.live.executes = host.committer.aside, getattr(host.store, "executes", False)
        self._reset()

    # ---- state

    @property
    def status(self) -> Status:
        """Where the instance stands."""
        return Status(self.record.status)

    @property
    def running(self) -> bool:
        """Whether it takes turns."""
        return self.record.status == Status.RUNNING

    @property
    def idle(self) -> bool:
        """Whether nothing would be lost by forgetting it."""
        return not (self.draining or self.queue or self.invokes.running or self.deferred or self.known)

    def _reset(self) -> None:
        """Go back to the committed row. Raises SnapshotCorrupted, SnapshotNewer."""
        vars(self.self_)["ctx"] = records.read(self.live, self.record, self.codec)
        self.live.saved = self.record.context

    def adopt(self, loaded: Loaded) -> None:
        """Take in what waits in the store: events, due timers, interrupted invokes.

        What was read before the last commit may name work that is done: it is read again. What somebody else has
        moved, or could have, is not what this keeper knows.
        """
        if loaded.record.seq < self.record.seq - len(self._turned) or loaded.record.fence < self.record.fence:
            self.host.poke(self.id)
            return
        if loaded.record.seq > self.record.seq or loaded.record.fence > self.record.fence:
            self.host.start_soon(self.lose)
            return
        refusal.nearly_full(self.host, self.id, len(loaded.inbox))
        self.incident = loaded.incident or self.incident
        for work in deferred(self.codec, loaded):
            if work.ref not in self.known:
                self.known.add(work.ref)
                self.deferred.append(work)
        for work in arrivals(self.codec, loaded, self.host.clock()):
            self.add(work)
        if loaded.effects and self.running:
            waiting = {w.ref for w in (*self.queue, *self.deferred)}
            for effect in loaded.effects:
                if f"result:{effect.key}#{effect.generation}@{self.id}" not in waiting:
                    self.invokes.begin(effect, again=loaded.called)

    def add(self, work: Work) -> None:
        """Queue a piece of work, once."""
        if work.ref in self.known:
            return
        if self.gone:
            self.host.start_soon(self.host.again, self.id, work)
            return
        self.known.add(work.ref)
        (self.queue.appendleft if work.kind == "control" else self.queue.append)(work)
        self._wake()

    def _wake(self) -> None:
        """Start draining unless that is going on."""
        if not self.queue or self.draining or self.gone or not self.host.open:
            return
        if (self.running and not self.hold.on) or any(w.kind == "control" for w in self.queue):
            self.draining = True
            self.host.committer.begin(self)

    def pending(self) -> list[Work]:
        """Everything that waits or is under way, uncommitted turns included."""
        return [*self._unanswered(), *self.queue, *self.deferred]

    def _unanswered(self) -> list[Work]:
        """Work that is under way."""
        return [*([self.current] if self.current is not None else []), *(t.work for t in self._turned)]

    # ---- the loop

    async def work(self) -> None:
        """Take the turns that wait, and commit them."""
        queue = self.queue
        try:
            while queue or self._turned:
                if not queue or len(self._turned) >= BATCH_MAX or (self._turned and queue[0].kind == "control"):
                    await self._flush()
                elif (self.running and not self.hold.on) or queue[0].kind == "control":
                    if self.suspects is None or queue[0].kind == "control":
                        await self._take(queue.popleft())
                    else:
                        self.suspects = await self.suspects.try_next(self, self._take, self._flush)
                else:
                    await self._flush()
                    if not self._rest():
                        break
        except INTERRUPTED as problem:
            await self._interrupted(problem)

    async def beside(self, rest: Rest) -> None:
        """Do the rest of the work in a task, where a turn may take its time, within bounds."""
        in_turn.set(self.id)
        try:
            with anyio.CancelScope(deadline=anyio.current_time() + TURN_SECONDS_MAX) as self._limit:
                await rest
            if self._limit.cancelled_caught:
                await self._timed_out()
        except INTERRUPTED as problem:
            await self._interrupted(problem)
        finally:
            self._limit = None
            self.ended()

    def ended(self) -> None:
        """The work has ended; there may be new one."""
        last, self.current, self.draining = self.current, None, False
        self.tell()
        self._wake()
        if last is not None and (last.kind == "start" or self.record.closed is not None) and self.idle:
            self.host.rest(self)  # it has begun and may wait for long, or it has ended

    def leave(self) -> None:
        """Go out of service. What refers back to this keeper is cut, so that its memory is free at once."""
        self.gone = True
        self.tell()
        vars(self.self_).clear()
        self.journal.leave()
        self.invokes.leave()

    def _rest(self) -> bool:
        """What is left for an instance that takes no turn now: an ended one refuses it. Whether to go on."""
        if not self.status.ended:
            return False
        while self.queue:
            work = self.queue.popleft()
            self.known.discard(work.ref)
            work.fail(refusal.ended(self.record))
        return False

    async def _take(self, work: Work) -> None:
        """One turn, from its cause to what is to be committed."""
        if work.kind == "control":
            await self._control(work)
            return
        if not is_current(self.live, work):
            await refusal.let_go(self, work)
            return
        self.current = work
        if self._limit is not None:
            self._limit.deadline = anyio.current_time() + TURN_SECONDS_MAX
        live = self.live
        before, began = Savepoint(live), perf_counter()
        try:
            recorded = await self._recorded(work)
            self.journal.begin(work.ref, work.attempt, recorded)
            live.begin_turn(work.ref, self.host.clock())
            trace = await evaluate(self, work)
            self.journal.check()
            record = self.record
            self.hold.before = self.hold.before if self._turned else record
            turned = turned_by(self, work, trace, perf_counter() - began)
            if turned.commit.statements:
                await self.commit(turned, record)
            else:
                self._turned.append(turned)
        except BaseException as problem:
            before.restore(live)
            self._restore_context()
            try:
                await self._failed(work, problem)
            except INTERRUPTED:
                self.queue.appendleft(work)
                raise

    async def _recorded(self, work: Work) -> Sequence[CallRow]:
        """The calls that an earlier run of this work has made."""
        if not work.again:
            return ()
        await self.host.committer.aside()
        return await self.host.store.calls(self.id, work.ref)

    def _restore_context(self) -> None:
        vars(self.self_)["ctx"] = self.codec.decode_context(self.live.saved or self.record.context)
        if self.live.table.local:
            local.restore(self.live, self.live.saved_locals)

    # ---- committing

    async def _secure(self) -> None:
        """Before a turn makes a call: everything it stands on is durable, its own cause included."""
        if self._turned or not (self.current is None or self.current.stored):
            self._securing = self._securing or anyio.Lock()
            async with self._securing:  # concurrent calls of one turn secure it once
                await self._flush()
                if self.current is not None and not self.current.stored:
                    await accepted(self, self.current)

    async def _flush(self) -> None:
        """Commit the turns evaluated so far, in one transaction, and let their effects out."""
        if not self._turned:
            return
        turned = self._turned
        verdicts = await self.host.committer.submit([t.commit for t in turned])
        self._turned = []
        for number, (one, verdict) in enumerate(zip(turned, verdicts, strict=True)):
            if verdict is not Verdict.COMMITTED:
                self._turned = turned[number:]
                if verdict is Verdict.FULL:
                    raise Crowded(self.record.machine, one.work, one.commit)
                raise Lost(f"{self.record.machine} {self.id!r} was moved by somebody else; read it again")
            self._after(one)

    def _after(self, turned: Turned) -> None:
        """What a durable turn lets out: replies, invokes, timers, messages."""
        work, commit = turned.work, turned.commit
        self.known.discard(work.ref)
        for key, generation in commit.effects_cleared:
            self.invokes.end(key, generation)
        for effect in turned.started:
            self.invokes.begin(effect)
        if commit.timers_set:
            self.host.timers.notice(min(t.due for t in commit.timers_set))
        outbox.hand_over(self, commit)
        if work.kind == "start":
            self.host.poke(self.id)  # what was sent to it before it existed
        if not self.running and self.status.ended:
            self.invokes.end_all()
            for waiting in self.deferred:
                waiting.fail(refusal.ended(self.record))
            self.deferred.clear()
        self.tell()
        if commit.record is not None:
            self.hold.before, self.hold.since = commit.record, None
            logs.turned(commit.record, work.key)
        work.give(turned.step)

    def tell(self) -> None:
        """Wake whoever waits for news."""
        if self._news is not None:
            self._news.set()
            self._news = None

    async def news(self) -> None:
        """Wait until the instance has moved or was parked, or its work has ended."""
        self._news = self._news or anyio.Event()
        await self._news.wait()

    # ---- failing

    async def _failed(self, work: Work, problem: BaseException) -> None:
        """A turn that did not happen: refuse the event, or park the instance."""
        if not isinstance(problem, Exception):
            self.queue.appendleft(work)  # the keeper is being closed; a stored event will be found again
            raise problem
        problem = self.journal.fault or problem
        if isinstance(problem, Duplicate):
            refusal.answer_twin(self, work)
            return
        if isinstance(problem, INTERRUPTED):
            raise problem
        await self._flush()
        if isinstance(problem, EventError) and work.kind == "event":
            await refusal.refuse(self, work, problem)
        else:
            await parking.park(self, work, problem)

    async def _timed_out(self) -> None:
        work = self.current
        if work is None:
            return
        if self.queue and self.queue[0] is work:
            self.queue.popleft()
        await self._flush()
        await parking.park(self, work, refusal.timed_out(self.record, work))

    async def lose(self) -> None:
        """Somebody else has the instance. A turn that is going on learns it when it is to be committed."""
        if not self.draining and not self.gone:
            await self._interrupted(Lost(f"{self.record.machine} {self.id!r} is run by somebody else now"))

    async def _interrupted(self, problem: Exception) -> None:
        """Nothing of it was written: forget what was evaluated, tell those who wait, read the instance again."""
        turned, self._turned = self._turned, []
        if isinstance(problem, Crowded) and await held(self, turned, problem, self._wake):
            return
        waiting = [t.work for t in turned] + list(self.queue)
        self.queue.clear()
        self.gone = True
        self.invokes.end_all()
        await self.host.forget(self, problem)
        for work in waiting:
            if isinstance(problem, Lost):  # nothing of it was written and nothing is wrong with it
                self.host.start_soon(self.host.again, self.id, work)
            else:
                work.fail(problem)

    async def _control(self, work: Work) -> None:
        self.known.discard(work.ref)
        await self.host.committer.aside()
        try:
            await parking.control(self, work)
        except INTERRUPTED:
            self.queue.appendleft(work)
            raise
        except FsmError as problem:
            try:
                await refusal.let_go(self, work, problem)
            finally:
                work.fail(problem)

    async def commit(self, turned: Turned, before: Record) -> None:
        """Commit a turn by itself; where its statements fail, the instance is as before."""
        await self._flush()
        self._turned = [turned]
        try:
            await self._flush()
        except BaseException as problem:
            self._turned = []
            if isinstance(problem, StatementFailed | Crowded):
                self.record = before
                self._reset()
            raise
