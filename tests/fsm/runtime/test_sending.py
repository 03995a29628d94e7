"""Whoever sends leads the turn, and never owns it."""

from __future__ import annotations

import anyio
import pytest

from fsm import Orchestrator
from fsm.errors import InboxFull, WaitTimeout
from fsm.runtime import refusal, sending
from tests.fsm.runtime.desk import (
    Add,
    Caller,
    Clerk,
    Counter,
    Desk,
    Open,
    Patient,
    Place,
    Stop,
    Wrapped,
    keeper_of,
    settled,
)

pytestmark = pytest.mark.anyio


async def test_cancelling_a_sender_does_not_touch_the_turn(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await settled()
        with anyio.CancelScope() as scope:
            scope.cancel()
            await counter.send(Add())
        assert scope.cancelled_caught
        snapshot = await counter.snapshot()
        assert (snapshot.seq, snapshot.context.n) == (2, 1)


async def test_a_cancelled_sender_leads_the_turns_of_those_who_joined(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        first, second = await orchestrator.start(Counter, id="a"), await orchestrator.start(Counter, id="b")
        seqs: list[int] = []

        async def send() -> None:
            seqs.append((await second.send(Add())).seq)

        async with anyio.create_task_group() as group:
            group.start_soon(send)
            with anyio.CancelScope() as scope:
                scope.cancel()
                await first.send(Add())
        assert (seqs, (await first.snapshot()).seq) == ([2], 2)


async def test_a_sender_in_a_hurry_is_answered_in_time_by_a_slow_store(place: Place) -> None:
    store = Wrapped(place.store())
    async with Orchestrator(store, [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        store.gate = anyio.Event()
        with anyio.fail_after(30), pytest.raises(WaitTimeout):
            await counter.send(Add(), timeout=0.01)
        store.gate.set()
        assert (await counter.send(Add())).seq == 3


async def test_a_sender_in_a_hurry_is_answered_in_time_by_a_slow_turn(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("add 1")
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        with anyio.fail_after(30), pytest.raises(WaitTimeout):
            await caller.send(Add(), timeout=0.01)
        gate.go.set()
        assert (await caller.send(Add(by=2))).seq == 3


async def test_a_lone_sender_lets_other_tasks_get_on(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        passes = 0

        async def count() -> None:
            nonlocal passes
            while True:
                passes += 1
                await anyio.lowlevel.checkpoint()

        async with anyio.create_task_group() as group:
            group.start_soon(count)
            for _ in range(20):
                await counter.send(Add())
            group.cancel_scope.cancel()
        assert 15 <= passes <= 25  # one pass of the event loop for each


async def test_a_full_inbox_tells_the_sender_and_loses_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "INBOX_MAX", 3)
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await orchestrator.pause("a")
        keeper = await keeper_of(orchestrator, "a")
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(counter.send, Add())
            await settled()
            assert len(keeper.queue) == 3
            with pytest.raises(InboxFull, match="events wait already and 'Stop' was not added"):
                await counter.send(Stop())
            await orchestrator.resume("a")
        assert (await counter.snapshot()).context.n == 3


async def test_an_inbox_that_is_nearly_full_is_told_once(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(refusal, "INBOX_MAX", 5)
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await orchestrator.pause("a")
        for _ in range(6):
            await counter.send(Add(), wait="accepted")
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        await orchestrator.resume("a")
    told = [r.getMessage() for r in caplog.records if "its inbox has" in r.getMessage()]
    assert [line.split(" Find")[0] for line in told] == [
        "'a': its inbox has 4 events, 80 % of the 5 that it may have.",
        "'a': its inbox has 6 events, 120 % of the 5 that it may have.",
    ]


async def test_events_that_are_kept_for_later_fill_the_inbox_too(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "INBOX_MAX", 3)
    async with Orchestrator(place.store(), [Patient]) as orchestrator:
        patient = await orchestrator.start(Patient, id="a")
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(patient.send, Open())
            await settled()
            with pytest.raises(InboxFull):
                await patient.send(Open(), key="new")
            group.cancel_scope.cancel()
