"""Everything that a turn changes is one commit."""

from __future__ import annotations

import pytest

from fsm import Orchestrator, State, StateMachine, defer, edge, on
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
