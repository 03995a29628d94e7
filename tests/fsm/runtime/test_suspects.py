"""Suspects: whose turn may have killed workers is tried alone, and parked when too many have died of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fsm import Orchestrator
from fsm.errors import InstanceParked, Refused
from fsm.limits import DEATHS_MAX
from fsm.ports.store import Accepted, Commit, Store
from tests.fsm.runtime.desk import Add, Alarm, Counter, Place, until_async

pytestmark = pytest.mark.anyio

OVER = -1.0
"""A lease that has ended."""


async def died(store: Store, deaths: int, due: Commit | None = None) -> None:
    """Something of an instance is due, its timer at least, and so many workers die of it, one after the other."""
    async with Orchestrator(store, [Counter, Alarm]) as orchestrator:
        await (orchestrator.start(Counter, id="a") if due else orchestrator.start(Alarm, id="a"))
    await store.open(owner=True)
    loaded = await store.load("a")
    assert loaded is not None
    await store.commit([due or Commit("a", timers_set=[replace(timer, due=1.0) for timer in loaded.timers])])
    for number in range(deaths + 1):
        await store.heartbeat(f"w{number}", 60.0)
        assert await store.claim(f"w{number}", ["Counter", "Alarm"], named=["a"]) == ["a"]
        await store.try_alone(f"w{number}", "a")
        if number < deaths:
            await store.bury(f"w{number}")
    assert await store.deaths(f"w{deaths}") == {"a": deaths}
    await store.release(f"w{deaths}", ["a"])
    await store.leave(f"w{deaths}")
    await store.close()


def added(*numbers: int) -> Commit:
    """Events that wait."""
    rows = [Accepted("a", f"r{n}", "Add", f'{{"by":{n}}}', key=f"k{n}", at=float(n)) for n in numbers]
    return Commit("a", accepted=rows)


async def test_an_instance_whose_turn_has_killed_fewer_goes_on(place: Place) -> None:
    await died(place.store(), DEATHS_MAX - 1, added(1, 2))
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        await orchestrator.get("a").send(Add(by=4))
        assert (await orchestrator.get("a").snapshot()).context.n == 7
        assert await orchestrator.incidents() == []


async def test_one_whose_turn_has_killed_too_many_is_parked_with_the_first_that_is_due(place: Place) -> None:
    await died(place.store(), DEATHS_MAX, added(1, 2))
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        with pytest.raises(InstanceParked, match=f"crash_loop on 'Add': {DEATHS_MAX} workers died in this turn"):
            await orchestrator.get("a").send(Add(by=4))
        (incident,) = await orchestrator.incidents()
        assert (incident.kind, incident.cause, incident.seq) == ("crash_loop", "r1", 1)


async def test_a_retry_tries_it_again_in_later_lives_too(place: Place) -> None:
    await died(place.store(), DEATHS_MAX, added(1))
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        await orchestrator.retry("a")
        await orchestrator.get("a").send(Add(by=4))
        assert (await orchestrator.get("a").snapshot()).context.n == 5
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        await orchestrator.get("a").send(Add(by=4))
        assert [incident.resolution for incident in await orchestrator.incidents(resolved=True)] == ["retried"]


async def test_a_skip_drops_what_killed(place: Place) -> None:
    await died(place.store(), DEATHS_MAX, added(1, 2))
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        await orchestrator.skip("a", by="ann")
        with pytest.raises(Refused, match="was skipped by ann"):
            await orchestrator.get("a").send(Add(by=1), key="k1")
        await orchestrator.get("a").send(Add(by=4))
        assert (await orchestrator.get("a").snapshot()).context.n == 6


async def test_a_timer_whose_turn_kills_is_skipped_as_well(place: Place) -> None:
    await died(place.store(), DEATHS_MAX)
    async with Orchestrator(place.store(), [Alarm]) as orchestrator:

        async def parked() -> bool:
            return [(i.kind, i.event) for i in await orchestrator.incidents()] == [("crash_loop", "after:Quiet#ring")]

        await until_async(parked)
        await orchestrator.skip("a", by="ann")
        assert (await orchestrator.get("a").snapshot()).configuration == {"Quiet"}
