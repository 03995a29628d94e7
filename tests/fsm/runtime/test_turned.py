"""Everything that a turn changes is one commit."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import Instance, Orchestrator, State, StateMachine, always, defer, edge, guard, on
from fsm.errors import InstanceParked
from fsm.limits import ENTRY_BYTES_MAX, MICROSTEPS_MAX
from fsm.runtime import turned
from tests.fsm.runtime.desk import (
    Add,
    Alarm,
    Clerk,
    Counter,
    Desk,
    Open,
    Place,
    Stop,
    Tally,
    Wrapped,
    until_async,
)

pytestmark = pytest.mark.anyio


async def test_a_turn_is_one_commit_with_snapshot_journal_key_and_timers(memory: Place) -> None:
    store = Wrapped(memory.store())
    async with Orchestrator(store, [Alarm]) as orchestrator:
        alarm = await orchestrator.start(Alarm, id="a")
        await alarm.send(Add(), key="k")
        (begin,), (turn,) = store.batches
        assert (begin.create, begin.seq, len(begin.timers_set)) == (True, None, 1)
        assert (turn.create, turn.seq) == (False, 1)
        assert turn.record is not None
        assert turn.entry is not None
        assert (turn.record.seq, turn.entry.seq, turn.entry.event) == (2, 2, "Add")
        assert [(row.key, row.state) for row in turn.accepted] == [("k", "consumed")]
        assert (len(turn.timers_set), len(turn.timers_cleared)) == (1, 1)


async def test_an_untouched_context_is_not_written_anew(memory: Place) -> None:
    store = Wrapped(memory.store())
    async with Orchestrator(store, [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await counter.send(Stop())
        record = store.batches[-1][0].record
        assert record is not None
        assert (record.status, record.output, record.closed is not None) == ("done", "0", True)


class Late(StateMachine[Tally, Add | Open]):
    """Asks the desk about what it has deferred."""

    desk: Desk

    class Shut(State, initial=True): ...

    class On(State): ...

    later = defer(Add, Shut)
    open = edge(Open, Shut, to=On)

    @on(Add, On)
    async def add(self) -> None:
        self.ctx.log.append(await self.desk.ask("add"))


async def test_a_deferred_event_whose_state_has_come_is_taken_by_whoever_goes_on(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("add")
    async with Orchestrator(place.store(), [Late], {Desk: clerk}, drain_seconds=0) as one:
        late = await one.start(Late, id="a")
        await late.send(Add(), "k", "accepted")
        await until_async(lambda: _inbox(place, ["deferred"]))
        await late.send(Open())
        await gate.arrived.wait()
    gate.go.set()
    async with Orchestrator(place.store(), [Late], {Desk: clerk}):
        await until_async(lambda: _inbox(place, ["consumed"]))


async def _inbox(place: Place, wanted: list[str]) -> bool:
    return await place.inbox() == wanted


class Loop(StateMachine[Tally, Add]):
    """Goes in circles, as often as it is told."""

    class Here(State, initial=True): ...

    class There(State): ...

    @on(Add, Here, to=There)
    def begin(self, ev: Add) -> None:
        self.ctx.n = ev.by

    @guard
    def more(self) -> bool:
        return self.ctx.n > 0

    @always(There, to=There, when=more)
    def again(self) -> None:
        self.ctx.n -= 1


async def test_many_microsteps_are_told_once_before_they_are_too_many(
    memory: Place, caplog: pytest.LogCaptureFixture
) -> None:
    async with Orchestrator(memory.store(), [Loop]) as orchestrator:
        loop = await orchestrator.start(Loop, id="a")
        await loop.send(Add(by=int(MICROSTEPS_MAX * 0.8)))
    (told,) = [r.getMessage() for r in caplog.records]
    assert told.startswith("'a': its turn on 'Add' has 801 microsteps, 80 % of the 1,000 that it may have. Give")


async def test_a_turn_whose_entry_is_too_long_is_rolled_back_before_anything_is_written(
    memory: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turned, "ENTRY_BYTES_MAX", 2_000)
    async with Orchestrator(memory.store(), [Loop]) as orchestrator:
        loop = await orchestrator.start(Loop, id="a")
        with pytest.raises(InstanceParked, match=r"EntryExceeded on 'Add'.* the limit is 2,000; 9 are its payload"):
            await loop.send(Add(by=50))
        loaded = await memory.loaded("a")
        assert (loaded.record.seq, loaded.record.status) == (1, "parked")
        assert [entry.event for entry in await loop.history()] == ["start"]
        monkeypatch.setattr(turned, "ENTRY_BYTES_MAX", ENTRY_BYTES_MAX)
        await orchestrator.retry("a")
        await until_async(lambda: _has_moved(loop))


async def _has_moved(loop: Instance[Any, Any, Any]) -> bool:
    return bool((await loop.snapshot()).seq == 2)
