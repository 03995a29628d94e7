"""Turns that are ready at the same moment share a transaction, and a store in trouble leaves nothing half written."""

from __future__ import annotations

import gc
from collections.abc import Sequence

import anyio
import pytest

from fsm import Orchestrator
from fsm.errors import OrchestratorClosed, StoreError, StoreFull
from fsm.ports.store import Commit, Verdict
from fsm.runtime.commit import Committer
from fsm.runtime.strand import Submission
from tests.fsm.runtime.desk import Add, Close, Counter, Open, Place, Stop, Tally, Wrapped, keeper_of, settled, until

pytestmark = pytest.mark.anyio


async def test_events_that_wait_together_share_one_transaction(place: Place) -> None:
    store = Wrapped(place.store())
    async with Orchestrator(store, [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        before = orchestrator._fleet.committer.batches
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(counter.send, Add())
        assert orchestrator._fleet.committer.batches - before <= 2
        assert (await counter.snapshot()).context.n == 20
        assert [e.seq for e in await counter.history()] == list(range(1, 22))


async def test_many_instances_share_few_transactions(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        async with anyio.create_task_group() as group:
            for number in range(100):
                group.start_soon(orchestrator.start, Counter, Tally(), f"c{number}")
        committer = orchestrator._fleet.committer
        assert (committer.commits, committer.batches <= 10) == (100, True)
        async with anyio.create_task_group() as group:
            for number in range(100):
                group.start_soon(orchestrator.get(f"c{number}").send, Add())
        assert (committer.commits, committer.batches <= 20) == (200, True)
        assert {s.seq for s in await orchestrator.find()} == {2}


async def test_a_store_far_away_writes_one_half_while_the_other_is_evaluated(memory: Place) -> None:
    class Far(Wrapped):
        remote = True

        async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
            await settled()  # whoever can go on meanwhile does
            return await super().commit(batch)

    store = Far(memory.store())
    async with Orchestrator(store, [Counter]) as orchestrator:
        async with anyio.create_task_group() as group:
            for number in range(60):
                group.start_soon(orchestrator.start, Counter, Tally(), f"c{number:02}")
        store.batches.clear()

        async def send_three(number: int) -> None:
            for _ in range(3):
                await orchestrator.get(f"c{number:02}").send(Add())

        async with anyio.create_task_group() as group:
            for number in range(60):
                group.start_soon(send_three, number)
        assert [len(batch) for batch in store.batches] == [30] * 6
        halves = [{commit.instance for commit in batch} for batch in store.batches]
        assert halves == [halves[0], halves[1]] * 3


async def test_nobody_is_answered_before_the_commit(place: Place) -> None:
    store = Wrapped(place.store())
    async with Orchestrator(store, [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        keeper = await keeper_of(orchestrator, "a")
        store.gate = anyio.Event()
        answered: list[int] = []

        async def send() -> None:
            answered.append((await counter.send(Add())).seq)

        async with anyio.create_task_group() as group:
            group.start_soon(send)
            await until(lambda: keeper.record.seq == 2)
            await settled()
            assert (answered, (await counter.snapshot()).seq) == ([], 1)
            store.gate.set()
        assert answered == [2]


async def test_a_store_that_fails_tells_the_sender_and_the_instance_goes_on(place: Place) -> None:
    store = Wrapped(place.store())
    async with Orchestrator(store, [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        store.failing.append(StoreFull("no room"))
        with pytest.raises(StoreFull):
            await counter.send(Close(), key="k")
        snapshot = await counter.snapshot()
        assert (snapshot.seq, snapshot.configuration, snapshot.context.log) == (1, {"On"}, [])
        assert (await counter.send(Close(), key="k")).seq == 2
        assert (await counter.send(Open())).configuration == {"On"}
        assert [e.seq for e in await counter.history()] == [1, 2, 3]


async def test_a_start_that_cannot_be_written_can_be_done_again(place: Place) -> None:
    store = Wrapped(place.store())
    async with Orchestrator(store, [Counter]) as orchestrator:
        store.failing.append(StoreFull("no room"))
        with pytest.raises(StoreFull):
            await orchestrator.start(Counter, id="a")
        counter = await orchestrator.start(Counter, id="a")
        assert (await counter.snapshot()).seq == 1


@pytest.mark.parametrize("verb", ["cancel", "pause"])
async def test_steering_that_cannot_be_written_is_not_done(place: Place, verb: str) -> None:
    store = Wrapped(place.store())
    async with Orchestrator(store, [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        store.failing.append(StoreFull("no room"))
        with pytest.raises(StoreFull):
            await getattr(orchestrator, verb)("a")
        assert (await counter.send(Add())).seq == 2
        assert (await counter.snapshot()).status == "running"


async def test_an_accepted_event_that_cannot_be_written_is_not_accepted(place: Place) -> None:
    store = Wrapped(place.store())
    async with Orchestrator(store, [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        store.failing.append(StoreFull("no room"))
        with pytest.raises(StoreFull):
            await counter.send(Add(), "k", "accepted")
        assert (await counter.send(Stop())).output == 0


async def test_one_commit_that_cannot_be_written_does_not_fail_its_neighbours(memory: Place) -> None:
    class Picky(Wrapped):
        async def commit(self, batch):  # type: ignore[no-untyped-def]
            if any(c.instance == "bad" for c in batch):
                raise StoreError("bad")
            return await super().commit(batch)

    async with Orchestrator(Picky(memory.store()), [Counter]) as orchestrator:
        outcomes: dict[str, str] = {}

        async def start(id: str) -> None:
            try:
                await orchestrator.start(Counter, id=id)
                outcomes[id] = "started"
            except StoreError:
                outcomes[id] = "failed"

        async with anyio.create_task_group() as group:
            for id in ("one", "bad", "two"):
                group.start_soon(start, id)
        assert outcomes == {"one": "started", "bad": "failed", "two": "started"}


async def test_a_closed_committer_writes_nothing(memory: Place) -> None:
    store = memory.store()
    await store.open(owner=True)
    async with anyio.create_task_group() as group:
        committer = Committer(store, group.start_soon)
        group.start_soon(committer.serve)
        assert len(await committer.submit([Commit("a")])) == 1
        group.cancel_scope.cancel()
    with pytest.raises(OrchestratorClosed):
        await committer.submit([Commit("a")])


async def test_what_was_written_last_is_not_kept(memory: Place) -> None:
    class Slow(Wrapped):
        async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
            await settled()
            return await super().commit(batch)

    async with Orchestrator(Slow(memory.store()), [Counter]) as orchestrator:
        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(orchestrator.start, Counter, Tally(), f"c{number:02}")
        await settled()
        gc.collect()
        assert not [found for found in gc.get_objects() if isinstance(found, Submission)]
