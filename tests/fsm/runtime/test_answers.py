"""Whoever waits for an event is answered, though its turn was taken by another keeper, or another worker."""

from __future__ import annotations

import anyio
import pytest

from fsm import Orchestrator
from fsm.errors import InstanceEnded
from fsm.runtime.host import Lost
from tests.fsm.runtime.desk import Add, Caller, Clerk, Counter, Desk, Place, Stop, keeper_of, until

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("key", [None, "k"])
async def test_a_turn_that_another_worker_makes_impossible_is_taken_there(
    place: Place, clerk: Clerk, key: str | None
) -> None:
    gate = clerk.hold("add 1")
    machines = [Caller]
    async with Orchestrator(place.store(), machines, {Desk: clerk}) as one:
        caller = await one.start(Caller, id="a")
        steps: list[int] = []

        async def send(by: int) -> None:
            steps.append((await caller.send(Add(by=by), key=key and f"{key}{by}")).seq)

        async with Orchestrator(place.store(), machines, {Desk: clerk}) as two, anyio.create_task_group() as group:
            group.start_soon(send, 1)
            await gate.arrived.wait()
            group.start_soon(send, 2)
            assert await two.store.claim(two._fleet.claims.worker, ["Caller"], named=["a"]) == []
            await two.store.bury(one._fleet.claims.worker)
            with anyio.fail_after(30):
                while "a" not in two._fleet.claims.mine:
                    await anyio.sleep(0.01)
            gate.go.set()
        assert sorted(steps) == [2, 3]
        assert (await caller.snapshot()).context.n == 3
        assert len(set(clerk.keys("note 1"))) == 1


async def test_an_event_that_another_worker_has_taken_with_the_same_key_gets_its_outcome(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Orchestrator(place.store(), [Counter]) as one, Orchestrator(place.store(), [Counter]) as two:
        counter = await one.start(Counter, id="a")
        past = await keeper_of(one, "a")
        await one.store.bury(one._fleet.claims.worker)
        await until(lambda: two._fleet.claims.mine == {"a"})
        first = await two.get("a", Counter).send(Add(), key="k")

        async def not_yet(instance: str, key: str) -> None:
            monkeypatch.undo()

        monkeypatch.setattr(one.store, "find_key", not_yet)  # asked a moment before the other worker took it
        assert not past.gone
        with anyio.fail_after(30):
            assert (await counter.send(Add(), key="k")).seq == first.seq
        assert (await counter.snapshot()).context.n == 1


async def test_work_of_a_lost_keeper_that_has_ended_meanwhile_is_refused(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        keeper = await keeper_of(orchestrator, "a")
        await orchestrator._fleet.forget(keeper, Lost("read it again"))
        await counter.send(Stop())
        with pytest.raises(InstanceEnded):
            await counter.send(Add())
