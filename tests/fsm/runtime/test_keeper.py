"""A keeper takes the turns of one instance, one after the other, and they are its own."""

from __future__ import annotations

import anyio
import pytest

from fsm import Orchestrator
from tests.fsm.runtime.desk import Add, Caller, Clerk, Close, Counter, Desk, Lower, Place, Stop, keeper_of, until

pytestmark = pytest.mark.anyio


async def test_turns_of_one_instance_are_taken_one_after_the_other(place: Place, clerk: Clerk) -> None:
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        async with anyio.create_task_group() as group:
            for number in range(1, 6):
                group.start_soon(caller.send, Add(by=number))
        order = [m.what.split()[1] for m in clerk.made]
        assert order[::2] == order[1::2]
        assert (await caller.snapshot()).context.n == 15


async def test_a_slow_instance_does_not_hold_up_another(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("add 1")
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        slow, fast = await orchestrator.start(Caller, id="slow"), await orchestrator.start(Caller, id="fast")
        async with anyio.create_task_group() as group:
            group.start_soon(slow.send, Add())
            await gate.arrived.wait()
            assert (await fast.send(Add(by=2))).seq == 2
            gate.go.set()


async def test_what_was_evaluated_before_a_call_is_durable_when_the_call_is_made(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("left")
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        async with anyio.create_task_group() as group:
            group.start_soon(caller.send, Lower(), "k")
            await gate.arrived.wait()
            row = await orchestrator.store.find_key("a", "k")
            assert row is not None
            assert row.state == "waiting"
            gate.go.set()


async def test_a_turn_without_a_call_leaves_no_inbox_row_unless_it_has_a_key(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await counter.send(Add())
        assert await place.inbox() == []
        await counter.send(Add(), key="k")
        assert await place.inbox() == ["consumed"]


async def test_an_ended_keeper_is_idle_and_may_be_forgotten(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await counter.send(Close())
        await counter.send(Stop())
        keeper = await keeper_of(orchestrator, "a")
        await until(lambda: keeper.idle)
        assert keeper.status.ended
