"""Workers share a store: each runs what it has claimed, and what a dead one had goes on elsewhere."""

from __future__ import annotations

import time
from typing import Any

import anyio
import pytest

from fsm import Orchestrator
from fsm.ports.store import Accepted, Commit
from fsm.runtime import keepers
from fsm.runtime.claims import Claims
from persistence import MemoryStore
from tests.fsm.runtime.desk import (
    Add,
    Alarm,
    Clerk,
    Clock,
    Counter,
    Desk,
    Errand,
    Lower,
    Place,
    Stop,
    settled,
    until,
    until_async,
)

pytestmark = pytest.mark.anyio


def claims_of(orchestrator: Orchestrator) -> Claims:
    return orchestrator._fleet.claims


async def freeze(orchestrator: Orchestrator) -> None:
    """What a worker sees that was stopped for longer than its lease, when others have noticed."""
    await orchestrator.store.bury(claims_of(orchestrator).worker)


async def test_what_one_worker_started_the_other_leaves_alone(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as one, Orchestrator(place.store(), [Counter]) as two:
        await one.start(Counter, id="a")
        await two.start(Counter, id="b")
        assert (claims_of(one).mine, claims_of(two).mine) == ({"a"}, {"b"})
        assert [w.claims for w in await one.store.workers()] == [1, 1]


async def test_leaving_gives_everything_back(place: Place) -> None:
    async with Orchestrator(place.store(), [Alarm]) as one:
        await one.start(Alarm, id="a")
    store = place.store()
    await store.open(owner=False)
    assert await store.workers() == []
    await store.close()
    async with Orchestrator(place.store(), [Alarm]) as two:
        await two.get("a", Alarm).send(Add())
        assert claims_of(two).mine == {"a"}


async def test_what_a_dead_worker_had_goes_on_here(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("one")
    async with Orchestrator(place.store(), [Errand], {Desk: clerk}) as one:
        await one.start(Errand, id="a")
        await gate.arrived.wait()
        async with Orchestrator(place.store(), [Errand], {Desk: clerk}) as two:
            await freeze(one)
            await until(lambda: claims_of(two).mine == {"a"})
            gate.go.set()
            assert await two.get("a", Errand).result(timeout=30) == "ONETWO"
            assert len(await two.get("a", Errand).history()) == 2


async def test_a_worker_that_was_silent_drops_its_work(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("one")
    async with Orchestrator(place.store(), [Errand, Counter], {Desk: clerk}, lease_seconds=0.3) as one:
        await one.start(Errand, id="a")
        await one.start(Counter, id="idle")
        await gate.arrived.wait()
        await freeze(one)
        async with Orchestrator(place.store(), [Errand, Counter], {Desk: clerk}) as two:
            await until(lambda: "a" in claims_of(two).mine)
            await until(lambda: not claims_of(one).mine & claims_of(two).mine)
            gate.go.set()
            assert await two.get("a", Errand).result(timeout=30) == "ONETWO"
            await one.get("idle", Counter).send(Add())
            assert (await one.get("a", Errand).snapshot()).seq == 2


async def test_the_answer_of_a_frozen_worker_is_not_recorded(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("one")
    async with Orchestrator(place.store(), [Errand], {Desk: clerk}) as one:
        await one.start(Errand, id="a")
        await gate.arrived.wait()
        store = place.store()
        await store.open(owner=False)
        await store.bury(claims_of(one).worker)
        assert await store.claim("nobody", ["Errand"]) == ["a"]
        gate.go.set()
        await until(lambda: not claims_of(one).mine)
        assert await store.calls_of("a") == []
        await store.close()


async def test_a_frozen_worker_refuses_no_event_for_another(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as one:
        counter = await one.start(Counter, id="a")
        await settled()
        store = place.store()
        await store.open(owner=False)
        await store.bury(claims_of(one).worker)
        assert await store.claim("nobody", ["Counter"], named=["a"]) == ["a"]
        with anyio.move_on_after(0.3):
            await counter.send(Lower(), key="k")
        row = await store.find_key("a", "k")
        assert row is not None
        assert row.state == "waiting"
        await store.close()


async def test_a_timer_of_a_dead_worker_fires_elsewhere(place: Place) -> None:
    clock = Clock()
    one, two = (Orchestrator(place.store(), [Alarm], clock=clock) for _ in "12")
    async with one:
        await one.start(Alarm, id="a")
        async with two:
            await freeze(one)
            await until(lambda: claims_of(two).mine == {"a"})
            clock.advance(two, 61)
            await until_async(lambda: _is_at(two, "Ringing"))
            assert len(await two.get("a", Alarm).history()) == 2


async def _is_at(orchestrator: Orchestrator, state: str) -> bool:
    return (await orchestrator.get("a").snapshot()).configuration == {state}


async def test_what_is_no_longer_in_memory_is_given_back(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepers, "RESTING_MAX", 2)
    async with Orchestrator(place.store(), [Counter]) as one, Orchestrator(place.store(), [Counter]) as two:
        for id in "abcd":
            await one.start(Counter, id=id)
        await until(lambda: claims_of(one).mine == {"c", "d"})
        await two.get("a", Counter).send(Add())
        assert claims_of(two).mine == {"a"}


async def test_an_instance_that_cannot_go_on_here_is_left_to_others(place: Place) -> None:
    class Newer(Counter, name="Counter", version="2"): ...

    async with Orchestrator(place.store(), [Newer]) as new:
        await new.start(Newer, id="a")
    async with Orchestrator(place.store(), [Counter]) as old:
        await old.store.commit([Commit("a", accepted=[Accepted("a", "r", "Add", '{"by":1}')])])
        async with Orchestrator(place.store(), [Newer]) as new:
            await until_async(lambda: _counted(new, 1))
            assert not claims_of(old).mine


async def _counted(orchestrator: Orchestrator, wanted: int) -> bool:
    context: Any = (await orchestrator.get("a").snapshot()).context
    return bool(context.n == wanted)


async def test_a_worker_that_cannot_give_back_goes_all_the_same() -> None:
    store = MemoryStore()
    await store.open(owner=True)
    claims = Claims(store, "w", ["Counter"], lambda: 0.0, 10.0)
    await claims.begin()
    await store.close()
    claims.mine.add("a")
    await claims.leave()
    assert claims.mine == set()


async def test_an_ended_instance_needs_no_claim(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as one, Orchestrator(place.store(), [Counter]) as two:
        counter = await one.start(Counter, id="a")
        await counter.send(Stop())
        with anyio.fail_after(30):
            assert await two.get("a", Counter).result() == 0


class Ahead(MemoryStore):
    """A database on a machine whose clock is an hour ahead."""

    async def now(self) -> float:
        return time.time() + 3600.0


async def test_times_are_those_of_the_store() -> None:
    store = Ahead()
    async with Orchestrator(store, [Alarm]) as orchestrator:
        await orchestrator.start(Alarm, id="a")
        loaded = await store.load("a")
        assert loaded is not None
        assert 3600 < loaded.timers[0].due - 60 - time.time() + 1 < 3605
        assert 3595 < loaded.record.created - time.time() < 3605


async def test_clocks_that_hardly_differ_are_taken_for_equal(place: Place) -> None:
    async with Orchestrator(place.store(), [Alarm]) as orchestrator:
        assert claims_of(orchestrator).ahead == 0.0


async def test_a_dead_worker_that_has_left_nothing_is_struck_off(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Counter]) as orchestrator:
        await orchestrator.store.heartbeat("dead", 0.0)
        await orchestrator.store.bury("dead")
        async with Orchestrator(memory.store(), [Counter]):
            assert "dead" not in [w.id for w in await orchestrator.store.workers()]
