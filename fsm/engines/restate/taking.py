"""Taking: what one message does to one object. The turns are those of a keeper, whose store is the book."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

from fsm.chart.machine import Machine
from fsm.core.calendar import Calendar
from fsm.engines.restate.answers import give
from fsm.engines.restate.book import Book
from fsm.engines.restate.calls import SteppedJournal, SteppedServices
from fsm.engines.restate.packing import packed, unpacked
from fsm.engines.restate.steps import Steps
from fsm.errors import NondeterministicTurn
from fsm.ports.attempt import Attempt
from fsm.ports.store import Accepted, CallRow, Commit, Effect, Loaded, Record, Status, Store, Timer, Verdict
from fsm.ports.task import Task
from fsm.runtime import outbox, refusal, termination
from fsm.runtime.arrivals import timer_work
from fsm.runtime.fleet import Fleet
from fsm.runtime.host import Host, in_turn
from fsm.runtime.invokes import Invokes
from fsm.runtime.keeper import Keeper
from fsm.runtime.migration import brought, looked_at
from fsm.runtime.work import Work

Message = dict[str, Any]


class _Keeper(Keeper):
    journal_type = SteppedJournal


class _Committer:
    """Writes into the book."""

    worker = "restate"

    def __init__(self, book: Book, post: Callable[[Sequence[Commit]], None]) -> None:
        self._book, self.post = book, post

    async def submit(self, commits: Sequence[Commit]) -> list[Verdict]:
        return await self._book.commit(commits)

    async def aside(self) -> None: ...

    def begin(self, worker: Any) -> None: ...


class _Timers:
    def notice(self, due: float) -> None: ...


class _Invokes:
    """They are invocations of their own: here it is only decided that one is to begin."""

    running: tuple[()] = ()

    def __init__(self, book: Book) -> None:
        self._book = book

    def begin(self, effect: Effect, *, again: bool = False) -> None:
        self._book.begin_again(effect)

    def end(self, key: str, generation: int) -> None: ...

    def end_all(self) -> None: ...

    def leave(self) -> None: ...


class Desk:
    """The surroundings of a keeper inside of one handler."""

    open = True

    def __init__(self, fleet: Fleet, book: Book, steps: Steps) -> None:
        self._fleet, self.store = fleet, book
        self.committer, self.timers = _Committer(book, fleet.committer.post), _Timers()
        self.services = SteppedServices(fleet.services, steps)
        self.progress, self.machines = fleet.progress, fleet.machines
        self.calendar: Calendar | None = fleet.calendar
        self.nearly = fleet.nearly
        self.clock = steps.now

    def start_soon(self, function: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> None:
        """Nothing goes on beside a handler."""

    def poke(self, instance: str) -> None:
        """Whoever is sent something is told by the engine."""

    def rest(self, keeper: Any) -> None:
        """It ends with the handler."""

    async def machine_of(self, record: Record) -> type[Machine[Any, Any, Any]]:
        """The class of an instance. Raises MachineUnknown."""
        return await self._fleet.definitions.machine_of(record)

    async def forget(self, keeper: Any, problem: Exception) -> None:
        """Give the handler up: the engine runs it again."""
        raise problem


class Taking:
    """One message, and what becomes of it."""

    def __init__(self, fleet: Fleet, book: Book, steps: Steps) -> None:
        self._book, self._steps, self._view = book, steps, fleet.store
        self._desk = Desk(fleet, book, steps)
        self.moved = False
        """Whether there is anything to be written."""

    async def take(self, message: Message) -> Message:
        """Do what a message says; what became of its row."""
        in_turn.set(self._book.instance)
        if "adopt" in message:
            return await self._adopt()
        if "timer" in message:
            return await self._timer(unpacked(Timer, message["timer"]))
        row = unpacked(Accepted, message["row"])
        if "begin" in message:
            return await self._begin(unpacked(Record, message["begin"]), row)
        record = self._book.record
        if record is None:  # it is there before its receiver
            self._book.inbox[row.ref] = row
            self.moved = True
            return {"ref": row.ref, "state": "waiting"}
        if row.key is not None and (found := await self._found(row)) is not None:
            return found
        if Status(record.status).ended:
            return {"ref": row.ref, "state": "refused", "outcome": outbox.refusal_of(refusal.ended(record))}
        if "task" not in message:
            return await self._arrive(record, row, message)
        if not await self._steps.run("task", partial(give, self._view, unpacked(Task, message["task"]))):
            return {"ref": row.ref, "state": "refused"}
        return await self._arrive(record, row, message) | {"given": True}

    async def _adopt(self) -> Message:
        record = self._book.record
        assert record is not None
        self._book.adopt(self._steps.now())
        self.moved = True
        if not Status(record.status).ended:
            await self._turns()
        return {}

    async def _found(self, row: Accepted) -> Message | None:
        """What became of an event with the same key, however long ago."""

        async def look() -> Message | None:
            known = await self._view.find_key(row.instance, row.key or "")
            return None if known is None else {"ref": known.ref, "state": known.state, "outcome": known.outcome}

        found: Message | None = await self._steps.run("key", look)
        return found

    async def _begin(self, record: Record, row: Accepted) -> Message:
        book, known = self._book, self._book.record
        if known is not None:
            return {"ref": row.ref, "machine": known.machine, "origin": known.origin}
        early = list(book.inbox.values())
        book.inbox = {row.ref: row, **book.inbox}
        await book.commit([Commit(record.id, record=None, started=[record])])
        book.record = record
        await book.commit([Commit(record.id, fence=record.fence, accepted=[row, *early])])
        await self._turns(row.ref, first=True)
        return {"ref": row.ref, "machine": record.machine, "origin": record.origin}

    async def _arrive(self, record: Record, row: Accepted, message: Message) -> Message:
        book = self._book
        fault = message.get("fault")
        if row.ref.startswith("result:"):
            row.lane = "result"
            book.running.pop(row.ref.replace("result:", "invoke:", 1).removesuffix(f"@{row.instance}"), None)
        calls = [unpacked(CallRow, call) for call in message.get("calls", ())]
        attempts = [unpacked(Attempt, attempt) for attempt in message.get("attempts", ())]
        book.inbox[row.ref] = row
        arrived = Commit(record.id, fence=record.fence, accepted=[row], calls=calls, attempts=attempts)
        await book.commit([arrived])
        if row.name == "terminate" and row.lane == "control":
            submit, now = self._desk.committer.submit, self._steps.now()
            await termination.terminate(cast(Store, book), submit, record.id, row.ref, row.payload, now)
            self.moved = True
        else:
            await self._turns(row.ref, fault=None if fault is None else NondeterministicTurn(fault))
        settled = book.settled.get(row.ref)
        if settled is None:
            return {"ref": row.ref, "state": book.inbox[row.ref].state}
        return {"ref": row.ref, "state": settled.state, "outcome": settled.outcome}

    async def _timer(self, timer: Timer) -> Message:
        book = self._book
        if book.record is None or timer not in book.timers:
            return {}
        book.running.pop(f"timer:{timer.key}#{timer.generation}", None)
        await self._turns(f"timer:{timer.key}#{timer.generation}", timer=timer)
        return {}

    async def _turns(
        self,
        new: str = "",
        *,
        first: bool = False,
        timer: Timer | None = None,
        fault: Exception | None = None,
    ) -> None:
        """Take all that waits; `new` is what has come with the message, and was never tried before."""
        desk, book = cast(Host, self._desk), self._book
        assert book.record is not None
        machine = await desk.machine_of(book.record)
        loaded = await brought(desk, machine, _loaded(await book.load(book.instance)))
        keeper = _Keeper(desk, machine, loaded.record)
        keeper.invokes = cast(Invokes, _Invokes(book))
        if first:
            keeper.adopt(replace(loaded, inbox=[row for row in loaded.inbox if row.ref == new], effects=[]))
        keeper.adopt(loaded)
        if timer is not None:
            keeper.add(timer_work(timer))  # it is due although a clock may be behind
        for work in keeper.queue:
            if work.ref == new:
                work.attempt = 1
                if fault is not None:
                    work.kind, work.failure = "fault", fault
        await keeper.work()
        self.moved = True


def _loaded(loaded: Loaded | None) -> Loaded:
    assert loaded is not None
    return loaded


async def invoked(fleet: Fleet, steps: Steps, message: Message) -> Message:
    """Run an invoke; the message with its result."""
    effect, id = unpacked(Effect, message["effect"]), message["record"]["id"]
    book = Book(id, json.dumps({**message, "effects": [message["effect"]]}).encode())
    desk = cast(Host, Desk(fleet, book, steps))
    assert book.record is not None
    machine = await desk.machine_of(book.record)
    keeper = _Keeper(desk, machine, looked_at(machine, _loaded(await book.load(id))).record)
    work: Work = await Invokes(keeper).attempt(effect, again=bool(book.recorded))
    row = outbox.accepted(id, work, steps.now())
    told: Message = {
        "row": packed(row),
        "calls": [packed(call) for call in book.recorded],
        "attempts": [packed(attempt) for attempt in book.tries],
    }
    return told | ({"fault": str(work.failure)} if work.kind == "fault" else {})
