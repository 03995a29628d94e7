"""The handle that users hold."""

from __future__ import annotations

import pytest

from fsm import Orchestrator
from fsm.errors import InstanceUnknown
from tests.fsm.runtime.desk import Add, Counter, Lower, Open, Place, Stop

pytestmark = pytest.mark.anyio


async def test_a_handle_can_be_awaited_to_make_sure_that_the_instance_exists(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Counter]) as orchestrator:
        await orchestrator.start(Counter, id="a")
        assert (await orchestrator.get("a", Counter)).id == "a"
        with pytest.raises(InstanceUnknown, match="'b'"):
            await orchestrator.get("b")


async def test_a_handle_says_what_it_stands_for(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Counter]) as orchestrator:
        assert repr(orchestrator.get("a", Counter)) == "<Counter 'a'>"


async def test_handles_of_one_instance_see_the_same(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Counter]) as orchestrator:
        first = await orchestrator.start(Counter, id="a")
        await first.send(Add(by=3))
        assert (await orchestrator.get("a", Counter).snapshot()).context.n == 3


async def test_a_handle_says_what_the_instance_would_take(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        before = await counter.snapshot()
        assert await counter.can(Add(by=3))
        assert not await counter.can(Open())
        assert not await counter.can(Lower())
        assert "Add" in await counter.enabled_events()
        assert (await counter.snapshot()).context == before.context


async def test_a_result_is_given_when_the_last_turn_is_committed(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        for number in range(20):
            counter = await orchestrator.start(Counter, id=str(number))
            await counter.send(Stop(), wait="accepted")
            await counter.result(timeout=30)
            assert (await counter.snapshot()).status == "done"
