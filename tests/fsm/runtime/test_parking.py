"""An instance that cannot go on is parked with an incident; nothing is lost, and retry goes on."""

from __future__ import annotations

import sqlite3
from typing import Any

import anyio
import pytest

from fsm import ActionFailed, Event, Orchestrator, State, StateMachine, guard, on, on_exit
from fsm.errors import InstanceParked, SnapshotCorrupted, SnapshotNewer, UnhandledError, WaitTimeout
from fsm.runtime import keeper
from tests.fsm.runtime.desk import Add, Caller, Clerk, Counter, Desk, Lower, Place, Stop, Tally, Trouble, settled

pytestmark = pytest.mark.anyio


async def test_a_guard_that_raises_parks_and_changes_nothing(place: Place, clerk: Clerk) -> None:
    clerk.fail("add 1", Trouble("no line"))
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        with pytest.raises(InstanceParked) as told:
            await caller.send(Add(), key="k")
        assert (told.value.incident, told.value.instance) == ("GuardFailed", "a")
        snapshot = await caller.snapshot()
        assert (snapshot.status, snapshot.seq, snapshot.context.n) == ("parked", 1, 0)
        (incident,) = await orchestrator.incidents()
        assert (incident.instance, incident.kind, incident.event, incident.seq) == ("a", "GuardFailed", "Add", 1)


async def test_the_event_of_a_parked_instance_stays_accepted_and_retry_takes_it(place: Place, clerk: Clerk) -> None:
    clerk.fail("note 1", Trouble("no ink"))
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        with pytest.raises(InstanceParked, match="no ink") as told:
            await caller.send(Add(), key="k")
        assert isinstance(told.value.__cause__, UnhandledError)
        with pytest.raises(InstanceParked):
            await caller.send(Add(by=2), key="l")
        with pytest.raises(InstanceParked):
            await caller.send(Add(), key="k")
        with pytest.raises(InstanceParked):
            await caller.result()
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        caller = orchestrator.get("a", Caller)
        await caller.retry()
        assert (await caller.send(Add(), key="k")).seq == 2
        assert (await caller.send(Add(by=2), key="l")).seq == 3
        assert (await caller.snapshot()).context.n == 3
        assert not await orchestrator.incidents()
        (incident,) = await orchestrator.incidents(resolved=True)
        assert incident.resolution == "retried"
    assert (clerk.count("add 1"), clerk.count("note 1")) == (1, 2)
    assert len(set(clerk.keys("note 1"))) == 1


async def test_a_retry_in_the_same_process_repeats_only_what_failed(place: Place, clerk: Clerk) -> None:
    clerk.fail("note 1", Trouble("no ink"), Trouble("no paper"))
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        with pytest.raises(InstanceParked, match="no ink"):
            await caller.send(Add())
        await caller.retry()
        with pytest.raises(InstanceParked, match="no paper"):
            await caller.result(timeout=30)
        await caller.retry()
        assert (await caller.send(Add(by=2))).seq == 3
        assert (clerk.count("add 1"), clerk.count("note 1")) == (1, 3)


async def test_events_behind_the_failing_one_wait_for_the_retry(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("add 1")
    clerk.fail("add 1", Trouble("no line"))
    told: list[str] = []
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")

        async def send(event: Add) -> None:
            with pytest.raises(InstanceParked):
                await caller.send(event)
            told.append(f"{event.by}")

        async with anyio.create_task_group() as group:
            group.start_soon(send, Add())
            await gate.arrived.wait()
            group.start_soon(send, Add(by=2))
            await settled()
            gate.go.set()
        assert sorted(told) == ["1", "2"]
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        caller = orchestrator.get("a", Caller)
        await caller.retry()
        assert (await caller.send(Add(by=3))).seq == 4
        assert [e.payload for e in await caller.history(after=1)] == [{"by": 1}, {"by": 2}, {"by": 3}]


class Spoil(Event): ...


class Fragile(StateMachine[Tally, Add | Spoil | Lower | Stop]):
    """Fails in every way."""

    class Here(State, initial=True): ...

    class There(State): ...

    @on(Add, Here)
    def add(self, ev: Add) -> None:
        self.ctx.n += ev.by

    @on(Spoil, Here)
    def spoil(self) -> None:
        self.ctx.n = "many"  # type: ignore[assignment]

    @on(Lower, Here)
    def lower(self) -> None:
        self.ctx.n += 100
        raise ValueError("broken")

    @on(Stop, Here, to=There)
    def leave(self) -> None: ...

    @on_exit(There)
    def stuck(self) -> None:
        raise ValueError("stuck")


class Mended(Fragile, name="Mended"):
    """Handles what its actions raise."""

    @on(ActionFailed, to=Fragile.There)
    def odd(self, ev: ActionFailed) -> None:
        self.ctx.log.append(ev.error.message)


async def test_a_context_that_does_not_fit_its_type_parks(place: Place) -> None:
    async with Orchestrator(place.store(), [Fragile]) as orchestrator:
        fragile = await orchestrator.start(Fragile, id="a")
        await fragile.send(Add())
        with pytest.raises(InstanceParked) as told:
            await fragile.send(Spoil())
        assert told.value.incident == "ContextInvalid"
        snapshot = await fragile.snapshot()
        assert (snapshot.seq, snapshot.context.n) == (2, 1)


async def test_a_failing_action_that_nothing_handles_is_rolled_back(place: Place) -> None:
    async with Orchestrator(place.store(), [Fragile]) as orchestrator:
        fragile = await orchestrator.start(Fragile, id="a")
        with pytest.raises(InstanceParked, match="broken"):
            await fragile.send(Lower())
        snapshot = await fragile.snapshot()
        assert (snapshot.seq, snapshot.context.n, snapshot.configuration) == (1, 0, {"Here"})


async def test_a_failing_action_that_an_edge_handles_goes_on(place: Place) -> None:
    async with Orchestrator(place.store(), [Mended]) as orchestrator:
        mended = await orchestrator.start(Mended, id="a")
        assert (await mended.send(Lower())).configuration == {"There"}
        assert (await mended.snapshot()).context.log == ["broken"]


async def test_a_parked_instance_can_be_cancelled(place: Place) -> None:
    async with Orchestrator(place.store(), [Fragile]) as orchestrator:
        fragile = await orchestrator.start(Fragile, id="a")
        with pytest.raises(InstanceParked):
            await fragile.send(Lower())
        await fragile.cancel()
        assert (await fragile.snapshot()).status == "cancelled"
        assert not await orchestrator.incidents()
        assert (await orchestrator.incidents(resolved=True))[0].resolution == "cancelled"


async def test_a_cancel_whose_exit_action_fails_says_so_and_changes_nothing(place: Place) -> None:
    async with Orchestrator(place.store(), [Fragile]) as orchestrator:
        fragile = await orchestrator.start(Fragile, id="a")
        await fragile.send(Stop())
        with pytest.raises(UnhandledError, match="stuck"):
            await fragile.cancel()
        snapshot = await fragile.snapshot()
        assert (snapshot.status, snapshot.configuration) == ("running", {"There"})


class Slow(StateMachine[Tally, Add | Lower]):
    """Takes its time in a turn, without a call."""

    class Here(State, initial=True): ...

    @on(Add)
    def add(self) -> None:
        self.ctx.n += 1

    @on(Lower)
    async def lower(self) -> None:
        if self.ctx.n < 3:
            await anyio.sleep(60)


async def test_a_turn_that_takes_too_long_is_rolled_back_and_everybody_is_told(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "TURN_SECONDS_MAX", 0.05)
    outcomes: list[Any] = []
    async with Orchestrator(place.store(), [Slow]) as orchestrator:
        slow = await orchestrator.start(Slow, id="a")

        async def send(event: Add | Lower) -> None:
            try:
                outcomes.append((await slow.send(event, timeout=30)).seq)
            except (InstanceParked, WaitTimeout) as problem:
                outcomes.append(getattr(problem, "incident", "never told"))

        async with anyio.create_task_group() as group:
            group.start_soon(send, Add())
            group.start_soon(send, Lower())
        assert outcomes in ([2, "TurnTimeout"], ["TurnTimeout"] * 2)  # whichever came first
        assert (await slow.snapshot()).status == "parked"
        assert [i.kind for i in await orchestrator.incidents()] == ["TurnTimeout"]


class Unsure(StateMachine[Tally, Add]):
    """Its guard is broken, and negated."""

    class Here(State, initial=True): ...

    @guard
    def fraud(self) -> bool:
        raise ValueError("no idea")

    @on(Add, when=~fraud)
    def add(self) -> None:
        self.ctx.n += 1


async def test_a_broken_guard_decides_nothing_not_even_negated(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Unsure]) as orchestrator:
        unsure = await orchestrator.start(Unsure, id="a")
        with pytest.raises(InstanceParked, match="no idea"):
            await unsure.send(Add())
        assert (await unsure.snapshot()).context.n == 0


# ---- what cannot be read


def change(file: Place, statement: str, *values: object) -> None:
    with sqlite3.connect(file.path) as database:
        database.execute(statement, values)
    database.close()


@pytest.mark.parametrize(
    ("column", "value"), [("context", b'{"n": "x"'), ("config", '["Nowhere"]'), ("moving", "nonsense")]
)
async def test_a_corrupted_snapshot_is_parked_with_an_incident(file: Place, column: str, value: object) -> None:
    async with Orchestrator(file.store(), [Counter]) as orchestrator:
        for id in ("a", "b"):
            await orchestrator.start(Counter, id=id)
        await orchestrator.pause("a")
        await orchestrator.get("a").send(Add(), wait="accepted")
    change(file, f"UPDATE instance SET {column} = ?, status = 'running' WHERE id = 'a'", value)
    async with Orchestrator(file.store(), [Counter]) as orchestrator:
        for _ in range(2):
            with pytest.raises(SnapshotCorrupted, match="Counter"):
                await orchestrator.get("a", Counter).send(Add())
        assert [(i.instance, i.kind) for i in await orchestrator.incidents()] == [("a", "SnapshotCorrupted")]
        assert [s.status for s in await orchestrator.find()] == ["parked", "running"]
        assert (await orchestrator.get("b").send(Add())).seq == 2


async def test_a_snapshot_of_a_newer_version_is_left_alone(file: Place) -> None:
    async with Orchestrator(file.store(), [Counter]) as orchestrator:
        await orchestrator.start(Counter, id="a")
    change(file, "UPDATE instance SET version = '99'")
    async with Orchestrator(file.store(), [Counter]) as orchestrator:
        with pytest.raises(SnapshotNewer):
            await orchestrator.get("a").send(Add())
        assert [s.status for s in await orchestrator.find()] == ["running"]
        assert not await orchestrator.incidents()
