"""Keepers are loaded when needed, forgotten when idle, and notice what other processes write."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio
import pytest

from fsm import Orchestrator
from fsm.errors import DefinitionError, InstanceEnded, MachineUnknown
from fsm.ports.store import Accepted, Commit, Status
from fsm.runtime import keepers
from fsm.runtime.fleet import POLL_SECONDS
from tests.fsm.runtime.desk import (
    SECONDS,
    Add,
    Alarm,
    Caller,
    Clerk,
    Counter,
    Desk,
    Errand,
    Place,
    Stop,
    Tally,
    keeper_of,
    until,
    until_async,
)

pytestmark = pytest.mark.anyio


def accepted(ref: str, key: str | None = None, *, by: int = 1) -> Commit:
    return Commit("a", accepted=[Accepted("a", ref, "Add", f'{{"by":{by}}}', key=key, at=1.0)])


async def is_number(instance: Any, wanted: int) -> bool:
    return bool((await instance.snapshot()).context.n == wanted)


async def test_an_event_of_another_process_is_noticed(file: Place) -> None:
    async with Orchestrator(file.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        other = file.store()
        await other.open(owner=False)
        await other.commit([accepted("r1", "k", by=5)])
        await until_async(lambda: is_number(counter, 5))
        row = await other.find_key("a", "k")
        assert row is not None
        assert row.state == "consumed"
        await other.close()
        assert (await counter.send(Add(by=5), key="k")).seq == 2
        assert await is_number(counter, 5)


async def test_an_event_accepted_while_nobody_ran_is_taken_at_start(place: Place) -> None:
    store = place.store()
    async with Orchestrator(store, [Counter]) as orchestrator:
        await orchestrator.start(Counter, id="a")
    store = place.store()
    await store.open(owner=False)
    await store.commit([accepted("r1", by=5)])
    await store.close()
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        await until_async(lambda: is_number(orchestrator.get("a"), 5))


@pytest.mark.parametrize("calls", [False, True])
async def test_a_key_that_another_process_took_meanwhile_is_applied_once(
    file: Place, clerk: Clerk, calls: bool
) -> None:
    gate = clerk.hold("add 7")
    if not calls:
        clerk.gates["add 1"] = clerk.hold("unused")
        clerk.gates["add 1"].go.set()
    async with Orchestrator(file.store(), [Caller], {Desk: clerk}) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        keeper = await keeper_of(orchestrator, "a")
        other = file.store()
        await other.open(owner=False)
        seqs: list[int] = []

        async def send() -> None:
            event = Add() if calls else Stop()
            seqs.append((await caller.send(event, key="k", timeout=30)).seq)

        async with anyio.create_task_group() as group:
            group.start_soon(caller.send, Add(by=7))
            await gate.arrived.wait()
            group.start_soon(send)
            await until(lambda: len(keeper.queue) == 1)
            name, payload = ("Add", '{"by":1}') if calls else ("Stop", "{}")
            await other.commit([Commit("a", accepted=[Accepted("a", "r1", name, payload, key="k", at=1.0)])])
            gate.go.set()
        await other.close()
        assert seqs == [3]
        snapshot = await caller.snapshot()
        assert (snapshot.seq, snapshot.context.n) == (3, 8 if calls else 7)
        assert not await orchestrator.incidents()


async def test_machines_that_are_not_registered_are_left_alone_and_counted(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter, Alarm]) as orchestrator:
        await orchestrator.start(Counter, id="a")
        await orchestrator.start(Alarm, id="b")
    store = place.store()
    await store.open(owner=False)
    await store.commit([accepted("r1")])
    await store.close()
    async with Orchestrator(place.store(), [Alarm]) as orchestrator:
        await until(lambda: orchestrator.left_alone == 1)
        with pytest.raises(MachineUnknown):
            await orchestrator.get("a").send(Add())
        assert [s.machine for s in await orchestrator.find()] == ["Counter", "Alarm"]
        await orchestrator.get("b").send(Add())
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        await until_async(lambda: is_number(orchestrator.get("a"), 1))


async def test_two_machines_of_one_name_are_refused(memory: Place) -> None:
    class Other(Counter, name="Counter"): ...

    with pytest.raises(DefinitionError, match="name="):
        Orchestrator(memory.store(), [Counter, Other])
    with pytest.raises(MachineUnknown):
        Orchestrator(memory.store(), [Tally])  # type: ignore[list-item]


async def test_idle_keepers_are_forgotten_and_everything_goes_on(
    place: Place, clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keepers, "WARM_MAX", 2)
    async with Orchestrator(place.store(), [Counter, Errand], {Desk: clerk}) as orchestrator:
        gate = clerk.hold("one")
        errand = await orchestrator.start(Errand, id="errand")
        await gate.arrived.wait()
        for number in range(10):
            await orchestrator.start(Counter, Tally(n=number), id=f"c{number}")
        assert len(orchestrator._fleet.keepers) <= 3
        for _ in range(3):
            for number in range(10):
                await orchestrator.get(f"c{number}").send(Add(), key=None)
        assert [(await orchestrator.get(f"c{n}").snapshot()).context.n for n in range(10)] == list(range(3, 13))
        gate.go.set()
        assert await errand.result(timeout=30) == "ONETWO"
        assert clerk.count("one") == 1


async def test_forgetting_keepers_fails_no_sender(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepers, "WARM_MAX", 0)
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        for number in range(5):
            await orchestrator.start(Counter, id=f"c{number}")
        async with anyio.create_task_group() as group:
            for key in range(10):
                for number in range(5):
                    group.start_soon(orchestrator.get(f"c{number}").send, Add(), f"k{key}")
                    group.start_soon(orchestrator.get(f"c{number}").send, Add(), f"k{key}", "accepted")
        for number in range(5):
            counter = orchestrator.get(f"c{number}", Counter)
            await until_async(lambda c=counter: is_number(c, 10))  # type: ignore[misc]


async def test_an_event_behind_the_end_is_told_and_does_not_come_back(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        keeper = await keeper_of(orchestrator, "a")
        told: list[str] = []

        async def send() -> None:
            with pytest.raises(InstanceEnded):
                await counter.send(Add())
            told.append("ended")

        await orchestrator.pause("a")
        async with anyio.create_task_group() as group:
            group.start_soon(counter.send, Stop())
            await until(lambda: len(keeper.queue) == 1)
            group.start_soon(send)
            await until(lambda: len(keeper.queue) == 2)
            await orchestrator.resume("a")
        assert told == ["ended"]
        assert (await counter.snapshot()).status == Status.DONE


async def test_a_worker_that_leaves_claims_nothing_more(file: Place, clerk: Clerk) -> None:
    gate, other = clerk.hold("note 1"), file.store()
    async with Orchestrator(file.store(), [Caller], {"desk": clerk}) as leaving, anyio.create_task_group() as group:
        caller = await leaving.start(Caller, id="a")
        await caller.send(Add(), wait="accepted")
        await gate.arrived.wait()
        group.start_soon(leaving._fleet.drain, SECONDS)
        await until(lambda: not leaving._fleet.open)
        await other.open(owner=False)
        new = replace((await file.loaded("a")).record, id="b", fence=0)
        row = Accepted("b", "r", "Add", "{}", at=1.0)
        await other.commit([Commit("b", create=True, record=new, accepted=[row])])
        await anyio.sleep(3 * POLL_SECONDS)
        assert "b" not in leaving._fleet.claims.mine
        assert await other.claim("another", ["Caller"]) == ["b"]
        await other.close()
        gate.go.set()
