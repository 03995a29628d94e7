"""An instance that another worker runs is asked through its inbox: the same answers, the same errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from fsm import Orchestrator
from fsm.errors import (
    InstanceCancelled,
    InstanceEnded,
    InstanceError,
    InstanceExists,
    InstanceParked,
    InstanceUnknown,
    NotAccepted,
    Refused,
    WaitTimeout,
)
from fsm.runtime.elsewhere import Elsewhere
from tests.fsm.runtime.desk import (
    Add,
    Caller,
    Clerk,
    Close,
    Counter,
    Desk,
    Greeter,
    Lower,
    Open,
    Place,
    Stop,
    Tally,
    Trouble,
)

pytestmark = pytest.mark.anyio
MACHINES: list[type[Any]] = [Counter, Caller, Greeter]


@pytest.fixture
async def one(place: Place, clerk: Clerk) -> AsyncIterator[Orchestrator]:
    """Who has the instances."""
    async with Orchestrator(place.store(), MACHINES, {Desk: clerk}) as orchestrator:
        yield orchestrator


@pytest.fixture
async def two(place: Place, clerk: Clerk, one: Orchestrator) -> AsyncIterator[Orchestrator]:
    """Who asks."""
    async with Orchestrator(place.store(), MACHINES, {Desk: clerk}) as orchestrator:
        yield orchestrator


async def test_an_event_is_processed_there_and_answered_here(one: Orchestrator, two: Orchestrator) -> None:
    await one.start(Counter, id="a")
    there = two.get("a", Counter)
    with pytest.raises(Elsewhere):
        await two._fleet.keepers.find("a")
    step = await there.send(Add(by=5), key="k")
    assert (step.event, step.seq, step.configuration) == ("Add", 2, {"On"})
    assert (await there.send(Add(by=5), key="k")).seq == 2
    assert (await there.snapshot()).context.n == 5
    assert [e.seq for e in await there.history()] == [1, 2]
    accepted = await there.send(Add(), wait="accepted")
    assert (accepted.seq, accepted.configuration) == (2, {"On"})
    assert (await there.send(Add())).seq == 4


async def test_refusals_come_back_as_what_they_are(one: Orchestrator, two: Orchestrator) -> None:
    await one.start(Counter, id="a")
    there = two.get("a", Counter)
    with pytest.raises(Refused, match="positive"):
        await there.send(Lower())
    with pytest.raises(NotAccepted):
        await there.send(Open())
    await there.send(Close())
    assert (await there.send(Open())).configuration == {"On"}


async def test_the_result_and_the_end_are_seen_from_here(one: Orchestrator, two: Orchestrator) -> None:
    await one.start(Counter, id="a")
    there = two.get("a", Counter)
    with pytest.raises(WaitTimeout):
        await there.result(timeout=0.05)
    step = await there.send(Stop())
    assert (step.done, step.output) == (True, 0)
    assert await there.result(timeout=30) == 0
    with pytest.raises(InstanceEnded):
        await there.send(Add())


async def test_steering_goes_through_the_inbox(one: Orchestrator, two: Orchestrator) -> None:
    await one.start(Counter, id="a")
    await two.pause("a")
    assert (await two.get("a").snapshot()).status == "paused"
    await two.resume("a")
    with pytest.raises(InstanceError, match="nothing to resume"):
        await two.resume("a")
    await two.cancel("a")
    with pytest.raises(InstanceCancelled):
        await two.get("a", Counter).result(timeout=30)
    with pytest.raises(InstanceEnded):
        await two.cancel("a")


async def test_a_parked_instance_is_seen_and_retried_from_here(
    one: Orchestrator, two: Orchestrator, clerk: Clerk
) -> None:
    clerk.fail("add 1", Trouble("no line"))
    await one.start(Caller, id="a")
    there = two.get("a", Caller)
    with pytest.raises(InstanceParked, match="no line"):
        await there.send(Add(), key="k")
    with pytest.raises(InstanceParked):
        await there.result(timeout=30)
    await there.retry()
    assert (await there.send(Add(), key="k")).seq == 2
    assert clerk.count("note 1") == 1


async def test_the_same_start_elsewhere_is_the_same_instance(
    one: Orchestrator, two: Orchestrator, clerk: Clerk
) -> None:
    await one.start(Counter, Tally(n=3), id="a")
    assert (await (await two.start(Counter, Tally(n=3), id="a")).snapshot()).context.n == 3
    with pytest.raises(InstanceExists, match="other data"):
        await two.start(Counter, id="a")
    with pytest.raises(InstanceExists, match="a Counter"):
        await two.start(Caller, id="a")
    clerk.fail("hello", Trouble("mute"))
    with pytest.raises(InstanceParked):
        await one.start(Greeter, id="g")
    with pytest.raises(InstanceParked, match="mute"):
        await two.start(Greeter, id="g")


async def test_an_event_in_the_inbox_of_a_worker_that_dies_is_answered(
    one: Orchestrator, two: Orchestrator, clerk: Clerk
) -> None:
    gate = clerk.hold("add 1")
    await one.start(Caller, id="a")
    steps: list[int] = []

    async def send() -> None:
        steps.append((await two.get("a", Caller).send(Add())).seq)

    async with anyio.create_task_group() as group:
        group.start_soon(send)
        await gate.arrived.wait()
        await one.store.bury(one._fleet.claims.worker)
        gate.go.set()
    assert steps == [2]
    assert (await one.get("a", Caller).snapshot()).context.n == 1


async def test_an_instance_that_was_erased_is_unknown(one: Orchestrator, two: Orchestrator) -> None:
    with pytest.raises(InstanceUnknown):
        await two.get("a", Counter).send(Add())
    with pytest.raises(InstanceUnknown):
        await two.cancel("a")
