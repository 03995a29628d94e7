"""An instance goes back to what it was, as a turn of its own: exactly, journaled, once."""

from __future__ import annotations

import pytest

from fsm import Orchestrator
from fsm.errors import InstanceEnded, InstanceError, InstanceParked, PastUnknown
from tests.fsm.runtime.desk import (
    Add,
    Caller,
    Clerk,
    Clock,
    Close,
    Counter,
    Open,
    Patient,
    Place,
    Stop,
    Trouble,
    until,
    until_async,
)
from tests.fsm.runtime.test_past import fleet
from tests.fsm.runtime.voyage import Log, Moor, Sail, Scout, Trip, Turn

pytestmark = pytest.mark.anyio

WHO = {"by": "ada", "reason": "wrong turn"}


async def test_configuration_context_history_and_state_data_are_as_they_were(place: Place, clerk: Clerk) -> None:
    clerk.hold("watch after Sail")
    async with fleet(place, clerk, Clock()) as orchestrator:
        ship = await orchestrator.start(Trip, Log(), id="a")
        for event in (Sail(miles=5), Turn(), Sail(miles=7)):
            await ship.send(event)
        then = await ship.snapshot()
        for later in (Moor(), Sail(miles=50)):
            await ship.send(later)
        await orchestrator.rewind("a", at=then.seq, **WHO)
        now = await ship.snapshot()
        assert (now.configuration, now.context, now.histories) == (then.configuration, then.context, then.histories)
        assert (now.locals, now.status, now.seq) == (then.locals, "running", 7)
        turn = (await ship.history())[-1]
        assert (turn.event, turn.payload) == ("rewind", {"at": then.seq, **WHO})
        assert turn.cause.startswith("operator:rewind#")
        assert turn.steps[0].exited == ("Sea.Sky.Calm",)
        assert turn.steps[0].entered == ("Sea.Sky.Storm",)
        assert (await ship.snapshot(at=7)).context == then.context
        await ship.send(Moor())
        assert (await ship.send(Turn())).configuration == then.configuration


async def test_what_runs_is_ended_and_what_ran_begins_afresh_once(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("watch after Sail")
    async with fleet(place, clerk, Clock()) as orchestrator:
        ship = await orchestrator.start(Trip, Log(), id="a")
        await ship.send(Sail())
        await until(lambda: clerk.count("watch after Sail") == 1)
        await ship.send(Moor())
        await orchestrator.rewind("a", at=2, **WHO)
        await until(lambda: clerk.count("watch after Sail") == 2)
        assert len(set(clerk.keys("watch after Sail"))) == 2
        gate.go.set()

        async def told() -> bool:
            return (await ship.snapshot()).context.note is not None

        await until_async(told)
        assert (await ship.snapshot()).seq == 5
        await orchestrator.rewind("a", at=2, **WHO)
        await orchestrator.rewind("a", at=1, **WHO)
        assert (await ship.snapshot()).invokes == ()


async def test_timers_have_what_was_left_of_them(place: Place, clerk: Clerk) -> None:
    clock = Clock()
    clerk.hold("watch after Sail")
    async with fleet(place, clerk, clock) as orchestrator:
        ship = await orchestrator.start(Trip, Log(), id="a")
        await ship.send(Sail())
        clock.now += 3 * 3600
        await ship.send(Sail())
        clock.now += 4 * 3600
        await ship.send(Moor())
        clock.now += 100 * 3600
        await orchestrator.rewind("a", at=3, **WHO)
        ((key, _, due),) = (await ship.snapshot()).timers
        assert (key, due - clock.now) == ("after:Sea.Crew.Awake#tired", 5 * 3600)
        clock.advance(orchestrator, 5 * 3600)

        async def asleep() -> bool:
            return "Sea.Crew.Asleep" in (await ship.snapshot()).configuration

        await until_async(asleep)
        await orchestrator.rewind("a", at=1, **WHO)
        ((key, _, due),) = (await ship.snapshot()).timers
        assert (key, due - clock.now) == ("after:Port#overdue", 30 * 86400)


async def test_children_of_now_are_cancelled_and_those_of_then_begin_with_what_they_were_told(
    place: Place, clerk: Clerk
) -> None:
    async with fleet(place, clerk, Clock()) as orchestrator:
        ship = await orchestrator.start(Trip, Log(), id="a")
        await ship.send(Scout(where="cape"))
        await ship.send(Moor())
        await ship.send(Scout(where="bay"))
        first, second = sorted(row.id for row in await orchestrator.find(machine="Row"))

        async def ended() -> bool:
            return (await orchestrator.get(second).snapshot()).status == "cancelled"

        await orchestrator.rewind("a", at=2, **WHO)
        await until_async(ended)
        (third,) = [row.id for row in await orchestrator.find(machine="Row") if row.id not in (first, second)]
        await orchestrator.get(third).send(Moor())

        async def home() -> bool:
            snapshot = await ship.snapshot()
            return (snapshot.configuration, snapshot.context.note) == ({"Port"}, "cape")

        await until_async(home)


async def test_a_parked_instance_goes_on_from_before_and_takes_its_event_again(place: Place, clerk: Clerk) -> None:
    async with Orchestrator(place.store(), [Caller], {"desk": clerk}) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        await caller.send(Add(by=1))
        clerk.fail("add 2", Trouble("no"))
        with pytest.raises(InstanceParked):
            await caller.send(Add(by=2))
        await orchestrator.rewind("a", at=1, **WHO)

        async def taken() -> bool:
            return (await caller.snapshot()).context.n == 2

        await until_async(taken)
        assert await orchestrator.incidents() == []
        assert (await orchestrator.incidents(resolved=True))[0].resolution == "rewind"
        assert [turn.event for turn in await caller.history()] == ["start", "Add", "rewind", "Add"]


async def test_a_paused_instance_stays_paused(place: Place, clerk: Clerk) -> None:
    clerk.hold("watch after Sail")
    async with fleet(place, clerk, Clock()) as orchestrator:
        ship = await orchestrator.start(Trip, Log(), id="a")
        await ship.send(Sail())
        await until(lambda: clerk.count("watch after Sail") == 1)
        await ship.send(Moor())
        await orchestrator.pause("a")
        await orchestrator.rewind("a", at=2, **WHO)
        assert (await ship.snapshot()).status == "paused"
        assert clerk.count("watch after Sail") == 1
        await orchestrator.resume("a")
        await until(lambda: clerk.count("watch after Sail") == 2)


async def test_deferred_events_are_offered_again(place: Place) -> None:
    async with Orchestrator(place.store(), [Patient]) as orchestrator:
        patient = await orchestrator.start(Patient, id="a")
        await patient.send(Close())
        await patient.send(Open())
        await patient.send(Open(), wait="accepted")
        await patient.send(Add())
        await orchestrator.rewind("a", at=2, **WHO)

        async def opened() -> bool:
            return [turn.event for turn in await patient.history()][-2:] == ["rewind", "Open"]

        await until_async(opened)


async def test_what_cannot_be_gone_back_to_is_refused_and_changes_nothing(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        for seq in (0, 2):
            with pytest.raises(PastUnknown):
                await orchestrator.rewind("a", at=seq, **WHO)
        with pytest.raises(InstanceError, match="by= and reason="):
            await orchestrator.rewind("a", at=1, by="", reason="x")
        await counter.send(Add())
        assert (await counter.snapshot()).seq == 2
        await counter.send(Stop())
        with pytest.raises(InstanceEnded):
            await orchestrator.rewind("a", at=1, **WHO)


async def test_another_worker_rewinds_what_it_does_not_run(file: Place) -> None:
    async with Orchestrator(file.store(), [Counter]) as one, Orchestrator(file.store(), [Counter]) as other:
        counter = await one.start(Counter, id="a")
        await counter.send(Add(by=3))
        await other.rewind("a", at=1, **WHO)
        assert (await counter.snapshot()).context.n == 0
        assert (await counter.send(Add(by=1))).seq == 4
        with pytest.raises(PastUnknown, match="turns 1 to 4"):
            await other.rewind("a", at=9, **WHO)
