"""Terminating ends an instance by its rows alone; cancelling runs its exit actions. Both say who and why."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from fsm import Context, Event, Final, Orchestrator, State, StateMachine, after, edge, invoke, on_exit
from fsm.errors import InstanceCancelled, InstanceEnded, InstanceError, InstanceParked, InstanceUnknown
from fsm.ports.store import Commit, Verdict
from fsm.runtime.termination import said_by, terminate
from persistence import MemoryStore
from tests.fsm.runtime.desk import Add, Caller, Clerk, Counter, Desk, Place, Trouble, until, until_async
from tests.simulation.mortal import Ledger, Reaper, live, places

pytestmark = pytest.mark.anyio


class Go(Event): ...


class Log(Context):
    left: int = 0


LEFT: dict[str, int] = {}


class Inner(StateMachine[Log, Go]):
    class Open(State, initial=True): ...

    class Closed(Final): ...

    close = edge(Go, Open, to=Closed)

    @on_exit(Open)
    def leave(self) -> None:
        LEFT[self.id] = LEFT.get(self.id, 0) + 1


class Outer(StateMachine[Log, Go]):
    desk: Desk

    class Open(State, initial=True): ...

    class Late(State): ...

    class Closed(Final): ...

    late = after("1h", Open, to=Late)
    close = edge(Go, Late, to=Closed)

    @invoke(Open, machine=Inner)
    def inner(self) -> Log:
        return Log()

    @invoke(Open)
    async def work(self) -> str:
        await self.desk.ask("first")
        return await self.desk.ask("second")

    lost = inner.failed(to=Closed)
    failed = work.failed(to=Late)

    @on_exit(Open)
    def leave(self) -> None:
        LEFT[self.id] = LEFT.get(self.id, 0) + 1


async def statuses(orchestrator: Orchestrator) -> dict[str, str]:
    return {found.id: found.status for found in await orchestrator.find()}


async def test_cancelling_and_terminating_are_journaled_with_actor_and_reason(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as one, Orchestrator(place.store(), [Counter]) as two:
        for id in "abcd":
            await one.start(Counter, id=id)
        await one.get("a").cancel(by="ann", reason="no stock")
        await two.cancel("b", by="ann", reason="no stock")
        await one.get("c").terminate(by="ann", reason="no stock")
        await two.terminate("d", by="ann", reason="no stock")
        for id, verb in zip("abcd", ("cancel", "cancel", "terminate", "terminate"), strict=True):
            snapshot, entry = await one.get(id).snapshot(), (await one.get(id).history())[-1]
            assert (entry.seq, entry.event) == (snapshot.seq, verb)
            assert entry.payload == {"by": "ann", "reason": "no stock"}
            assert snapshot.status == "cancelled"
            assert (await one.get(id).snapshot(at=entry.seq)).status == "cancelled"
            assert snapshot.configuration == entry.configuration == {"On"}  # where it stood
            assert snapshot.context.log == (["left On"] if verb == "cancel" else [])


async def test_who_waits_for_a_terminated_instance_is_told(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("add 1")
    async with (
        Orchestrator(place.store(), [Caller], {Desk: clerk}) as one,
        Orchestrator(place.store(), [Caller], {Desk: clerk}) as two,
    ):
        order, told = await one.start(Caller, id="a"), []

        async def send(to: Orchestrator) -> None:
            with pytest.raises(InstanceEnded):
                await to.get("a", Caller).send(Add())
            told.append("send")

        async def result() -> None:
            with pytest.raises(InstanceCancelled):
                await order.result()
            told.append("result")

        async with anyio.create_task_group() as group:
            group.start_soon(send, one)
            await gate.arrived.wait()
            group.start_soon(send, two)
            group.start_soon(result)
            await until_async(lambda: _waits(one))
            await two.terminate("a")
            assert (await one.get("a").snapshot()).status == "cancelled"
            gate.go.set()
        assert sorted(told) == ["result", "send", "send"]
        assert clerk.count("note 1") == 0  # its worker could write no answer, and made no further call
        with pytest.raises(InstanceEnded):
            await two.terminate("a")
        with pytest.raises(InstanceUnknown):
            await two.terminate("b")


async def _waits(orchestrator: Orchestrator) -> bool:
    loaded = await orchestrator.store.load("a")
    return loaded is not None and len(loaded.inbox) == 2


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_invokes_timers_and_children_end_and_no_exit_action_runs(
    place: Place, clerk: Clerk, elsewhere: bool
) -> None:
    LEFT.clear()
    gate = clerk.hold("first")
    async with (
        Orchestrator(place.store(), [Outer, Inner], {Desk: clerk}) as one,
        Orchestrator(place.store(), [Outer, Inner], {Desk: clerk}) as two,
    ):
        await one.start(Outer, id="a")
        await gate.arrived.wait()
        await (two if elsewhere else one).terminate("a", by="ann")

        async def both() -> bool:
            return await statuses(one) == {"a": "cancelled", "a/inner.2": "cancelled"}

        await until_async(both)
        keeper = one._fleet.keepers.warm
        await until(lambda: keeper("a") is None or not keeper("a").invokes.running)  # type: ignore[union-attr]
        gate.go.set()
        loaded = await place.loaded("a")
        assert (loaded.timers, loaded.effects, loaded.inbox) == ([], [], [])
        assert (await one.get("a/inner.2").history())[-1].payload == {"by": "ann", "reason": ""}
    assert (LEFT, clerk.count("second")) == ({}, 0)
    async with Orchestrator(place.store(), [Outer, Inner], {Desk: clerk}) as orchestrator:
        assert await orchestrator.store.waking(["Outer", "Inner"]) == 0


async def test_a_terminated_child_is_a_failed_invoke(place: Place, clerk: Clerk) -> None:
    clerk.hold("first")
    async with Orchestrator(place.store(), [Outer, Inner], {Desk: clerk}) as orchestrator:
        order = await orchestrator.start(Outer, id="a")
        await orchestrator.terminate("a/inner.2")
        await order.wait_for(Outer.Closed, timeout=30)


async def test_a_parked_instance_is_terminated_and_its_incident_closed(place: Place, clerk: Clerk) -> None:
    clerk.fail("add 1", Trouble("no line"))
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        order = await orchestrator.start(Caller, id="a")
        with pytest.raises(InstanceParked):
            await order.send(Add(), key="k")
        await order.terminate(by="ann")
        assert await orchestrator.incidents() == []
        assert (await orchestrator.incidents(resolved=True))[0].resolution == "terminated"
        with pytest.raises(InstanceEnded):
            await order.send(Add(), key="k")
        assert (await order.snapshot()).context.n == 0


async def test_an_instance_that_nobody_here_can_read_is_terminated(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        await orchestrator.start(Counter, id="a")
    store = place.store()
    await store.open(owner=True)
    loaded = await store.load("a")
    assert loaded is not None
    broken = replace(loaded.record, context=b"{", seq=loaded.record.seq + 1)
    await store.commit([Commit("a", seq=loaded.record.seq, fence=loaded.record.fence, record=broken)])
    await store.close()
    async with Orchestrator(place.store(), []) as orchestrator:
        await orchestrator.terminate("a", by="ann", reason="beyond repair")
        assert await statuses(orchestrator) == {"a": "cancelled"}


async def test_one_that_moves_meanwhile_is_read_again_and_not_for_ever() -> None:
    store = MemoryStore()
    async with Orchestrator(store, [Counter]) as orchestrator:
        order = await orchestrator.start(Counter, id="a")

        async def moved(batch: list[Commit]) -> list[Verdict]:
            await order.send(Add())
            return await store.commit(batch)

        with pytest.raises(InstanceError, match="took a turn each of the 100 times"):
            await terminate(store, moved, "a", "terminate:x", said_by("", ""), 1.0)  # type: ignore[arg-type]
        assert (await order.snapshot()).context.n == 100


# ---- killed at any boundary


async def ends(folder: Path, reaper: Reaper) -> list[object]:
    """Begin a family and terminate it; whoever comes later sees what became of it."""
    from persistence import SQLStore

    class Quick:
        async def ask(self, what: str) -> str:
            Ledger(folder / "ledger", reaper).work(what)
            await anyio.sleep_forever()
            return what

        async def allow(self, what: str) -> bool:
            return True

    LEFT.clear()
    async with Orchestrator(SQLStore(folder / "fsm.db"), [Outer, Inner], {Desk: Quick()}) as orchestrator:
        if "a" not in await statuses(orchestrator):
            await orchestrator.start(Outer, id="a")
        with anyio.fail_after(30):
            if (await statuses(orchestrator))["a"] != "cancelled":
                await orchestrator.terminate("a", by="ann")
            while set((await statuses(orchestrator)).values()) != {"cancelled"}:
                await anyio.sleep(0.005)
        entries = await orchestrator.store.history("a")
        loaded = await orchestrator.store.load("a")
        assert loaded is not None
        open_rows = [len(loaded.inbox), len(loaded.timers), len(loaded.effects)]
        return [[e.event for e in entries], open_rows, LEFT]


def test_a_kill_at_any_boundary_leaves_an_instance_that_is_terminated_once(tmp_path: Path) -> None:
    (tmp_path / "calm").mkdir()
    calm = live(ends, tmp_path / "calm")
    assert calm.error == ""
    assert calm.told == [["start", "terminate"], [0, 0, 0], {}]
    for number, death in enumerate(places(calm.counts, "boundary")):
        folder = tmp_path / str(number)
        folder.mkdir()
        lived = live(ends, folder, [death])
        assert (lived.error, lived.told) == ("", calm.told), (death, json.dumps(lived.told))
