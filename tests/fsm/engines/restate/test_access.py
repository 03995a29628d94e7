"""Access to instances of which nothing is in this process."""

from __future__ import annotations

import re

import pytest

from fsm.engines import open_engine
from fsm.errors import EventInvalid, InstanceEnded, InstanceExists, InstanceUnknown, WaitTimeout
from fsm.ports.store import Status
from tests.engines.hosts import Host
from tests.engines.shop import Courier, End, Note, Pay, Rest, Shop

pytestmark = pytest.mark.anyio


async def test_a_process_that_only_asks_sends_steers_and_looks(host: Host) -> None:
    async with host.engine() as serving:
        await serving.start(Shop, id="A")
        async with open_engine(re.sub("&listen=[^&]*", "", host.url)) as asking:
            assert (await asking.find())[0].id == "A"
        async with host.asking() as asking:
            shop = asking.get("A")
            assert (await shop.send(Note(n=2))).seq == 2
            await asking.pause("A")
            await asking.resume("A")
            await shop.send(End())
            assert await shop.result() == 2


async def test_what_cannot_be_is_refused_before_anything_is_sent(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        with pytest.raises(InstanceUnknown):
            await engine.cancel("B")
        with pytest.raises(EventInvalid):
            await shop.send("nothing")
        with pytest.raises(InstanceExists):
            await engine.get("A", Courier).send(End())  # type: ignore[call-arg]
        await shop.send(End())
        with pytest.raises(InstanceEnded):
            await shop.send(Note())
        with pytest.raises(InstanceEnded):
            await engine.cancel("A")


async def test_waiting_may_end_before_the_work(host: Host) -> None:
    host.slow = 0.3
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        with pytest.raises(WaitTimeout):
            await shop.send(Pay(amount=1), timeout=0.05)
        await shop.send(Note())
        assert (await shop.snapshot()).context.paid == ["charged 1", "shipped 1"]


async def test_terminating_runs_nothing_of_the_machine_and_ends_its_timers(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Rest())
        await engine.terminate("A", by="ann", reason="over")  # type: ignore[attr-defined]
        snapshot = await shop.snapshot()
        assert (snapshot.status, snapshot.context.fired, snapshot.timers) == (Status.CANCELLED, 0, ())
