"""Items run beside the machine, some at once; what has ended is not repeated; leaving the state cancels the rest."""

from __future__ import annotations

from collections import Counter
from typing import Any

import anyio
import pytest

from fsm import Context, Done, Event, Failed, Final, Orchestrator, State, StateMachine, edge, invoke, on, output
from fsm.errors import InstanceParked
from tests.fsm.runtime.desk import SECONDS, Clerk, Desk, Place, Trouble, until_async

pytestmark = pytest.mark.anyio


class Add(Event):
    word: str


class Stop(Event): ...


class Words(Context):
    words: list[str] = ["a", "b", "c", "d", "e"]
    found: Any = None


def machine(**said: Any) -> Any:
    class Reader(StateMachine[Words, Add | Stop, Any]):
        desk: Desk

        class Asking(State, initial=True): ...

        class Read(Final): ...

        class Left(State): ...

        def words(self) -> list[str]:
            return self.ctx.words

        @invoke(Asking, **(dict[str, Any](each=words, limit=2) | said))
        async def ask(self, word: str) -> str:
            return await self.desk.ask(word) + await self.desk.ask("again")

        @ask.done(to=Read)
        def keep(self, ev: Done[Any]) -> None:
            self.ctx.found = ev.data

        @output(Read)
        def what(self) -> Any:
            return self.ctx.found

        @on(Add, Asking)
        def add(self, ev: Add) -> None:
            self.ctx.words.append(ev.word)

        stop = edge(Stop, Asking, to=Left)

    return Reader


def careful(**said: Any) -> Any:
    Reader = machine(**said)

    class Careful(Reader):  # type: ignore[misc,valid-type]
        @Reader.ask.failed(to=Reader.Left)
        def broke(self, ev: Failed) -> None:
            self.ctx.found = ev.error.model_dump()

    return Careful


async def found(orchestrator: Orchestrator, reader: Any) -> Any:
    instance = await orchestrator.start(reader, id="a")
    await until_async(lambda: settled(instance))
    return (await instance.snapshot()).context.found


async def settled(instance: Any) -> bool:
    return not (await instance.snapshot()).invokes


async def test_every_item_is_worked_on_once_and_shown(place: Place, clerk: Clerk) -> None:
    async with Orchestrator(place.store(), [Reader := machine()], {Desk: clerk}) as orchestrator:
        reader = await orchestrator.start(Reader, id="a")
        assert await reader.result(timeout=SECONDS) == [f"{w}AGAIN" for w in "ABCDE"]
        calls = (await reader.history())[-1].calls
    items = {call.arguments: call.answer for call in calls if call.method == "each:ask"}
    assert items == {w: f"{w.upper()}AGAIN" for w in "abcde"}
    assert Counter(m.what for m in clerk.made) == {**dict.fromkeys("abcde", 1), "again": 5}
    assert len(set(clerk.keys("again"))) == 5


async def test_no_more_items_run_at_once_than_may(place: Place, clerk: Clerk) -> None:
    gates = {word: clerk.hold(word) for word in "abcde"}
    async with Orchestrator(place.store(), [Reader := machine()], {Desk: clerk}) as orchestrator:
        reader = await orchestrator.start(Reader, id="a")
        await gates["a"].arrived.wait()
        await gates["b"].arrived.wait()
        assert [m.what for m in clerk.made] == ["a", "b"]
        gates["b"].go.set()
        await gates["c"].arrived.wait()
        assert not gates["d"].arrived.is_set()
        for gate in gates.values():
            gate.go.set()
        assert await reader.result(timeout=SECONDS) == [f"{w}AGAIN" for w in "ABCDE"]


async def test_what_has_ended_is_not_repeated_after_a_restart(place: Place, clerk: Clerk) -> None:
    held, Reader = clerk.hold("c"), machine()
    async with Orchestrator(place.store(), [Reader], {Desk: clerk}) as orchestrator:
        reader = await orchestrator.start(Reader, id="a")
        await held.arrived.wait()
        await until_async(lambda: recorded(orchestrator, 4))
        await reader.send(Add(word="late"))
    before = Counter(m.what for m in clerk.made)
    keys = clerk.keys("c")
    held.go.set()
    async with Orchestrator(place.store(), [Reader], {Desk: clerk}) as orchestrator:
        assert await orchestrator.get("a", Reader).result(timeout=SECONDS) == [f"{w}AGAIN" for w in "ABCDE"]
    assert Counter(m.what for m in clerk.made) - before == {"c": 1, "again": 1}
    assert set(clerk.keys("c")) == set(keys)
    assert len(set(clerk.keys("again"))) == 5


async def recorded(orchestrator: Orchestrator, count: int) -> bool:
    calls = await orchestrator.store.calls("a", "invoke:ask#1")
    return sum(call.method == "each:ask" for call in calls) == count


async def test_the_first_failure_cancels_the_others(place: Place, clerk: Clerk) -> None:
    held = clerk.hold("a")
    clerk.fail("b", Trouble("no b"))
    async with Orchestrator(place.store(), [Reader := careful()], {Desk: clerk}) as orchestrator:
        told = await found(orchestrator, Reader)
    assert told == {"kind": "Trouble", "message": "item 1: no b", "data": None}
    assert held.arrived.is_set()
    assert clerk.count("c") == 0


async def test_a_failure_without_an_edge_parks_and_a_retry_repeats_only_what_failed(place: Place, clerk: Clerk) -> None:
    clerk.fail("e", Trouble("no e"))
    async with Orchestrator(place.store(), [Reader := machine()], {Desk: clerk}) as orchestrator:
        reader = await orchestrator.start(Reader, id="a")
        with pytest.raises(InstanceParked, match="item 4: no e"):
            await reader.result(timeout=SECONDS)
        await orchestrator.retry("a")
        assert await reader.result(timeout=SECONDS) == [f"{w}AGAIN" for w in "ABCDE"]
    assert {w: clerk.count(w) for w in "abce"} == {"a": 1, "b": 1, "c": 1, "e": 2}
    assert len(set(clerk.keys("e"))) == 1


async def test_any_takes_the_first_success_and_cancels_the_rest(place: Place, clerk: Clerk) -> None:
    clerk.fail("a", Trouble("no a"))
    held = clerk.hold("b")
    async with Orchestrator(place.store(), [Reader := machine(join="any")], {Desk: clerk}) as orchestrator:
        assert await (await orchestrator.start(Reader, id="a")).result(timeout=SECONDS) == "CAGAIN"
    assert held.arrived.is_set()
    assert clerk.count("d") == 0


async def test_a_quorum_is_content_with_so_many(place: Place, clerk: Clerk) -> None:
    clerk.fail("b", Trouble("no b"))
    clerk.hold("a")
    async with Orchestrator(place.store(), [Reader := machine(join=2)], {Desk: clerk}) as orchestrator:
        assert await (await orchestrator.start(Reader, id="a")).result(timeout=SECONDS) == ["CAGAIN", "DAGAIN"]


async def test_a_quorum_that_cannot_be_met_says_what_failed(place: Place, clerk: Clerk) -> None:
    for word in "bcde":
        clerk.fail(word, Trouble(f"no {word}"))
    async with Orchestrator(place.store(), [Reader := careful(join=2, limit=1)], {Desk: clerk}) as orchestrator:
        told = await found(orchestrator, Reader)
    assert told["kind"] == "TooFewSucceeded"
    assert [(one["item"], one["message"]) for one in told["data"]] == [(n + 1, f"no {w}") for n, w in enumerate("bcde")]


async def test_kept_failures_stand_among_the_results(place: Place, clerk: Clerk) -> None:
    clerk.fail("b", Trouble("no b"))
    async with Orchestrator(place.store(), [Reader := machine(failures="keep")], {Desk: clerk}) as orchestrator:
        kept = await (await orchestrator.start(Reader, id="a")).result(timeout=SECONDS)
    assert [one.get("data") or one["error"]["message"] for one in kept] == [
        "AAGAIN",
        "no b",
        *(f"{w}AGAIN" for w in "CDE"),
    ]


async def test_the_timeout_bounds_all_of_it(place: Place, clerk: Clerk) -> None:
    clerk.hold("d")
    Reader = careful(timeout="50ms")
    async with Orchestrator(place.store(), [Reader], {Desk: clerk}) as orchestrator:
        assert (await found(orchestrator, Reader))["kind"] == "TimeoutError"


async def test_leaving_the_state_cancels_every_item(place: Place, clerk: Clerk) -> None:
    gates = [clerk.hold("a"), clerk.hold("b")]
    async with Orchestrator(place.store(), [Reader := machine()], {Desk: clerk}) as orchestrator:
        reader = await orchestrator.start(Reader, id="a")
        for gate in gates:
            await gate.arrived.wait()
        await reader.send(Stop())
        for gate in gates:
            gate.go.set()
        await anyio.wait_all_tasks_blocked()
        snapshot = await reader.snapshot()
        assert (snapshot.configuration, snapshot.context.found) == ({"Left"}, None)
    assert (clerk.count("c"), clerk.count("again")) == (0, 0)


async def test_an_item_that_asks_something_else_when_it_is_repeated_parks_the_instance(
    place: Place, clerk: Clerk
) -> None:
    held, said = clerk.hold("again"), ["one"]

    class Fickle(StateMachine[Words]):
        desk: Desk

        class Asking(State, initial=True): ...

        @invoke(Asking, each=lambda self: ["x"])
        async def ask(self, word: str) -> str:
            return await self.desk.ask(said[-1]) + await self.desk.ask("again")

    async with Orchestrator(place.store(), [Fickle], {Desk: clerk}) as orchestrator:
        fickle = await orchestrator.start(Fickle, id="a")
        await held.arrived.wait()
    said.append("two")
    async with Orchestrator(place.store(), [Fickle], {Desk: clerk}) as orchestrator:
        fickle = orchestrator.get("a", Fickle)
        with pytest.raises(InstanceParked, match="NondeterministicTurn"):
            await fickle.result(timeout=SECONDS)


async def test_an_item_that_changes_the_shared_context_fails(place: Place, clerk: Clerk) -> None:
    class Greedy(StateMachine[Words]):
        class Asking(State, initial=True): ...

        class Left(Final): ...

        @invoke(Asking, each=lambda self: self.ctx.words)
        async def ask(self, word: str) -> None:
            self.ctx.words.append(word)

        @ask.failed(to=Left)
        def broke(self, ev: Failed) -> None:
            self.ctx.found = ev.error.kind

    async with Orchestrator(place.store(), [Greedy], {Desk: clerk}) as orchestrator:
        assert await found(orchestrator, Greedy) == "HandlerMisuse"


async def test_a_work_that_was_begun_without_items_says_so(place: Place, clerk: Clerk) -> None:
    clerk.hold("x")

    class Old(StateMachine[Words], name="Reader"):
        desk: Desk

        class Asking(State, initial=True): ...

        @invoke(Asking)
        async def ask(self) -> str:
            return await self.desk.ask("x")

    async with Orchestrator(place.store(), [Old], {Desk: clerk}) as orchestrator:
        await orchestrator.start(Old, id="a")
    New = careful()

    class Reader(New, name="Reader"):  # type: ignore[misc,valid-type,call-arg]
        pass

    async with Orchestrator(place.store(), [Reader], {Desk: clerk}) as orchestrator:
        assert "was begun without items" in (await found(orchestrator, Reader))["message"]


async def test_a_rewind_runs_over_the_items_of_that_moment(place: Place, clerk: Clerk) -> None:
    held, Reader = clerk.hold("c"), machine()
    async with Orchestrator(place.store(), [Reader], {Desk: clerk}) as orchestrator:
        reader = await orchestrator.start(Reader, Words(words=["c", "d"]), id="a")
        await held.arrived.wait()
        await reader.send(Stop())
        held.go.set()
        await orchestrator.rewind("a", at=1, by="ada", reason="stopped too early")
        assert await reader.result(timeout=SECONDS) == ["CAGAIN", "DAGAIN"]
