"""Waiting for a state: it is there already, it comes, it came and went, or it never comes."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from fsm import Context, Event, Final, Orchestrator, State, StateMachine, edge
from fsm.errors import InstanceEnded, InstanceParked, StateUnknown, WaitTimeout
from fsm.runtime.instance import Instance
from fsm.runtime.waiting import state_ids
from tests.fsm.runtime.desk import Add, Caller, Clerk, Close, Counter, Desk, Open, Place, Stop, Trouble, settled

pytestmark = pytest.mark.anyio


class Go(Event): ...


class Route(StateMachine[Context, Go]):
    class Away(State, initial=True):
        class Near(State, initial=True): ...

        class Far(State): ...

    class Home(Final): ...

    far = edge(Go, Away.Near, to=Away.Far)
    home = edge(Go, Away.Far, to=Home)


class Detour(Route):
    """The same with other names."""


async def passes(order: Instance[Any, Any, Any], *events: Event) -> None:
    await settled()
    for event in events:
        await order.send(event)


async def test_a_state_that_is_active_already_is_not_waited_for(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        order = await orchestrator.start(Counter, id="a")
        await order.wait_for(Counter.On, timeout=0)
        await order.wait_for("On", timeout=0)


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("events", [(Close(),), (Add(), Close()), (Close(), Open()), (Close(), Open(), Stop())])
async def test_a_state_that_comes_or_came_and_went_is_noticed(
    place: Place, elsewhere: bool, events: tuple[Event, ...]
) -> None:
    async with Orchestrator(place.store(), [Counter]) as one, Orchestrator(place.store(), [Counter]) as two:
        order = await one.start(Counter, id="a")
        waits = two.get("a", Counter) if elsewhere else order
        async with anyio.create_task_group() as group:
            group.start_soon(passes, order, *events)
            await waits.wait_for(Counter.Shut, timeout=30)


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_an_end_without_the_state_is_told(place: Place, elsewhere: bool) -> None:
    async with Orchestrator(place.store(), [Counter]) as one, Orchestrator(place.store(), [Counter]) as two:
        order = await one.start(Counter, id="a")
        waits = two.get("a", Counter) if elsewhere else order
        async with anyio.create_task_group() as group:
            group.start_soon(passes, order, Add(), Stop())
            with pytest.raises(InstanceEnded, match="is done and was not in Shut since"):
                await waits.wait_for("Shut", timeout=30)
        await order.wait_for(Counter.End, timeout=0)


async def test_a_parked_instance_is_told(place: Place, clerk: Clerk) -> None:
    clerk.fail("add 1", Trouble("no line"))
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        order = await orchestrator.start(Caller, id="a")
        with pytest.raises(InstanceParked):
            await order.send(Add())
        where = (await order.snapshot()).configuration
        others = [node.id for node in Caller.__chart__.nodes if node.id and node.id not in where]
        with pytest.raises(InstanceParked, match="no line"):
            await order.wait_for(others[0], timeout=30)


async def test_the_waiting_can_be_bounded_and_goes_on_with_a_restart(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        order = await orchestrator.start(Counter, id="a")
        with pytest.raises(WaitTimeout, match="Counter 'a' in "):
            await order.wait_for(Counter.Shut, timeout=0.02)
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        order = orchestrator.get("a", Counter)
        async with anyio.create_task_group() as group:
            group.start_soon(passes, order, Close())
            await order.wait_for(Counter.Shut, timeout=30)


async def test_a_state_that_the_machine_does_not_have_is_refused(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Counter]) as orchestrator:
        order = await orchestrator.start(Counter, id="a")
        with pytest.raises(StateUnknown, match="Counter has no state 'Of'; its states: On, Shut, End"):
            await order.wait_for("Of")
        with pytest.raises(StateUnknown, match=r"no state Route\.Away\.Far"):
            await order.wait_for(Route.Away.Far)


async def test_a_state_of_a_base_class_is_that_of_the_subclass() -> None:
    assert state_ids(Detour, Route.Away.Far) == state_ids(Detour, "Away.Far") == {"Away.Far"}
