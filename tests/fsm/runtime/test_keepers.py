"""Who waits takes little room, and goes on as if nothing had been."""

from __future__ import annotations

import gc
import weakref

import pytest

from fsm import Orchestrator
from fsm.errors import InstanceUnknown
from fsm.ports.store import Accepted, Commit
from fsm.runtime import keepers
from tests.fsm.runtime.desk import Add, Counter, Place, Stop, Tally, keeper_of, until, until_async

pytestmark = pytest.mark.anyio


async def test_an_instance_that_has_begun_rests_as_its_row(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, Tally(n=4), id="a")
        fleet = orchestrator._fleet
        assert fleet.keepers.warm("a") is None
        assert set(fleet.keepers._resting) == {"a"}
        assert (await counter.send(Add())).seq == 2
        assert fleet.keepers.warm("a") is not None
        assert (await counter.snapshot()).context.n == 5


async def test_a_resting_instance_takes_what_another_process_sends(file: Place) -> None:
    async with Orchestrator(file.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await until(lambda: not orchestrator._fleet._poked)
        other = file.store()
        await other.open(owner=False)
        await other.commit([Commit("a", accepted=[Accepted("a", "r", "Add", '{"by":5}', at=1.0)])])
        await other.close()

        async def taken() -> bool:
            return bool((await counter.snapshot()).context.n == 5)

        await until_async(taken)


async def test_the_same_start_again_finds_the_resting_instance(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        await orchestrator.start(Counter, Tally(n=4), id="a")
        again = await orchestrator.start(Counter, Tally(n=4), id="a")
        assert (await again.send(Add())).seq == 2


async def test_rows_are_few_as_well(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepers, "RESTING_MAX", 2)
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        for number in range(5):
            await orchestrator.start(Counter, Tally(n=number), id=f"c{number}")
        assert set(orchestrator._fleet.keepers._resting) == {"c3", "c4"}
        for number in range(5):
            counter = orchestrator.get(f"c{number}", Counter)
            await counter.send(Add())
            assert (await counter.snapshot()).context.n == number + 1


async def test_an_ended_instance_leaves_nothing_in_memory(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        keeper = await keeper_of(orchestrator, "a")
        left = weakref.ref(keeper)
        del keeper
        gc.collect()
        gc.disable()
        try:
            assert (await counter.send(Stop())).done
            await until(lambda: left() is None)  # at once: no cycle holds it
        finally:
            gc.enable()
        keepers_now = orchestrator._fleet.keepers
        assert (len(keepers_now), len(keepers_now._resting)) == (0, 0)
        assert await counter.result() == 0


async def test_who_does_not_exist_is_not_found(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        with pytest.raises(InstanceUnknown, match="no instance 'a'"):
            await orchestrator._fleet.keepers.find("a")
