"""Starting, sending, finding and steering, as users see it."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from fsm import Orchestrator
from fsm.errors import (
    ContextInvalid,
    EventInvalid,
    InstanceCancelled,
    InstanceEnded,
    InstanceError,
    InstanceExists,
    InstanceIdInvalid,
    InstanceParked,
    InstanceUnknown,
    MachineUnknown,
    NotAccepted,
    OrchestratorClosed,
    Refused,
    ServiceInvalid,
    ServiceMissing,
    UnknownEvent,
    WaitTimeout,
)
from tests.fsm.runtime.desk import (
    Add,
    Alarm,
    Caller,
    Clerk,
    Close,
    Counter,
    Desk,
    Errand,
    Greeter,
    Lazy,
    Lower,
    Open,
    Patient,
    Place,
    Stop,
    Stray,
    Tally,
    Trouble,
    keeper_of,
    settled,
    until,
)

pytestmark = pytest.mark.anyio


# ---- start


async def test_start_returns_when_the_first_turn_is_committed(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, Tally(n=3), id="a")
        snapshot = await counter.snapshot()
        assert (snapshot.seq, snapshot.configuration, snapshot.context.n) == (1, {"On"}, 3)


async def test_start_again_with_the_same_data_is_the_same_instance(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        first = await orchestrator.start(Counter, Tally(n=3), id="a")
        await first.send(Add())
        again = await orchestrator.start(Counter, Tally(n=3), id="a")
        assert (await again.snapshot()).context.n == 4
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        again = await orchestrator.start(Counter, Tally(n=3), id="a")
        assert (await again.snapshot()).context.n == 4


async def test_start_at_the_same_moment_is_the_same_instance(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(orchestrator.start, Counter, Tally(), "a")
        assert [e.event for e in await orchestrator.get("a").history()] == ["start"]


async def test_start_with_other_data_is_an_error(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        await orchestrator.start(Counter, Tally(n=3), id="a")
        with pytest.raises(InstanceExists, match="other data"):
            await orchestrator.start(Counter, Tally(n=4), id="a")


async def test_start_as_another_machine_is_an_error(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter, Lazy]) as orchestrator:
        await orchestrator.start(Counter, id="a")
        with pytest.raises(InstanceExists, match="Counter"):
            await orchestrator.start(Lazy, id="a")
        with pytest.raises(InstanceExists, match="not a Lazy"):
            await orchestrator.get("a", Lazy)


@pytest.mark.parametrize("id", ["", " a", "a\n", "x" * 201, "\x00"])
async def test_an_id_that_cannot_be_a_key_is_refused(memory: Place, id: str) -> None:
    async with Orchestrator(memory.store(), [Counter]) as orchestrator:
        with pytest.raises(InstanceIdInvalid):
            await orchestrator.start(Counter, id=id)


async def test_an_id_is_made_where_none_is_given(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Counter]) as orchestrator:
        one, two = await orchestrator.start(Counter), await orchestrator.start(Counter)
        assert one.id != two.id


async def test_a_machine_that_was_not_given_cannot_be_started(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Counter]) as orchestrator:
        with pytest.raises(MachineUnknown):
            await orchestrator.start(Alarm)


async def test_data_that_does_not_fit_is_refused_at_start(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Counter]) as orchestrator:
        data = Tally()
        vars(data)["n"] = "many"
        with pytest.raises(ContextInvalid):
            await orchestrator.start(Counter, data, id="a")
        with pytest.raises(InstanceUnknown):
            await orchestrator.get("a")


async def test_a_start_that_fails_parks_and_says_so_each_time(place: Place, clerk: Clerk) -> None:
    clerk.fail("hello", Trouble("not today"))
    async with Orchestrator(place.store(), [Greeter], {Desk: clerk}) as orchestrator:
        for _ in range(2):
            with pytest.raises(InstanceParked, match="not today"), anyio.fail_after(30):
                await orchestrator.start(Greeter, id="a")
        await orchestrator.retry("a")
        with anyio.fail_after(30):
            greeter = await orchestrator.start(Greeter, id="a")
            await until(lambda: clerk.count("hello") == 2)
        assert (await greeter.snapshot()).status in ("running", "done")


async def test_missing_services_are_told_at_once(memory: Place) -> None:
    with pytest.raises(ServiceMissing):
        Orchestrator(memory.store(), [Caller])
    with pytest.raises(ServiceInvalid, match="ask"):
        Orchestrator(memory.store(), [Caller], {Desk: object()})


# ---- send


async def test_send_returns_the_committed_step(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        step = await counter.send(Close())
        assert (step.seq, step.event, step.configuration, step.done) == (2, "Close", {"Shut"}, False)
        end = await counter.send(Stop())
        assert (end.done, end.output) == (True, 0)


async def test_an_accepted_event_is_durable_and_taken_later(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await counter.send(Add(by=5), wait="accepted")
        assert (await counter.send(Add())).seq == 3
        assert (await counter.snapshot()).context.n == 6


async def test_a_key_is_applied_once(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        first = await counter.send(Add(by=5), key="k")
        await counter.send(Close())
        again = await counter.send(Add(by=5), key="k")
        assert (again.seq, again.configuration, again.event) == (first.seq, {"On"}, "Add")
        assert (await counter.snapshot()).context.n == 5
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        assert (await orchestrator.get("a", Counter).send(Add(by=5), key="k")).seq == first.seq


async def test_a_key_of_a_refused_event_gives_the_refusal_again(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        with pytest.raises(Refused):
            await counter.send(Lower(), key="k")
        with pytest.raises(NotAccepted):
            await counter.send(Open(), key="o")
        await counter.send(Add())
        with pytest.raises(Refused):
            await counter.send(Lower(), key="k")
        await counter.send(Close())
        with pytest.raises(NotAccepted):
            await counter.send(Open(), key="o")
        assert (await counter.snapshot()).context.n == 1


@pytest.mark.parametrize("waits", [("processed",) * 4, ("accepted",) * 4, ("accepted", "processed") * 2])
async def test_the_same_key_at_the_same_moment_is_applied_once(place: Place, waits: tuple[Any, ...]) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        async with anyio.create_task_group() as group:
            for wait in waits:
                group.start_soon(counter.send, Add(), "k", wait)
        assert (await counter.send(Add(by=10))).seq == 3
        assert (await counter.snapshot()).context.n == 11


async def test_a_key_sent_again_while_the_first_is_under_way_gets_its_outcome(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("note 1")
    seqs: list[int] = []
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")

        async def send() -> None:
            seqs.append((await caller.send(Add(), key="k")).seq)

        async with anyio.create_task_group() as group:
            group.start_soon(send)
            await gate.arrived.wait()
            group.start_soon(send)
            await settled()
            gate.go.set()
        assert seqs == [2, 2]
        assert clerk.count("note 1") == 1


async def test_a_key_that_waited_when_the_instance_ended_is_told_so(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("add 1")
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        async with anyio.create_task_group() as group:
            group.start_soon(caller.send, Add())
            await gate.arrived.wait()
            await caller.send(Stop(), wait="accepted")
            await caller.send(Add(), "k", "accepted")
            gate.go.set()
        assert await caller.result(timeout=30) == 1
        with pytest.raises(InstanceEnded), anyio.fail_after(30):
            await caller.send(Add(), "k")


async def test_events_that_do_not_fit_are_refused_before_anything_is_written(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        with pytest.raises(UnknownEvent):
            await counter.send(Stray())  # type: ignore[arg-type]
        with pytest.raises(EventInvalid):
            await counter.send(Add(), wait="some day")  # type: ignore[arg-type]
        bad = Add()
        vars(bad)["by"] = "many"
        with pytest.raises(EventInvalid):
            await counter.send(bad)
        assert len(await counter.history()) == 1


async def test_an_ended_instance_takes_no_events(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await counter.send(Stop(), key="s")
        with pytest.raises(InstanceEnded):
            await counter.send(Add())
        assert (await counter.send(Stop(), key="s")).output == 0
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        with pytest.raises(InstanceEnded):
            await orchestrator.get("a").send(Add())


async def test_an_instance_that_nobody_started_is_unknown(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Counter]) as orchestrator:
        handle = orchestrator.get("nobody", Counter)
        for action in (handle.send(Add()), handle.result(), handle.snapshot(), handle.cancel(), handle.history()):
            with pytest.raises(InstanceUnknown):
                await action


async def test_a_machine_that_ignores_records_the_event(place: Place) -> None:
    async with Orchestrator(place.store(), [Lazy]) as orchestrator:
        lazy = await orchestrator.start(Lazy, id="a")
        step = await lazy.send(Open(), key="k")
        assert (step.transitions, step.configuration) == ((), {"On"})
        assert [e.event for e in await lazy.history()] == ["start", "Open"]


async def test_a_machine_that_defers_takes_the_event_where_it_fits(place: Place) -> None:
    async with Orchestrator(place.store(), [Patient]) as orchestrator:
        patient = await orchestrator.start(Patient, id="a")
        keeper = await keeper_of(orchestrator, "a")
        steps: list[str] = []

        async def send() -> None:
            steps.append((await patient.send(Open(), key="k")).event)

        async with anyio.create_task_group() as group:
            group.start_soon(send)
            await until(lambda: bool(keeper.deferred))
            assert (await patient.send(Add())).configuration == {"On"}
            await patient.send(Close())
        assert steps == ["Open"]
        assert [e.event for e in await patient.history()] == ["start", "Add", "Close", "Open"]


async def test_a_deferred_event_survives_a_restart(place: Place) -> None:
    async with Orchestrator(place.store(), [Patient], drain_seconds=0) as orchestrator:
        patient = await orchestrator.start(Patient, id="a")
        with pytest.raises(WaitTimeout):
            await patient.send(Open(), key="k", timeout=0.05)
    async with Orchestrator(place.store(), [Patient]) as orchestrator:
        patient = orchestrator.get("a", Patient)
        await patient.send(Close())
        assert (await patient.send(Open(), key="k")).seq == 3
        assert (await patient.snapshot()).configuration == {"On"}


async def test_whoever_waits_for_a_deferred_event_hears_of_the_end(place: Place) -> None:
    async with Orchestrator(place.store(), [Patient]) as orchestrator:
        patient = await orchestrator.start(Patient, id="a")
        keeper = await keeper_of(orchestrator, "a")
        heard: list[str] = []

        async def send() -> None:
            with pytest.raises(InstanceEnded):
                await patient.send(Open(), timeout=30)
            heard.append("ended")

        async with anyio.create_task_group() as group:
            group.start_soon(send)
            await until(lambda: bool(keeper.deferred))
            await patient.cancel()
        assert heard == ["ended"]


async def test_a_timeout_ends_the_waiting_and_not_the_turn(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("add 1")
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        with pytest.raises(WaitTimeout):
            await caller.send(Add(), timeout=0.02)
        gate.go.set()
        assert (await caller.send(Add(by=2))).seq == 3
        assert (await caller.snapshot()).context.n == 3


async def test_cancelling_a_sender_leaves_the_turn(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("note 1")
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        async with anyio.create_task_group() as group:
            group.start_soon(caller.send, Add(), "k")
            await gate.arrived.wait()
            group.cancel_scope.cancel()
        gate.go.set()
        assert (await caller.send(Add(), "k")).seq == 2
        assert ((await caller.snapshot()).context.n, clerk.count("note 1")) == (1, 1)


class Meddler(Clerk):
    """Turns to the instance that is asking."""

    orchestrator: Orchestrator
    verb = "send"

    async def ask(self, what: str) -> str:
        instance = self.orchestrator.get("a")
        match self.verb:
            case "send":
                await instance.send(Add(by=7))
            case "accepted":
                await instance.send(Stop(), wait="accepted")
            case "result":
                await instance.result()
            case "cancel":
                await instance.cancel()
        return what


@pytest.mark.parametrize("verb", ["send", "result", "cancel"])
async def test_a_turn_cannot_wait_for_its_own_instance(memory: Place, verb: str) -> None:
    meddler = Meddler()
    meddler.verb = verb
    async with Orchestrator(memory.store(), [Caller], {Desk: meddler}) as orchestrator:
        meddler.orchestrator = orchestrator
        caller = await orchestrator.start(Caller, id="a")
        with pytest.raises(InstanceParked, match="ReentrantSend"), anyio.fail_after(30):
            await caller.send(Add())


async def test_a_turn_may_leave_an_event_for_its_own_instance(memory: Place) -> None:
    meddler = Meddler()
    meddler.verb = "accepted"
    async with Orchestrator(memory.store(), [Caller], {Desk: meddler}) as orchestrator:
        meddler.orchestrator = orchestrator
        caller = await orchestrator.start(Caller, id="a")
        await caller.send(Add())
        assert await caller.result(timeout=30) == 1


async def test_an_invoke_is_not_a_turn_and_may_send(memory: Place) -> None:
    meddler = Meddler()
    async with Orchestrator(memory.store(), [Errand], {Desk: meddler}) as orchestrator:
        meddler.orchestrator = orchestrator
        errand = await orchestrator.start(Errand, id="a")
        assert await errand.result(timeout=30) == "onetwo"
        assert (await errand.snapshot()).context.n == 14


# ---- result, snapshot, history


async def test_result_is_the_typed_output(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        with pytest.raises(WaitTimeout):
            await counter.result(timeout=0.01)
        await counter.send(Add(by=4))
        await counter.send(Stop())
        assert await counter.result() == 4
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        assert await orchestrator.get("a", Counter).result() == 4


async def test_result_of_a_cancelled_instance_is_an_error(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        async with anyio.create_task_group() as group:

            async def wait() -> None:
                with pytest.raises(InstanceCancelled):
                    await counter.result(timeout=30)

            group.start_soon(wait)
            await settled()
            await counter.cancel()


async def test_history_tells_turns_with_their_calls(place: Place, clerk: Clerk) -> None:
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        await caller.send(Add(by=2))
        start, add = await caller.history()
        assert (start.seq, start.event, add.seq, add.event, add.payload) == (1, "start", 2, "Add", {"by": 2})
        assert [(c.method, c.arguments, c.ok, c.answer) for c in add.calls] == [
            ("desk.allow", {"what": "add 2"}, True, True),
            ("desk.ask", {"what": "note 2"}, True, "NOTE 2"),
        ]
        assert (add.transitions, add.configuration) == (("add",), {"Here"})
        assert [e.seq for e in await caller.history(after=1)] == [2]


# ---- steering


async def test_cancel_runs_the_exit_actions_and_ends(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await counter.cancel()
        snapshot = await counter.snapshot()
        assert (snapshot.status, snapshot.context.log) == ("cancelled", ["left On"])
        with pytest.raises(InstanceEnded):
            await counter.cancel()


async def test_a_paused_instance_keeps_its_events_and_goes_on(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await orchestrator.pause("a")
        await counter.send(Add(by=3), wait="accepted")
        assert ((await counter.snapshot()).status, (await counter.snapshot()).context.n) == ("paused", 0)
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = orchestrator.get("a", Counter)
        assert (await counter.snapshot()).context.n == 0
        await orchestrator.resume("a")
        assert (await counter.send(Add())).seq == 3
        assert (await counter.snapshot()).context.n == 4


async def test_steering_that_does_not_fit_the_status_is_an_error(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Counter]) as orchestrator:
        await orchestrator.start(Counter, id="a")
        for verb in (orchestrator.resume, orchestrator.retry):
            with pytest.raises(InstanceError, match="nothing to"):
                await verb("a")


async def test_find_by_machine_state_status_and_tag(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter, Alarm]) as orchestrator:
        for number in range(3):
            await orchestrator.start(Counter, id=f"c{number}")
        await orchestrator.start(Alarm, id="z")
        await orchestrator.get("c1").send(Close())
        await orchestrator.get("c2").send(Stop())

        async def ids(**wanted: object) -> list[str]:
            return [s.id for s in await orchestrator.find(**wanted)]  # type: ignore[arg-type]

        assert await ids() == ["c0", "c1", "c2", "z"]
        assert await ids(machine=Counter) == await ids(machine="Counter") == ["c0", "c1", "c2"]
        assert await ids(state=Counter.Shut) == await ids(state="Shut") == ["c1"]
        assert await ids(status="done") == ["c2"]
        assert await ids(tag="busy") == ["c0"]
        assert await ids(tag="busy", status="done") == await ids(tag="nobody's") == []
        assert await ids(limit=2) == ["c0", "c1"]


# ---- opening and closing


async def test_outside_its_block_everything_is_closed(memory: Place) -> None:
    orchestrator = Orchestrator(memory.store(), [Counter])
    with pytest.raises(OrchestratorClosed):
        await orchestrator.start(Counter, id="a")
    async with orchestrator:
        counter = await orchestrator.start(Counter, id="a")
    for action in (orchestrator.start(Counter), counter.send(Add()), counter.result(), orchestrator.cancel("a")):
        with pytest.raises(OrchestratorClosed):
            await action
    with pytest.raises(OrchestratorClosed):
        orchestrator.get("a")
    with pytest.raises(OrchestratorClosed):
        await orchestrator.find()


async def test_leaving_tells_whoever_still_waits(place: Place) -> None:
    told: list[str] = []

    async def wait(counter: object) -> None:
        with pytest.raises(OrchestratorClosed):
            await counter.result()  # type: ignore[attr-defined]
        told.append("closed")

    async with anyio.create_task_group() as group, Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        group.start_soon(wait, counter)
        await settled()
    assert told == ["closed"]


async def test_leaving_lets_running_turns_finish(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("note 1")
    steps: list[int] = []
    orchestrator = Orchestrator(place.store(), [Caller], {Desk: clerk})
    async with anyio.create_task_group() as group, orchestrator:
        caller = await orchestrator.start(Caller, id="a")

        async def send() -> None:
            steps.append((await caller.send(Add())).seq)

        group.start_soon(send)
        await gate.arrived.wait()
        group.start_soon(_open_soon, gate.go)
    assert steps == [2]


async def _open_soon(gate: anyio.Event) -> None:
    await settled()
    gate.set()


async def test_leaving_during_a_call_interrupts_it_and_the_next_one_repeats_it(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("note 1")
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}, drain_seconds=0) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        with pytest.raises(WaitTimeout):
            await caller.send(Add(), key="k", timeout=0.02)
        await gate.arrived.wait()
    gate.go.set()
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        assert (await orchestrator.get("a", Caller).send(Add(), key="k")).seq == 2
    assert clerk.count("add 1") == 1
    assert len(clerk.keys("note 1")) == 2
    assert len(set(clerk.keys("note 1"))) == 1
    assert [m.attempt for m in clerk.made if m.what == "note 1"] == [1, 2]
