"""Asking a running machine: the answer comes after the commit, and the same key gets the same one, wherever it asks."""

from __future__ import annotations

import json

import anyio
import pytest

from fsm import Context, Event, Orchestrator, State, StateMachine, defer, edge, on
from fsm.errors import (
    EventInvalid,
    InstanceParked,
    NotAccepted,
    NotAnswered,
    StoreError,
    WaitTimeout,
)
from fsm.ports.retaining import Keep
from fsm.talking import Question
from tests.fsm.runtime.desk import Clerk, Desk, Place, Trouble, Wrapped, settled

pytestmark = pytest.mark.anyio


class Price(Context):
    amount: int
    at: int


class Quote(Question[Price]):
    item: str


class Ring(Question[str]): ...


class Silent(Question[int]): ...


class Go(Event): ...


class Book(Context):
    asked: int = 0


class Shop(StateMachine[Book, Quote | Ring | Silent | Go]):
    desk: Desk

    class Open(State, initial=True): ...

    class Lunch(State): ...

    @on(Quote, Open)
    def price(self, ev: Quote) -> None:
        self.ctx.asked += 1
        self.reply(Price(amount=len(ev.item), at=self.ctx.asked))

    @on(Ring, Open)
    async def ring(self) -> None:
        self.reply(await self.desk.ask("ring"))

    silent = edge(Silent, Open)
    later = defer(Quote, Lunch)
    shut = edge(Go, Open, to=Lunch)
    again = edge(Go, Lunch, to=Open)


async def test_an_answer_comes_with_the_commit_and_is_kept_for_its_key(place: Place, clerk: Clerk) -> None:
    async with Orchestrator(place.store(), [Shop], {Desk: clerk}) as orchestrator:
        shop = await orchestrator.start(Shop, id="a")
        assert await shop.ask(Quote(item="book"), key="q") == Price(amount=4, at=1)
        assert await shop.ask(Quote(item="book"), key="q") == Price(amount=4, at=1)
        assert await shop.ask(Quote(item="pen")) == Price(amount=3, at=2)
        row = await orchestrator.store.find_key("a", "q")
        assert row is not None
        assert json.loads(row.outcome or "") == {"seq": 2, "reply": {"amount": 4, "at": 1}}
    async with Orchestrator(place.store(), [Shop], {Desk: clerk}) as orchestrator:
        assert await orchestrator.get("a", Shop).ask(Quote(item="book"), key="q") == Price(amount=4, at=1)


async def test_an_instance_of_another_worker_answers_as_well(place: Place, clerk: Clerk) -> None:
    services = {Desk: clerk}
    async with (
        Orchestrator(place.store(), [Shop], services) as one,
        Orchestrator(place.store(), [Shop], services) as two,
    ):
        here, there = await one.start(Shop, id="a"), two.get("a", Shop)
        assert await there.ask(Quote(item="book"), key="q", timeout=30) == Price(amount=4, at=1)
        assert await there.ask(Ring(), timeout=30) == "RING"
        assert await here.ask(Quote(item="book"), key="q") == Price(amount=4, at=1)
        with pytest.raises(NotAnswered):
            await there.ask(Silent(), timeout=30)


async def test_whoever_asks_with_the_same_key_meanwhile_gets_the_same_answer(place: Place, clerk: Clerk) -> None:
    gate, answers = clerk.hold("ring"), []
    async with Orchestrator(place.store(), [Shop], {Desk: clerk}) as orchestrator:
        shop = await orchestrator.start(Shop, id="a")

        async def ask() -> None:
            answers.append(await shop.ask(Ring(), key="r"))

        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            await gate.arrived.wait()
            group.start_soon(ask)
            await settled()
            assert answers == []
            gate.go.set()
    assert answers == ["RING", "RING"]
    assert clerk.count("ring") == 1


async def test_a_question_that_was_kept_for_later_is_answered_later(place: Place, clerk: Clerk) -> None:
    answers = []
    async with Orchestrator(place.store(), [Shop], {Desk: clerk}) as orchestrator:
        shop = await orchestrator.start(Shop, id="a")
        await shop.send(Go())

        async def ask() -> None:
            answers.append(await shop.ask(Quote(item="book")))

        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            await settled()
            with pytest.raises(WaitTimeout):
                await shop.ask(Quote(item="pen"), key="pen", timeout=0.02)
            await shop.send(Go())
    assert answers == [Price(amount=4, at=1)]


async def test_questions_that_are_not_taken_are_told_as_events_are(place: Place, clerk: Clerk) -> None:
    clerk.fail("ring", Trouble("no line"))
    async with Orchestrator(place.store(), [Shop], {Desk: clerk}) as orchestrator:
        shop = await orchestrator.start(Shop, id="a")
        with pytest.raises(NotAnswered, match="'Silent' was taken"):
            await shop.ask(Silent(), key="s")
        with pytest.raises(EventInvalid, match="the key belongs to an earlier 'Silent'"):
            await shop.ask(Ring(), key="s")
        with pytest.raises(EventInvalid, match="no question"):
            await shop.ask(Go())  # type: ignore[arg-type]
        await shop.send(Go())
        with pytest.raises(NotAccepted):
            await shop.ask(Ring())
        await shop.send(Go())
        with pytest.raises(InstanceParked):
            await shop.ask(Ring(), key="r")
        await shop.retry()
        assert await shop.ask(Ring(), key="r") == "RING"


async def test_an_answer_outlives_its_instance_as_long_as_its_key(place: Place, clerk: Clerk) -> None:
    async with Orchestrator(place.store(), [Shop], {Desk: clerk}) as orchestrator:
        shop = await orchestrator.start(Shop, id="a")
        await shop.ask(Quote(item="book"), key="q")
        await shop.cancel()
        assert await orchestrator.store.prune("Shop", Keep(last=0)) == 1
        row = await orchestrator.store.find_key("a", "q")
        assert row is not None
        assert "reply" in json.loads(row.outcome or "")


async def test_an_answer_whose_commit_was_reported_as_failed_is_given(memory: Place, clerk: Clerk) -> None:
    class Doubtful(Wrapped):
        """Writes, and says that it did not."""

        doubtful = False

        async def commit(self, batch):  # type: ignore[no-untyped-def]
            verdicts = await self.inner.commit(batch)
            if self.doubtful:
                self.doubtful = False
                raise StoreError("the answer was lost")
            return verdicts

    store = Doubtful(memory.store())
    async with Orchestrator(store, [Shop], {Desk: clerk}) as orchestrator:
        shop = await orchestrator.start(Shop, id="a")
        store.doubtful = True
        try:
            assert await shop.ask(Quote(item="book"), key="q") == Price(amount=4, at=1)
        except StoreError:
            assert await shop.ask(Quote(item="book"), key="q") == Price(amount=4, at=1)
        assert (await shop.snapshot()).context.asked == 1
