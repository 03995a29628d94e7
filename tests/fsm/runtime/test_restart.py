"""Choices, events that are kept, and data of states in the durable runtime: a restart changes nothing about them."""

from __future__ import annotations

import pytest

from fsm import Choice, Context, Event, Orchestrator, State, StateMachine, choose, defer, edge, on
from fsm.errors import FsmError, InstanceParked
from tests.fsm.runtime.desk import Clerk, Desk, Place, until_async

pytestmark = pytest.mark.anyio


class Go(Event): ...


class Pay(Event):
    n: int = 1


class Fail(Event): ...


class Stop(Event): ...


class Log(Context):
    seen: list[str] = []


class Order(StateMachine[Log, Go | Pay | Fail | Stop]):
    """Decides with the desk, keeps payments while it checks, and counts its checks."""

    desk: Desk

    class Checking(State, initial=True):
        checks: int = 0

    class Route(Choice): ...

    class Good(State): ...

    class Bad(State): ...

    later = defer(Pay, Checking)
    go = edge(Go, Checking, to=Route)
    back = edge(Go, Good, Bad, to=Checking)

    @choose(Route)
    async def route(self) -> type[Good] | type[Bad]:
        return self.Good if await self.desk.allow("route") else self.Bad

    @on(Fail, Checking)
    def check(self) -> None:
        self.local(self.Checking).checks += 1

    @on(Stop, Checking)
    def stop(self) -> None:
        self.local(self.Checking).checks = 100
        self.send(Pay(n=2))
        self.raise_(Pay(n=3))

    @on(Pay, Good)
    def pay(self, ev: Pay) -> None:
        self.ctx.seen.append(f"pay {ev.n}")


async def test_a_choice_that_was_cut_short_is_made_again_with_the_same_key(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("route")
    async with Orchestrator(place.store(), [Order], services={Desk: clerk}, drain_seconds=0) as orchestrator:
        order = await orchestrator.start(Order, id="a")
        await order.send(Go(), wait="accepted")
        await gate.arrived.wait()
    gate.go.set()
    async with Orchestrator(place.store(), [Order], services={Desk: clerk}) as orchestrator:
        order = orchestrator.get("a", Order)

        async def decided() -> bool:
            return (await order.snapshot()).configuration == {"Good"}

        await until_async(decided)
    assert clerk.count("route") == 2
    assert len(set(clerk.keys("route"))) == 1


async def test_a_choice_that_fails_parks_the_instance_and_is_made_by_a_retry(place: Place, clerk: Clerk) -> None:
    clerk.fail("route", OSError("closed"))
    async with Orchestrator(place.store(), [Order], services={Desk: clerk}) as orchestrator:
        order = await orchestrator.start(Order, id="a")
        with pytest.raises(InstanceParked, match="the choice Route"):
            await order.send(Go())
        assert (await order.snapshot()).configuration == {"Checking"}
    async with Orchestrator(place.store(), [Order], services={Desk: clerk}) as orchestrator:
        await orchestrator.retry("a")
        order = orchestrator.get("a", Order)

        async def decided() -> bool:
            return (await order.snapshot()).configuration == {"Good"}

        await until_async(decided)


async def test_kept_events_are_taken_after_a_restart_in_their_order(place: Place, clerk: Clerk) -> None:
    async with Orchestrator(place.store(), [Order], services={Desk: clerk}) as orchestrator:
        order = await orchestrator.start(Order, id="a")
        await order.send(Pay(n=1), key="one", wait="accepted")
        await order.send(Stop())
        await order.send(Pay(n=4), wait="accepted")
    async with Orchestrator(place.store(), [Order], services={Desk: clerk}) as orchestrator:
        order = orchestrator.get("a", Order)
        assert (await order.snapshot()).context.seen == []
        await order.send(Go())

        async def taken() -> bool:
            return len((await order.snapshot()).context.seen) == 4

        await until_async(taken)
        seen = (await order.snapshot()).context.seen
        assert seen[0] == "pay 1"
        assert sorted(seen) == ["pay 1", "pay 2", "pay 3", "pay 4"]
        await order.send(Pay(n=1), key="one")
        assert (await order.snapshot()).context.seen == seen, "its key has counted"


async def test_data_of_a_state_survives_a_restart_and_a_turn_that_fails(place: Place, clerk: Clerk) -> None:
    async with Orchestrator(place.store(), [Order], services={Desk: clerk}) as orchestrator:
        order = await orchestrator.start(Order, id="a")
        await order.send(Fail())
        await order.send(Fail())
    async with Orchestrator(place.store(), [Order], services={Desk: clerk}) as orchestrator:
        order = orchestrator.get("a", Order)
        assert (await order.snapshot()).locals == {"Checking": {"checks": 2}}
        clerk.fail("route", OSError("closed"))
        with pytest.raises(FsmError):
            await order.send(Go())
        assert (await order.snapshot()).locals == {"Checking": {"checks": 2}}
        await orchestrator.retry("a")

        async def decided() -> bool:
            return (await order.snapshot()).configuration == {"Good"}

        await until_async(decided)
        assert (await order.snapshot()).locals == {}
        await order.send(Go())
        assert (await order.snapshot()).locals == {"Checking": {"checks": 0}}


async def test_a_cancelled_instance_still_shows_the_data_that_its_state_had(place: Place, clerk: Clerk) -> None:
    async with Orchestrator(place.store(), [Order], services={Desk: clerk}) as orchestrator:
        order = await orchestrator.start(Order, id="a")
        await order.send(Fail())
        await orchestrator.cancel("a")
        assert (await order.snapshot()).locals == {"Checking": {"checks": 1}}
    async with Orchestrator(place.store(), [Order], services={Desk: clerk}) as orchestrator:
        assert (await orchestrator.get("a", Order).snapshot()).locals == {"Checking": {"checks": 1}}


async def test_sends_of_one_turn_of_which_one_is_taken_back_all_arrive(place: Place) -> None:
    class Sender(StateMachine[Log, Go | Pay]):
        class A(State, initial=True): ...

        @on(Go, A)
        def go(self) -> None:
            self.send(Pay(n=1), delay="1h", id="x")
            self.send(Pay(n=2))
            self.cancel_send("x")
            self.send(Pay(n=3))

        @on(Pay, A)
        def pay(self, ev: Pay) -> None:
            self.ctx.seen.append(f"pay {ev.n}")

    async with Orchestrator(place.store(), [Sender]) as orchestrator:
        sender = await orchestrator.start(Sender, id="a")
        await sender.send(Go())

        async def arrived() -> bool:
            return (await sender.snapshot()).context.seen == ["pay 2", "pay 3"]

        await until_async(arrived)
