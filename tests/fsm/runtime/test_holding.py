"""A turn that sends to a full inbox waits until there is room, and nothing of it is lost or done twice."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import anyio
import pytest

from fsm import Event, Final, Orchestrator, State, StateMachine, edge, on, on_exit
from fsm.errors import InboxFull, InstanceEnded, InstanceParked
from fsm.limits import HELD_SECONDS_MAX, INBOX_MACHINES_MAX, INBOX_MAX
from fsm.ports.store import Commit, Verdict
from fsm.runtime import holding
from tests.fsm.runtime.desk import (
    Add,
    Clerk,
    Clock,
    Counter,
    Desk,
    Place,
    Tally,
    Wrapped,
    keeper_of,
    settled,
    until,
    until_async,
)

pytestmark = pytest.mark.anyio

FEW = {INBOX_MAX: 3, INBOX_MACHINES_MAX: 5, None: None}


class Narrow(Wrapped):
    """A store with room for a few events."""

    async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
        for commit in batch:
            commit.inbox_max = FEW.get(commit.inbox_max, commit.inbox_max)
        return await super().commit(batch)


class Tell(Event):
    to: str = "a"
    by: int = 1


class Ball(Event):
    to: str
    hops: int


class Twice(Event): ...


class Leave(Event): ...


class Teller(StateMachine[Tally, Tell | Ball | Twice | Add | Leave]):
    """Sends what it is told to send."""

    desk: Desk

    class Here(State, initial=True): ...

    class Gone(Final): ...

    @on(Add, Here)
    def add(self, ev: Add) -> None:
        self.ctx.n += ev.by

    @on(Tell, Here)
    async def tell(self, ev: Tell) -> None:
        self.ctx.log.append(await self.desk.ask(f"tell {ev.by}"))
        self.send(Add(by=ev.by), to=ev.to)

    @on(Ball, Here)
    def play(self, ev: Ball) -> None:
        self.ctx.n += 1
        if ev.hops:
            self.send(Ball(to=self.id, hops=ev.hops - 1), to=ev.to)

    @on(Twice, Here)
    def twice(self) -> None:
        self.ctx.n += 1
        self.send(Twice())
        self.send(Twice())

    leave = edge(Leave, Here, to=Gone)

    @on_exit(Here)
    def goodbye(self) -> None:
        self.send(Add(by=100), to="a")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "HELD_SECONDS", 0.01)
    monkeypatch.setattr(holding, "HELD_SECONDS_LONGEST", 0.01)


@asynccontextmanager
async def crowded(place: Place, clerk: Clerk, clock: Clock | None = None) -> AsyncIterator[Orchestrator]:
    """A paused counter "a" whose inbox is full for machines too, and a teller "t"."""
    orchestrator = Orchestrator(Narrow(place.store()), [Counter, Teller], {Desk: clerk})
    async with clock.drive(orchestrator) if clock is not None else orchestrator:
        counter, teller = await orchestrator.start(Counter, id="a"), await orchestrator.start(Teller, id="t")
        await orchestrator.pause("a")
        for _ in range(3):
            await counter.send(Add(), wait="accepted")
        for _ in range(2):
            await teller.send(Tell())
        yield orchestrator


async def n_of(orchestrator: Orchestrator, id: str) -> int:
    context: Tally = (await orchestrator.get(id).snapshot()).context
    return context.n


async def test_whoever_sends_to_a_full_inbox_is_told_and_a_known_key_gets_its_answer(
    place: Place, clerk: Clerk
) -> None:
    async with Orchestrator(Narrow(place.store()), [Counter, Teller], {Desk: clerk}) as one:
        await one.start(Counter, id="a")
        await one.pause("a")
        async with Orchestrator(Narrow(place.store()), [Counter, Teller], {Desk: clerk}) as two:
            here, there = one.get("a", Counter), two.get("a", Counter)
            await there.send(Add(), key="k", wait="accepted")
            await here.send(Add(), wait="accepted")
            await there.send(Add(), wait="accepted")
            for handle in (here, there):
                with pytest.raises(InboxFull, match="events wait already and 'Add' was not added") as told:
                    await handle.send(Add(), wait="accepted")
                assert (told.value.event, told.value.instance) == ("Add", "a")
                await handle.send(Add(), key="k", wait="accepted")
            with pytest.raises(InboxFull):
                await there.send(Add())
        assert (await place.inbox()).count("waiting") == 3
        await one.resume("a")
        await until_async(lambda: _is(one, "a", 3))


async def _is(orchestrator: Orchestrator, id: str, n: int) -> bool:
    return await n_of(orchestrator, id) == n


async def test_a_turn_waits_for_room_and_then_goes_on_with_its_calls_answered(
    place: Place, clerk: Clerk, caplog: pytest.LogCaptureFixture
) -> None:
    async with crowded(place, clerk) as orchestrator:
        teller, counter = orchestrator.get("t", Teller), orchestrator.get("a", Counter)
        seq = (await place.loaded("t")).record.seq
        async with anyio.create_task_group() as group:
            with caplog.at_level(logging.WARNING, "fsm.runtime"):
                group.start_soon(teller.send, Tell(by=7))
                keeper = await keeper_of(orchestrator, "t")
                await until(lambda: keeper.hold.on)
                await until(lambda: not keeper.hold.on)
                await until(lambda: keeper.hold.on)
            group.start_soon(teller.send, Add())
            await settled()
            assert (await place.loaded("t")).record.seq == seq
            assert len((await place.loaded("a")).inbox) == 5
            await orchestrator.resume("a")
        assert await n_of(orchestrator, "t") == 1
        await until_async(lambda: _is(orchestrator, "a", 12))
        assert clerk.count("tell 7") == 1
        assert (await teller.send(Tell())).seq == seq + 3
        assert keeper.hold.since is None
        await counter.send(Add())
    told = [r.getMessage() for r in caplog.records if "no longer" not in r.getMessage()]
    assert len([line for line in told if "sends to 'a', where too many events wait already" in line]) == 1


async def test_what_went_through_before_it_in_the_same_batch_stays(place: Place, clerk: Clerk) -> None:
    async with crowded(place, clerk) as orchestrator:
        teller = orchestrator.get("t", Teller)
        await orchestrator.pause("t")
        async with anyio.create_task_group() as group:
            for event in (Add(), Add(), Ball(to="a", hops=0), Tell(), Add()):
                group.start_soon(teller.send, event)
                await settled()
            await orchestrator.resume("t")
            await until_async(lambda: _is(orchestrator, "t", 3))
            assert (await place.loaded("t")).record.seq == 6
            await orchestrator.resume("a")
        assert await n_of(orchestrator, "t") == 4


@pytest.mark.parametrize("verb", ["cancel", "terminate"])
async def test_an_operator_is_heard_while_it_waits(place: Place, clerk: Clerk, verb: str) -> None:
    async with crowded(place, clerk) as orchestrator:
        async with anyio.create_task_group() as group:
            group.start_soon(_ended, orchestrator)
            keeper = await keeper_of(orchestrator, "t")
            await until(lambda: keeper.hold.on)
            await orchestrator.pause("t")
            await orchestrator.resume("t")
            if verb == "cancel":  # leaving its states sends something, too
                with pytest.raises(InboxFull, match="'cancel' sends to 'a'"):
                    await orchestrator.cancel("t")
                assert (await place.loaded("t")).record.status == "running"
                await orchestrator.resume("a")
                await until_async(lambda: _is(orchestrator, "a", 6))
                await orchestrator.cancel("t")
            else:
                await orchestrator.terminate("t")
        assert (await place.loaded("t")).record.status == "cancelled"


async def _ended(orchestrator: Orchestrator) -> None:
    with suppress(InstanceEnded):
        await orchestrator.get("t", Teller).send(Tell())


async def test_one_that_waits_for_too_long_is_parked_and_can_be_retried(place: Place, clerk: Clerk) -> None:
    clock = Clock()
    async with crowded(place, clerk, clock) as orchestrator:
        keeper = await keeper_of(orchestrator, "t")
        async with anyio.create_task_group() as group:
            group.start_soon(_parked, orchestrator)
            await until(lambda: keeper.hold.on)
            clock.advance(orchestrator, HELD_SECONDS_MAX)
        (incident,) = await orchestrator.incidents()
        assert (incident.kind, incident.event) == ("InboxFull", "Tell")
        await orchestrator.resume("a")
        await until_async(lambda: _is(orchestrator, "a", 5))
        await orchestrator.retry("t")
        await until_async(lambda: _is(orchestrator, "a", 14))
        assert clerk.count("tell 9") == 1


async def _parked(orchestrator: Orchestrator) -> None:
    with pytest.raises(InstanceParked, match="where too many events wait already"):
        await orchestrator.get("t", Teller).send(Tell(by=9))


async def test_two_that_answer_each_other_go_on_though_others_have_filled_their_inboxes(
    place: Place, clerk: Clerk
) -> None:
    async with Orchestrator(Narrow(place.store()), [Teller], {Desk: clerk}) as orchestrator:
        for id, other in (("x", "y"), ("y", "x")):
            teller = await orchestrator.start(Teller, id=id)
            await orchestrator.pause(id)
            for _ in range(3):
                await teller.send(Ball(to=other, hops=9), wait="accepted")
        await orchestrator.resume("x")
        await orchestrator.resume("y")
        await until_async(lambda: _sum(orchestrator, 60))
        assert await orchestrator.incidents() == []


async def _sum(orchestrator: Orchestrator, n: int) -> bool:
    return await n_of(orchestrator, "x") + await n_of(orchestrator, "y") == n


async def test_one_that_fills_its_own_inbox_is_parked_in_the_end(place: Place, clerk: Clerk) -> None:
    clock = Clock()
    orchestrator = clock.drive(Orchestrator(Narrow(place.store()), [Teller], {Desk: clerk}))
    async with orchestrator:
        teller = await orchestrator.start(Teller, id="t")
        keeper = await keeper_of(orchestrator, "t")
        await teller.send(Twice(), wait="accepted")
        await until(lambda: keeper.hold.on)
        clock.advance(orchestrator, HELD_SECONDS_MAX)
        await until_async(lambda: _has_incident(orchestrator))
        (incident,) = await orchestrator.incidents()
        assert "sends to itself" in incident.message
        assert len((await place.loaded("t")).inbox) == 5


async def _has_incident(orchestrator: Orchestrator) -> bool:
    return bool(await orchestrator.incidents())


async def test_what_waits_for_room_is_taken_by_the_next_orchestrator(place: Place, clerk: Clerk) -> None:
    async with crowded(place, clerk) as orchestrator:
        await orchestrator.get("t", Teller).send(Tell(by=7), wait="accepted")
        keeper = await keeper_of(orchestrator, "t")
        await until(lambda: keeper.hold.on)
    async with Orchestrator(Narrow(place.store()), [Counter, Teller], {Desk: clerk}) as orchestrator:
        await orchestrator.resume("a")
        await until_async(lambda: _is(orchestrator, "a", 12))
    assert clerk.count("tell 7") == 1
