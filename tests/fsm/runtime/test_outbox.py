"""What a turn sends and spawns leaves with its commit, and arrives once."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import Event, Final, Orchestrator, State, StateMachine, edge, on
from fsm.errors import InstanceParked, StoreFull
from tests.fsm.runtime.desk import (
    Add,
    Clerk,
    Clock,
    Close,
    Counter,
    Desk,
    Place,
    Tally,
    Wrapped,
    settled,
    until_async,
)

pytestmark = pytest.mark.anyio


class Tell(Event):
    to: str = ""
    delay: str = ""


class Bear(Event):
    id: str = ""
    n: int = 0


class Told(Event): ...


class Teller(StateMachine[Tally, Tell | Told | Bear | Add]):
    """Sends events and starts instances."""

    class Here(State, initial=True): ...

    @on(Tell)
    def tell(self, ev: Tell) -> None:
        if ev.to:
            self.send(Add(by=5), to=ev.to, delay=ev.delay or None)
        else:
            self.send(Told(), delay=ev.delay or None)

    @on(Told)
    def told(self) -> None:
        self.ctx.n += 1

    @on(Bear)
    def bear(self, ev: Bear) -> None:
        self.ctx.log.append(self.spawn(Counter, Tally(n=ev.n), id=ev.id or None))

    @on(Add)
    def add(self, ev: Add) -> None:
        self.ctx.n += ev.by


async def number(instance: Any) -> int:
    return int((await instance.snapshot()).context.n)


async def is_number(instance: Any, wanted: int) -> bool:
    return await number(instance) == wanted


async def test_an_event_to_itself_is_a_turn_of_its_own(place: Place) -> None:
    async with Orchestrator(place.store(), [Teller, Counter]) as orchestrator:
        teller = await orchestrator.start(Teller, id="a")
        await teller.send(Tell())
        await until_async(lambda: is_number(teller, 1))
        assert [e.event for e in await teller.history()] == ["start", "Tell", "Told"]


async def test_an_event_to_another_instance_arrives_once(place: Place) -> None:
    async with Orchestrator(place.store(), [Teller, Counter]) as orchestrator:
        teller, counter = await orchestrator.start(Teller, id="a"), await orchestrator.start(Counter, id="b")
        await teller.send(Tell(to="b"))
        await until_async(lambda: is_number(counter, 5))
    async with Orchestrator(place.store(), [Teller, Counter]) as orchestrator:
        await orchestrator.get("b", Counter).send(Add())
        assert await number(orchestrator.get("b")) == 6


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("to", ["", "b"])
async def test_a_delayed_event_arrives_when_its_time_has_come(place: Place, to: str, restart: bool) -> None:
    clock = Clock()
    async with clock.drive(Orchestrator(place.store(), [Teller, Counter])) as orchestrator:
        teller, counter = await orchestrator.start(Teller, id="a"), await orchestrator.start(Counter, id="b")
        await teller.send(Tell(to=to, delay="10s"))
        clock.advance(orchestrator, 9)
        await settled()
        assert (await number(teller), await number(counter)) == (0, 0)
        if not restart:
            clock.advance(orchestrator, 1)
            await until_async(lambda: is_number(counter, 5) if to else is_number(teller, 1))
    clock.now += 100
    async with clock.drive(Orchestrator(place.store(), [Teller, Counter])) as orchestrator:
        receiver = orchestrator.get("b" if to else "a")
        await until_async(lambda: is_number(receiver, 5 if to else 1))
        assert len(await receiver.history()) == (2 if to else 3)


async def test_an_event_to_an_instance_that_starts_later_waits_for_it(place: Place) -> None:
    async with Orchestrator(place.store(), [Teller, Counter]) as orchestrator:
        teller = await orchestrator.start(Teller, id="a")
        await teller.send(Tell(to="later"))
        await settled()
        later = await orchestrator.start(Counter, id="later")
        await until_async(lambda: is_number(later, 5))


async def test_a_spawned_instance_begins_with_the_commit(place: Place) -> None:
    async with Orchestrator(place.store(), [Teller, Counter]) as orchestrator:
        teller = await orchestrator.start(Teller, id="a")
        await teller.send(Bear(n=3))
        (child,) = (await teller.snapshot()).context.log
        counter = orchestrator.get(child, Counter)
        await until_async(lambda: _begun(counter))
        assert await number(counter) == 3
        assert (await orchestrator.find(machine=Counter))[0].parent == "a"


async def _begun(instance: Any) -> bool:
    return bool((await instance.snapshot()).seq == 1)


async def test_a_spawn_of_an_instance_that_exists_leaves_it_alone(place: Place) -> None:
    async with Orchestrator(place.store(), [Teller, Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, Tally(n=1), id="b")
        await counter.send(Close())
        teller = await orchestrator.start(Teller, id="a")
        await teller.send(Bear(id="b", n=9))
        await teller.send(Bear(id="b", n=9))
        await settled()
    async with Orchestrator(place.store(), [Teller, Counter]) as orchestrator:
        snapshot = await orchestrator.get("b").snapshot()
        await settled()
        assert (snapshot.configuration, snapshot.context.n, snapshot.seq) == ({"Shut"}, 1, 2)


async def test_a_spawn_of_a_machine_that_was_not_given_parks(place: Place) -> None:
    async with Orchestrator(place.store(), [Teller]) as orchestrator:
        teller = await orchestrator.start(Teller, id="a")
        with pytest.raises(InstanceParked, match="machines="):
            await teller.send(Bear())


async def test_nothing_leaves_when_the_commit_fails(place: Place) -> None:
    store = Wrapped(place.store())
    async with Orchestrator(store, [Teller, Counter]) as orchestrator:
        teller, counter = await orchestrator.start(Teller, id="a"), await orchestrator.start(Counter, id="b")
        store.failing.append(StoreFull("no room"))
        with pytest.raises(StoreFull):
            await teller.send(Tell(to="b"))
        await settled()
        assert await number(counter) == 0
        await teller.send(Tell(to="b"))
        await until_async(lambda: is_number(counter, 5))
        assert [e.event for e in await teller.history()] == ["start", "Tell"]


class Last(StateMachine[Tally, Add | Tell]):
    """Sends a word when it ends."""

    desk: Desk

    class Here(State, initial=True): ...

    class End(Final): ...

    finish = edge(Add, Here, to=End)

    @on(Tell, Here, to=End)
    async def tell(self, ev: Tell) -> None:
        self.send(Add(by=5), to=ev.to)
        await self.desk.ask("bye")


async def test_an_ending_instance_still_tells_others(place: Place, clerk: Clerk) -> None:
    async with Orchestrator(place.store(), [Last, Counter], {Desk: clerk}) as orchestrator:
        last, counter = await orchestrator.start(Last, id="a"), await orchestrator.start(Counter, id="b")
        assert (await last.send(Tell(to="b"))).done
        await until_async(lambda: is_number(counter, 5))
