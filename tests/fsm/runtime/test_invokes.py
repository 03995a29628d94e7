"""Invokes run beside the machine, belong to a state, and are resumed, never repeated more than need be."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from fsm import Done, Event, Failed, Final, Orchestrator, State, StateMachine, edge, invoke, on, output
from fsm.errors import InstanceParked
from fsm.ports.store import Effect
from fsm.runtime import invokes
from fsm.runtime.invokes import Invokes
from tests.fsm.runtime.desk import (
    SECONDS,
    Add,
    Careful,
    Clerk,
    Desk,
    Errand,
    Open,
    Place,
    PlainClerk,
    Stop,
    Tally,
    Trouble,
    settled,
    until_async,
)

pytestmark = pytest.mark.anyio


async def state_of(instance: Any) -> set[str]:
    return set((await instance.snapshot()).configuration)


async def test_an_invoke_answers_as_an_event(place: Place, clerk: Clerk) -> None:
    async with Orchestrator(place.store(), [Errand], {Desk: clerk}) as orchestrator:
        errand = await orchestrator.start(Errand, id="a")
        assert await errand.result(timeout=SECONDS) == "ONETWO"
        entries = await errand.history()
        assert [e.event for e in entries] == ["start", "done.invoke.run"]
        assert [c.method for c in entries[1].calls] == ["desk.ask", "desk.ask"]


async def test_an_invoke_runs_with_plain_services(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Errand], {Desk: PlainClerk()}) as orchestrator:
        errand = await orchestrator.start(Errand, id="a")
        assert await errand.result(timeout=SECONDS) == "ONETWO"


async def test_the_machine_goes_on_while_its_invoke_runs(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("one")
    async with Orchestrator(place.store(), [Errand], {Desk: clerk}) as orchestrator:
        errand = await orchestrator.start(Errand, id="a")
        await gate.arrived.wait()
        assert (await errand.send(Add())).seq == 2
        assert len((await errand.snapshot()).invokes) == 1
        gate.go.set()
        assert await errand.result(timeout=SECONDS) == "ONETWO"
        assert not (await errand.snapshot()).invokes


async def test_leaving_the_state_cancels_its_invoke(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("one")
    async with Orchestrator(place.store(), [Errand], {Desk: clerk}) as orchestrator:
        errand = await orchestrator.start(Errand, id="a")
        await gate.arrived.wait()
        await errand.send(Stop())
        gate.go.set()
        await settled()
        assert (await state_of(errand), clerk.count("two")) == ({"Lost"}, 0)
        assert not (await errand.snapshot()).invokes


class Again(StateMachine[Tally, Open | Stop, str]):
    """Its errand can be begun anew."""

    desk: Desk

    class Out(State, initial=True): ...

    class Back(Final): ...

    @output(Back)
    def news(self) -> str:
        return ",".join(self.ctx.log)

    @invoke(Out)
    async def run(self) -> str:
        return f"{self.ctx.n} {await self.desk.ask('one')}"

    @run.done(to=Back)
    def keep(self, ev: Done[str]) -> None:
        self.ctx.log.append(ev.data)

    @on(Open, Out, to=Out)
    def anew(self) -> None:
        self.ctx.n += 1


async def test_a_late_answer_of_an_earlier_stay_is_not_applied(place: Place) -> None:
    class Stubborn(Clerk):
        async def ask(self, what: str) -> str:
            number = self.count(what)
            with anyio.CancelScope(shield=number == 0):
                answer = await super().ask(what)
            return f"{answer} {number}"

    clerk = Stubborn()
    gate = clerk.hold("one")
    async with Orchestrator(place.store(), [Again], {Desk: clerk}) as orchestrator:
        again = await orchestrator.start(Again, id="a")
        await gate.arrived.wait()
        await again.send(Open())
        gate.go.set()
        assert await again.result(timeout=SECONDS) == "1 ONE 1"
        assert len(set(clerk.keys("one"))) == 2


async def test_a_failed_invoke_takes_its_edge(place: Place, clerk: Clerk) -> None:
    clerk.fail("two", Trouble("closed"))
    async with Orchestrator(place.store(), [Careful], {Desk: clerk}) as orchestrator:
        careful = await orchestrator.start(Careful, id="a")
        await until_async(lambda: _is(careful, {"Lost"}))
        assert (await careful.snapshot()).context.log == ["Trouble: closed"]


async def _is(instance: Any, states: set[str]) -> bool:
    return await state_of(instance) == states


async def test_a_failed_invoke_without_an_edge_parks_and_retry_asks_again_only_what_failed(
    place: Place, clerk: Clerk
) -> None:
    clerk.fail("two", Trouble("closed"))
    async with Orchestrator(place.store(), [Errand], {Desk: clerk}) as orchestrator:
        errand = await orchestrator.start(Errand, id="a")
        with pytest.raises(InstanceParked, match="closed"):
            await errand.result(timeout=SECONDS)
    async with Orchestrator(place.store(), [Errand], {Desk: clerk}) as orchestrator:
        errand = orchestrator.get("a", Errand)
        with pytest.raises(InstanceParked):
            await errand.result(timeout=SECONDS)
        await errand.retry()
        assert await errand.result(timeout=SECONDS) == "ONETWO"
        assert (clerk.count("one"), clerk.count("two"), len(set(clerk.keys("two")))) == (1, 2, 1)
        assert [i.resolution for i in await orchestrator.incidents(resolved=True)] == ["retried"]


class Hurried(StateMachine[Tally, Stop]):
    """Has no time."""

    desk: Desk

    class Out(State, initial=True): ...

    class Late(State): ...

    @invoke(Out, timeout="20ms")
    async def run(self) -> str:
        return await self.desk.ask("one")

    @run.failed(to=Late)
    def note(self, ev: Failed) -> None:
        self.ctx.log.append(ev.error.kind)


async def test_an_invoke_that_takes_too_long_fails(place: Place, clerk: Clerk) -> None:
    clerk.hold("one")
    async with Orchestrator(place.store(), [Hurried], {Desk: clerk}) as orchestrator:
        hurried = await orchestrator.start(Hurried, id="a")
        await until_async(lambda: _is(hurried, {"Late"}))
        assert (await hurried.snapshot()).context.log == ["TimeoutError"]


async def test_an_interrupted_invoke_is_resumed_with_what_was_answered(place: Place, clerk: Clerk) -> None:
    gate = clerk.hold("two")
    async with Orchestrator(place.store(), [Errand], {Desk: clerk}, drain_seconds=0) as orchestrator:
        await orchestrator.start(Errand, id="a")
        await gate.arrived.wait()
    gate.go.set()
    async with Orchestrator(place.store(), [Errand], {Desk: clerk}) as orchestrator:
        assert await orchestrator.get("a", Errand).result(timeout=SECONDS) == "ONETWO"
    assert (clerk.count("one"), len(set(clerk.keys("two")))) == (1, 1)
    assert [m.attempt for m in clerk.made if m.what == "two"] == [1, 2]


class Meddling(StateMachine[Tally, Add]):
    """Its invoke changes what is not its own."""

    class Out(State, initial=True): ...

    class Wrong(State): ...

    @invoke(Out)
    async def run(self) -> None:
        self.ctx.n = 7

    @run.failed(to=Wrong)
    def note(self, ev: Failed) -> None:
        self.ctx.log.append(ev.error.kind)


async def test_an_invoke_must_not_change_its_copy_of_the_context(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Meddling]) as orchestrator:
        meddling = await orchestrator.start(Meddling, id="a")
        await until_async(lambda: _is(meddling, {"Wrong"}))
        context = (await meddling.snapshot()).context
        assert (context.n, context.log) == (0, ["HandlerMisuse"])


class Pass(Event): ...


class Through(StateMachine[Tally, Pass]):
    """Enters and leaves a state with an invoke at once."""

    desk: Desk

    class Here(State, initial=True): ...

    class Busy(State): ...

    into = edge(Pass, Here, to=Busy)
    out = edge(Pass, Busy, to=Here)

    @invoke(Busy)
    async def run(self) -> None:
        await self.desk.ask("one")

    done = run.done(to=Here)


async def test_turns_that_share_a_transaction_start_no_invoke_that_one_of_them_ends(
    memory: Place, clerk: Clerk
) -> None:
    async with Orchestrator(memory.store(), [Through], {Desk: clerk}) as orchestrator:
        through = await orchestrator.start(Through, id="a")
        await settled()
        async with anyio.create_task_group() as group:
            group.start_soon(through.send, Pass())
            group.start_soon(through.send, Pass())
        await settled()
        assert clerk.count("one") == 0


async def test_an_answer_that_is_too_long_is_a_failure_of_its_invoke(
    memory: Place, clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invokes, "ANSWER_BYTES_MAX", 3)
    async with Orchestrator(memory.store(), [Errand], {Desk: clerk}) as orchestrator:
        errand = await orchestrator.start(Errand, id="a")
        with pytest.raises(InstanceParked, match="what invoke run answers is 8 bytes long, the limit is 3"):
            await errand.result(timeout=SECONDS)
        (incident,) = await orchestrator.incidents()
        assert (incident.kind, incident.event) == ("UnhandledError", "error.invoke.run")


async def test_an_invoke_that_ends_before_it_could_begin_needs_no_keeper() -> None:
    waiting: list[Any] = []
    host = SimpleNamespace(start_soon=lambda *call: waiting.append(call))
    keeper: Any = SimpleNamespace(live=SimpleNamespace(invokes={"run": 1}), host=host)
    invokes = Invokes(keeper)
    invokes.begin(Effect("a", "run", 1, b"{}", "{}"))
    invokes.end("run", 1)
    invokes.leave()
    ((run, *arguments),) = waiting
    await run(*arguments)
    assert not invokes.running
