"""An event that is not taken leaves nothing but the outcome of its key."""

from __future__ import annotations

import anyio
import pytest

from fsm import Orchestrator
from fsm.errors import NotAccepted, Refused
from tests.fsm.runtime.desk import (
    Add,
    Alarm,
    Clock,
    Close,
    Counter,
    Lower,
    Open,
    Patient,
    Place,
    keeper_of,
    settled,
    until,
    until_async,
)

pytestmark = pytest.mark.anyio


async def test_a_refused_event_says_which_guard_and_changes_nothing(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        with pytest.raises(Refused, match="positive"):
            await counter.send(Lower())
        assert [e.event for e in await counter.history()] == ["start"]
        assert await place.inbox() == []


async def test_an_event_without_an_edge_says_what_would_be_taken(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        with pytest.raises(NotAccepted, match="Add, Close, Lower, Stop"):
            await counter.send(Open())
        assert [e.event for e in await counter.history()] == ["start"]


async def test_an_accepted_event_that_is_refused_later_keeps_its_outcome(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await counter.send(Lower(), "k", "accepted")
        with pytest.raises(Refused):
            await counter.send(Lower(), "k")
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        with pytest.raises(Refused):
            await orchestrator.get("a", Counter).send(Lower(), "k")


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("machine", [Counter, Patient])
async def test_a_worker_that_lost_an_instance_refuses_and_defers_nothing_by_its_past_state(
    place: Place, key: str | None, machine: type[Counter]
) -> None:
    async with Orchestrator(place.store(), [machine]) as one, Orchestrator(place.store(), [machine]) as two:
        counter = await one.start(machine, id="a")
        await counter.send(Add())
        await one.store.bury(one._fleet.claims.worker)
        await until(lambda: two._fleet.claims.mine == {"a"})
        await two.get("a", machine).send(Close())
        with anyio.fail_after(30):
            assert (await counter.send(Open(), key)).configuration == {"On"}


async def test_a_worker_that_has_an_instance_again_lets_go_of_no_timer_that_it_does_not_know(place: Place) -> None:
    clock = Clock()
    one, two = (Orchestrator(place.store(), [Alarm], clock=clock) for _ in "12")
    async with one:
        await (await one.start(Alarm, id="a")).send(Add())
        past = await keeper_of(one, "a")
        async with two:
            await one.store.bury(one._fleet.claims.worker)
            await until(lambda: two._fleet.claims.mine == {"a"})
            await two.get("a", Alarm).send(Add())
        assert (past.gone, past.record.seq) == (False, 2)
        clock.advance(one, 61)
        await until_async(lambda: _rings(one))
        await settled()
        assert past.gone


async def _rings(orchestrator: Orchestrator) -> bool:
    return (await orchestrator.get("a").snapshot()).configuration == {"Ringing"}
