"""An event that is not taken leaves nothing but the outcome of its key."""

from __future__ import annotations

import pytest

from fsm import Orchestrator
from fsm.errors import NotAccepted, Refused
from tests.fsm.runtime.desk import Counter, Lower, Open, Place

pytestmark = pytest.mark.anyio


async def test_a_refused_event_says_which_guard_and_changes_nothing(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        with pytest.raises(Refused, match="positive"):
            await counter.send(Lower())
        assert [e.event for e in await counter.history()] == ["start"]
        assert await orchestrator.store.newer(0) == (0, [])


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
