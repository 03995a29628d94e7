"""Calls are recorded before they are used, answered from the journal afterwards, and told alike."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

import anyio
import pytest

from fsm import Context, Done, Event, Final, Orchestrator, State, StateMachine, guard, invoke, on, output
from fsm.errors import CallFailed, InstanceParked, StoreFull, WaitTimeout
from fsm.runtime import services
from fsm.service import current_call
from tests.fsm.runtime.desk import (
    Add,
    Caller,
    Clerk,
    Counter,
    Desk,
    Lower,
    Place,
    PlainClerk,
    Stop,
    Tally,
    Trouble,
    Wrapped,
    keeper_of,
    until,
    until_async,
)

pytestmark = pytest.mark.anyio


class Told(Context):
    failures: list[str] = []
    data: list[Any] = []


class Ask(Event):
    what: str


class Asker(StateMachine[Told, Ask]):
    """Tells what a failing call looks like, then asks another one."""

    desk: Desk

    class Here(State, initial=True): ...

    @on(Ask)
    async def ask(self, ev: Ask) -> None:
        try:
            await self.desk.ask(ev.what)
        except CallFailed as failure:
            self.ctx.failures.append(f"{failure.service}.{failure.method} {failure.kind} {failure.message}")
            self.ctx.data.append(failure.data)
        await self.desk.ask("then")


@pytest.mark.parametrize("plain", [False, True])
async def test_guards_and_actions_ask_services_plain_or_not(place: Place, plain: bool) -> None:
    desk: Clerk | PlainClerk = PlainClerk() if plain else Clerk()
    async with Orchestrator(place.store(), [Caller], {Desk: desk}) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        await caller.send(Add(by=2))
        assert (await caller.snapshot()).context.log == ["NOTE 2"]
    assert [(m.method, m.what, m.attempt, m.instance) for m in desk.made] == [
        ("allow", "add 2", 1, "a"),
        ("ask", "note 2", 1, "a"),
    ]
    assert len({m.key for m in desk.made}) == 2
    assert all((m.thread != threading.get_ident()) is plain for m in desk.made)


async def test_current_call_is_unknown_outside_of_a_call() -> None:
    with pytest.raises(LookupError):
        current_call()


async def test_gather_makes_calls_at_once(place: Place, clerk: Clerk) -> None:
    left, right = clerk.hold("left"), clerk.hold("right")
    async with Orchestrator(place.store(), [Caller], {Desk: clerk}) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        async with anyio.create_task_group() as group:
            group.start_soon(caller.send, Lower(), "k")
            with anyio.fail_after(30):
                await left.arrived.wait()
                await right.arrived.wait()
            right.go.set()
            left.go.set()
        assert (await caller.snapshot()).context.log == ["LEFTRIGHT"]
        assert [len(clerk.keys(w)) for w in ("left", "right")] == [1, 1]


@pytest.mark.parametrize("again", [False, True])
async def test_a_failed_call_looks_the_same_live_and_from_the_journal(place: Place, clerk: Clerk, again: bool) -> None:
    clerk.fail("x", Trouble("no paper", data={"sheets": 0}))
    gate = clerk.hold("then")
    if again:
        async with Orchestrator(place.store(), [Asker], {Desk: clerk}, drain_seconds=0) as orchestrator:
            asker = await orchestrator.start(Asker, id="a")
            with pytest.raises(WaitTimeout):
                await asker.send(Ask(what="x"), key="k", timeout=0.02)
            await gate.arrived.wait()
    gate.go.set()
    async with Orchestrator(place.store(), [Asker], {Desk: clerk}) as orchestrator:
        asker = await orchestrator.start(Asker, id="a")
        await asker.send(Ask(what="x"), key="k")
        context = (await asker.snapshot()).context
    assert (context.failures, context.data) == (["desk.ask Trouble no paper"], [{"sheets": 0}])
    assert clerk.count("x") == 1


async def test_a_call_that_takes_too_long_fails(memory: Place, clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "CALL_SECONDS_MAX", 0.02)
    clerk.hold("x")
    async with Orchestrator(memory.store(), [Asker], {Desk: clerk}) as orchestrator:
        asker = await orchestrator.start(Asker, id="a")
        await asker.send(Ask(what="x"))
        assert "TimeoutError" in (await asker.snapshot()).context.failures[0]


async def test_a_plain_call_that_takes_too_long_is_abandoned(memory: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "CALL_SECONDS_MAX", 0.05)
    desk = PlainClerk()
    desk.gates["x"] = threading.Event()
    async with Orchestrator(memory.store(), [Asker], {Desk: desk}) as orchestrator:
        asker = await orchestrator.start(Asker, id="a")
        with anyio.fail_after(30):
            await asker.send(Ask(what="x"))
        desk.gates["x"].set()
        assert "TimeoutError" in (await asker.snapshot()).context.failures[0]


async def test_a_late_answer_is_recorded_and_not_applied(memory: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "CALL_SECONDS_MAX", 0.05)
    desk = PlainClerk()
    desk.gates["x"] = threading.Event()
    async with Orchestrator(memory.store(), [Asker], {Desk: desk}) as orchestrator:
        asker = await orchestrator.start(Asker, id="a")
        await asker.send(Ask(what="x"))
        before = await asker.snapshot()
        desk.gates["x"].set()

        async def recorded() -> bool:
            return any(c.cause.startswith("late:") for c in await orchestrator.store.calls_of("a"))

        await until_async(recorded)
        after = await asker.snapshot()
        assert (after.seq, after.context) == (before.seq, before.context)


async def test_an_answer_that_does_not_fit_its_contract_is_a_failure_of_the_service(memory: Place) -> None:
    class Liar(Clerk):
        async def ask(self, what: str) -> str:
            return 7 if what == "x" else what  # type: ignore[return-value]

    async with Orchestrator(memory.store(), [Asker], {Desk: Liar()}) as orchestrator:
        asker = await orchestrator.start(Asker, id="a")
        await asker.send(Ask(what="x"))
        assert "AnswerInvalid" in (await asker.snapshot()).context.failures[0]


class Swallower(StateMachine[Tally, Add]):
    """Catches everything, as nobody should."""

    desk: Desk

    class Here(State, initial=True): ...

    @on(Add)
    async def add(self) -> None:
        try:
            await self.desk.ask("x")
        except Exception:
            self.ctx.log.append("swallowed")
        self.ctx.n += 1


@pytest.mark.parametrize("machine", [Caller, Swallower])
async def test_a_journal_that_cannot_be_written_is_no_failure_of_the_service(
    place: Place, clerk: Clerk, machine: Any
) -> None:
    store = Wrapped(place.store())
    what = "note 1" if machine is Caller else "x"
    gate = clerk.hold(what)
    async with Orchestrator(store, [machine], {Desk: clerk}) as orchestrator:
        asker = await orchestrator.start(machine, id="a")

        async def send() -> None:
            with pytest.raises(StoreFull):
                await asker.send(Add(), "k")

        async with anyio.create_task_group() as group:
            group.start_soon(send)
            await gate.arrived.wait()
            store.failing.append(StoreFull("no room"))
            gate.go.set()
        assert not await orchestrator.incidents()
        assert (await asker.send(Add(), "k")).seq == 2
        context = (await asker.snapshot()).context
        assert (context.n, "swallowed" in context.log) == (1, False)
        assert len(set(clerk.keys(what))) == 1


class Fickle(StateMachine[Tally, Add]):
    """Asks what a list outside says: not deterministic."""

    desk: Desk

    class Here(State, initial=True): ...

    @on(Add)
    async def add(self) -> None:
        await self.desk.ask(WHIMS.pop(0))
        await self.desk.ask("then")
        self.ctx.n += 1


WHIMS: list[str] = []


async def test_a_repeated_turn_that_asks_something_else_is_parked(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("then")
    WHIMS[:] = ["one", "two", "one"]
    async with Orchestrator(place.store(), [Fickle], {Desk: clerk}, drain_seconds=0) as orchestrator:
        fickle = await orchestrator.start(Fickle, id="a")
        with pytest.raises(WaitTimeout):
            await fickle.send(Add(), key="k", timeout=0.02)
        await gate.arrived.wait()
    gate.go.set()
    async with Orchestrator(place.store(), [Fickle], {Desk: clerk}) as orchestrator:
        fickle = orchestrator.get("a", Fickle)
        with pytest.raises(InstanceParked) as told:
            await fickle.send(Add(), key="k")
        assert told.value.incident == "NondeterministicTurn"
        assert clerk.count("two") == 0
        await orchestrator.retry("a")
        assert (await fickle.send(Add(), key="k")).seq == 2
        assert clerk.count("one") == 1


class Watch(StateMachine[Tally, Stop, list[str]]):
    """Reads the time, chance and a call in an invoke."""

    desk: Desk

    class Out(State, initial=True): ...

    class End(Final): ...

    @output(End)
    def read(self) -> list[str]:
        return self.ctx.log

    @invoke(Out)
    async def look(self) -> list[str]:
        seen = [self.now.isoformat(), str(self.uuid())]
        await self.desk.ask("one")
        return [*seen, await self.desk.ask("two")]

    @look.done(to=End)
    def keep(self, ev: Done[list[str]]) -> None:
        self.ctx.log = ev.data


async def test_time_and_chance_in_an_invoke_are_the_same_when_it_runs_again(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("two")
    async with Orchestrator(place.store(), [Watch], {Desk: clerk}, drain_seconds=0) as orchestrator:
        watch = await orchestrator.start(Watch, id="a")
        await gate.arrived.wait()
        calls = await orchestrator.store.calls_of("a")
    gate.go.set()
    async with Orchestrator(place.store(), [Watch], {Desk: clerk}) as orchestrator:
        watch = orchestrator.get("a", Watch)
        moment, _, answer = await watch.result(timeout=30)
        recorded = next(c for c in calls if c.method == "now")
    assert datetime.fromisoformat(moment).timestamp() == pytest.approx(float(recorded.answer[6:-1]))
    assert (answer, clerk.count("one"), clerk.count("two")) == ("TWO", 1, 2)


class Guarded(StateMachine[Tally, Add]):
    """Asks the same twice: once in a guard, once in an action."""

    desk: Desk

    class Here(State, initial=True): ...

    @guard
    async def allowed(self) -> bool:
        return await self.desk.ask("same") == "SAME"

    @on(Add, when=allowed)
    async def add(self) -> None:
        self.ctx.log += [await self.desk.ask("same"), str(self.uuid())]


async def test_equal_calls_of_one_turn_are_told_apart(place: Place, clerk: Clerk) -> None:
    async with Orchestrator(place.store(), [Guarded], {Desk: clerk}) as orchestrator:
        guarded = await orchestrator.start(Guarded, id="a")
        await guarded.send(Add())
        await guarded.send(Add())
        assert len(set(clerk.keys("same"))) == 4
        log = (await guarded.snapshot()).context.log
        assert log[1] != log[3]


async def test_a_turn_without_calls_reads_and_writes_nothing_more(memory: Place) -> None:
    store = Wrapped(memory.store())
    async with Orchestrator(store, [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        keeper = await keeper_of(orchestrator, "a")
        await counter.send(Add())
        assert [len(batch) for batch in store.batches] == [1, 1]
        await until(lambda: not keeper.draining)
