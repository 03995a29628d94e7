"""A new instance goes on from what another one was; its origin is left as it is."""

from __future__ import annotations

import pytest

from fsm import Orchestrator
from fsm.errors import (
    ContextInvalid,
    InstanceEnded,
    InstanceExists,
    InstanceIdInvalid,
    InstanceUnknown,
    PastUnknown,
    StoreError,
)
from fsm.ports.retaining import Keep
from fsm.runtime import forking
from fsm.runtime.elsewhere import settled
from tests.fsm.runtime.desk import Add, Clerk, Clock, Counter, Place, Stop, until, until_async
from tests.fsm.runtime.test_past import fleet
from tests.fsm.runtime.voyage import Log, Moor, Sail, Scout, Trip

pytestmark = pytest.mark.anyio


async def test_a_fork_goes_on_by_itself_and_its_origin_is_left_alone(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await counter.send(Add(by=3))
        await counter.send(Stop())
        fork = await orchestrator.fork("a", "b", at=2)
        snapshot = await fork.snapshot()
        assert (snapshot.configuration, snapshot.context.n, snapshot.seq, snapshot.status) == ({"On"}, 3, 1, "running")
        assert (await fork.send(Add(by=4))).seq == 2
        assert [turn.event for turn in await fork.history()] == ["fork", "Add"]
        assert (await fork.history())[0].payload == {"from": "a", "at": 2}
        assert (await fork.history())[0].cause == "operator:fork@b"
        await fork.send(Stop())
        assert (await fork.result(), await counter.result()) == (7, 3)
        assert (await fork.snapshot(at=1)).context.n == 3


async def test_its_context_can_be_changed(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        await orchestrator.start(Counter, id="a")
        fork = await orchestrator.fork("a", "b", changes={"n": 40})
        await fork.send(Add(by=2))
        assert (await fork.snapshot()).context.n == 42
        with pytest.raises(ContextInvalid, match="no field 'm'"):
            await orchestrator.fork("a", "c", changes={"m": 1})
        with pytest.raises(ContextInvalid, match="does not fit its type"):
            await orchestrator.fork("a", "c", changes={"n": "many"})
        assert await orchestrator.find(machine=Counter) == await orchestrator.find()
        with pytest.raises(InstanceUnknown):
            await orchestrator.get("c")


async def test_invokes_children_and_timers_begin_afresh_under_its_own_name(place: Place, clerk: Clerk) -> None:
    clock = Clock()
    clerk.hold("watch after Sail")
    async with fleet(place, clerk, clock) as orchestrator:
        ship = await orchestrator.start(Trip, Log(), id="a")
        await ship.send(Scout(where="cape"))
        await orchestrator.get("a/boat.2").send(Moor())
        await until_async(lambda: _noted(orchestrator, "a"))
        clock.now += 3600
        await ship.send(Sail())
        await until(lambda: clerk.count("watch after Sail") == 1)
        scouting = await orchestrator.fork("a", "b", at=2)
        assert (await scouting.snapshot()).configuration == {"Reef"}
        (boat,) = [row.id for row in await orchestrator.find(machine="Row") if row.id.startswith("b/")]
        await orchestrator.get(boat).send(Moor())
        await until_async(lambda: _noted(orchestrator, "b"))
        await orchestrator.fork("a", "c")
        await until(lambda: clerk.count("watch after Sail") == 2)
        assert {made.instance for made in clerk.made} == {"a", "c"}
        assert len(set(clerk.keys("watch after Sail"))) == 2
        assert [t[0] for t in (await orchestrator.get("c").snapshot()).timers] == ["after:Sea.Crew.Awake#tired"]


async def _noted(orchestrator: Orchestrator, id: str) -> bool:
    context: Log = (await orchestrator.get(id).snapshot()).context
    return context.note == "cape"


async def test_the_same_fork_again_is_the_same_instance(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await counter.send(Add())
        await orchestrator.fork("a", "b", at=1)
        await orchestrator.fork("a", "b", at=1)
        assert len(await orchestrator.find()) == 2
        with pytest.raises(InstanceExists, match="not this fork"):
            await orchestrator.fork("a", "b", at=2)
        with pytest.raises(InstanceExists, match="not this fork"):
            await orchestrator.fork("a", "b", at=1, changes={"n": 2})


async def test_what_cannot_be_forked_is_refused(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await counter.send(Stop())
        with pytest.raises(InstanceEnded, match="was done after turn 2"):
            await orchestrator.fork("a", "b")
        with pytest.raises(PastUnknown):
            await orchestrator.fork("a", "b", at=7)
        with pytest.raises(InstanceUnknown):
            await orchestrator.fork("nobody", "b")
        with pytest.raises(InstanceIdInvalid):
            await orchestrator.fork("a", " b", at=1)


async def test_what_a_fork_comes_from_stays_as_long_as_it_goes_on(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await counter.send(Stop())
        fork = await orchestrator.fork("a", "b", at=1)
        assert await orchestrator.store.prune("Counter", Keep(last=0)) == 0
        with pytest.raises(StoreError, match="a fork of it goes on"):
            await orchestrator.store.erase("a")
        await fork.send(Stop())
        assert await orchestrator.store.prune("Counter", Keep(last=0)) == 2


async def test_a_fork_that_was_written_down_by_somebody_without_the_class_is_begun_by_a_worker(file: Place) -> None:
    async with Orchestrator(file.store(), [Counter]) as orchestrator:
        await (await orchestrator.start(Counter, id="a")).send(Add(by=3))
    store = file.store()
    await store.open(owner=False)
    target = await forking.target_of(store, "a", None)
    await store.commit([forking.fork(target, "b", 1.0, {}), forking.fork(target, "c", 1.0, {"n": "x"})])
    await store.close()
    async with Orchestrator(file.store(), [Counter]) as orchestrator:

        async def begun() -> bool:
            return [row.status for row in await orchestrator.find()] == ["running", "running", "failed"]

        await until_async(begun)
        assert (await orchestrator.get("b").snapshot()).context.n == 3
        with pytest.raises(ContextInvalid, match="does not fit its type"):
            await settled(orchestrator.store, "c", forking.reference("c"), parked=False)
