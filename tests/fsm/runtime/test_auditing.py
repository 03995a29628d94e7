"""An audit finds what cannot be right, and leaves alone what merely waits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fsm import Event, Final, Orchestrator, State, StateMachine, edge
from fsm.people import human
from fsm.ports.store import Commit, Effect, Store, Timer
from fsm.runtime.auditing import audit
from persistence.conformance.law import create, turn
from tests.fsm.runtime.desk import Clerk, Clock, Counter, Place, Stop, until
from tests.fsm.runtime.test_past import fleet
from tests.fsm.runtime.voyage import Log, Row, Sail, Scout, Trip

pytestmark = pytest.mark.anyio


class Push(Event):
    """Into the corner."""


class Corner(StateMachine[Log, Push]):
    """Has a state that no event leads out of, and that is no end."""

    class Free(State, initial=True): ...

    class Stuck(State): ...

    push = edge(Push, Free, to=Stuck)


async def found(store: Store, *machines: type[StateMachine[Any, Any, Any]]) -> list[tuple[str, str, str]]:
    """What an audit finds: kind, instance and the beginning of the message."""
    await store.open(owner=False)
    try:
        by_name = {machine.__chart__.name: machine for machine in machines}
        return [(f.kind, f.instance, f.message) async for f in audit(store, by_name)]
    finally:
        await store.close()


async def test_a_store_at_work_is_in_order(place: Place, clerk: Clerk) -> None:
    clerk.hold("watch after Sail")
    async with fleet(place, clerk, Clock()) as orchestrator:
        for id, event in (("a", Sail()), ("b", Scout())):
            ship = await orchestrator.start(Trip, Log(), id=id)
            await ship.send(event)
        await until(lambda: clerk.count("watch after Sail") == 1)
        await orchestrator.start(Trip, Log(), id="c")
        await orchestrator.cancel("b")
        assert await found(place.store(), Trip, Row) == []


async def test_an_instance_that_nothing_will_move_is_stranded_and_one_that_waits_is_not(place: Place) -> None:
    async with Orchestrator(place.store(), [Corner, Counter]) as orchestrator:
        await (await orchestrator.start(Corner, id="a")).send(Push())
        await orchestrator.start(Corner, id="b")
        counter = await orchestrator.start(Counter, id="c")
        await counter.send(Stop())
        ((kind, instance, message),) = await found(place.store(), Corner, Counter)
        assert (kind, instance) == ("stranded", "a")
        assert "no event has an edge in Stuck" in message
        assert await found(place.store()) == []


class Asking(StateMachine[Log, Push]):
    """Waits for a person alone."""

    class Open(State, initial=True): ...

    class Closed(Final): ...

    @human(Open, form=Log)
    def ask(self) -> str:
        return "?"

    answered = ask.done(to=Closed)


async def test_who_waits_for_a_person_is_in_order(place: Place) -> None:
    async with Orchestrator(place.store(), [Asking]) as orchestrator:
        await orchestrator.start(Asking, id="a")
        assert await found(place.store(), Asking) == []


async def test_rows_that_contradict_each_other_are_found(place: Place) -> None:
    store = place.store()
    await store.open(owner=True)
    begun = [turn(id, 0) for id in "bcdef"]
    for commit, moving in zip(begun, ["{}", '{"t":{"x":1}}', '{"i":{"w":3}}', '{"p":["w",1]}', "{}"], strict=True):
        assert commit.record is not None
        commit.record = replace(commit.record, moving=moving)
    begun[0].entry = None
    begun[4].timers_set = [Timer("f", "y", 4, 9.0)]
    await store.commit([*(create(id, parent="nobody") for id in "abcdef"), *begun])
    ended = create("g", status="done", seq=0)
    await store.commit(
        [ended, Commit("g", timers_set=[Timer("g", "z", 1, 5.0)], effects_set=[Effect("g", "v", 1, b"", "{}")])]
    )
    await store.close()
    said = {(kind, instance): message for kind, instance, message in await found(place.store())}
    for instance, words in {
        "b": "after turn 1, its journal has nothing",
        "c": "timer x#1 runs, but no row will let it fire",
        "d": "invoke w#3 is waited for, but nothing runs it",
        "e": "a child of 'nobody', which does not exist",
        "f": "timer y#4 is kept, but runs no more",
        "g": "its invoke v is left",
    }.items():
        assert words in said["contradiction", instance]
    assert "has not begun" in said["stranded", "a"]


async def test_a_turn_in_the_future_tells_of_a_clock(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter], clock=Clock(9e9)) as orchestrator:
        await orchestrator.start(Counter, id="a")
    ((kind, instance, message),) = await found(place.store(), Counter)
    assert (kind, instance) == ("clock", "a")
    assert "in the future" in message


async def test_a_claim_of_a_silent_worker_is_told(place: Place) -> None:
    store = place.store()
    await store.open(owner=True)
    await store.heartbeat("w", 10.0)
    await store.commit([create("a", worker="w", seq=0)])
    await store.bury("w")
    await store.close()
    kinds = [(kind, instance) for kind, instance, _ in await found(place.store())]
    assert ("claim", "w") in kinds
