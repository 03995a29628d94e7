"""What an instance was after any of its turns can be read again, exactly."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from fsm import Orchestrator, State, StateMachine
from fsm.core.snapshot import Snapshot
from fsm.errors import DefinitionError, EventError, PastUnknown
from fsm.ports.retaining import Keep
from fsm.runtime.past import Change, compared
from tests.fsm.runtime.desk import Add, Clerk, Clock, Counter, Lower, Place, until
from tests.fsm.runtime.editions import First, Second
from tests.fsm.runtime.voyage import Log, Moor, Row, Sail, Scout, Trip, Turn

pytestmark = pytest.mark.anyio


def fleet(place: Place, clerk: Clerk, clock: Clock) -> Orchestrator:
    """A worker that runs ships."""
    return Orchestrator(place.store(), [Trip, Row], {"desk": clerk}, clock=clock)


def timeless(snapshot: Snapshot[Any]) -> Snapshot[Any]:
    """A snapshot without the moment at which it was asked for, and without what invokes were given."""
    return replace(snapshot, now=0.0, invokes=tuple(replace(i, context="") for i in snapshot.invokes))


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_each_snapshot_is_again_what_it_was(place: Place, clerk: Clerk, seed: int) -> None:
    clock, chance = Clock(), random.Random(seed)
    for name in ("Sail", "Turn"):
        clerk.hold(f"watch after {name}")
    seen: dict[int, Snapshot[Log]] = {}
    for _ in range(3):  # three processes, one after the other
        async with fleet(place, clerk, clock) as orchestrator:
            ship = await orchestrator.start(Trip, Log(note="x"), id="a")
            for _ in range(25):
                clock.now += chance.choice([1, 100])
                try:
                    events = (Sail(miles=chance.randrange(120)), Turn(), Moor(), Scout())
                    await ship.send(chance.choice(events))
                except EventError:
                    continue
                snapshot = await ship.snapshot()
                seen[snapshot.seq] = snapshot
            for seq, snapshot in seen.items():
                assert timeless(await ship.snapshot(at=seq)) == timeless(snapshot)
    assert len(seen) > 30


async def test_history_says_what_each_turn_asked_and_changed(place: Place, clerk: Clerk) -> None:
    clerk.hold("watch after Sail")
    async with fleet(place, clerk, Clock()) as orchestrator:
        ship = await orchestrator.start(Trip, Log(), id="a")
        await ship.send(Sail(miles=5))
        await ship.send(Sail(miles=7))
        turns = await ship.history()
        assert turns[0].changes is None
        assert turns[1].guards == (("Sail", "sail", True),)
        assert turns[1].changes == (Change("miles", 0, 5), Change("log[0]", None, "sailed", "added"))
        assert turns[2].changes == (Change("miles", 5, 12), Change("seen.7", None, None, "added"))
        assert [t.changes for t in await ship.history(after=2)] == [turns[2].changes]


async def test_turns_that_do_not_touch_the_context_store_no_copy_of_it(file: Place, clerk: Clerk) -> None:
    async with fleet(file, clerk, Clock()) as orchestrator:
        ship = await orchestrator.start(Trip, Log(log=["a long line"] * 500), id="a")
        await ship.send(Scout())
        await ship.send(Moor())
        sizes = [len(entry.past) for entry in await orchestrator.store.history("a")]
        assert sizes[0] > 5000
        assert max(sizes[1:]) < 400


async def test_the_journal_keeps_the_whole_every_fifty_turns(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        for _ in range(120):
            await counter.send(Add())
        kept = [entry.seq for entry in await orchestrator.store.history("a") if entry.past.startswith("=")]
        assert {1, 51, 101} <= set(kept)
        assert [(await counter.snapshot(at=seq)).context.n for seq in (1, 50, 51, 52, 100, 121)] == [
            0,
            49,
            50,
            51,
            99,
            120,
        ]


async def test_a_machine_may_keep_its_steps_alone(place: Place) -> None:
    class Plain(Counter, history="steps"):
        """Cannot be looked back at."""

    async with Orchestrator(place.store(), [Plain]) as orchestrator:
        counter = await orchestrator.start(Plain, id="a")
        await counter.send(Add())
        assert [(t.event, t.changes) for t in await counter.history()] == [("start", None), ("Add", None)]
        with pytest.raises(PastUnknown, match="history='steps'") as told:
            await counter.snapshot(at=1)
        assert told.value.first == 0


def test_a_word_that_is_no_kind_of_history_is_refused_with_its_line() -> None:
    with pytest.raises(DefinitionError, match=r"test_past.py:\d+: history='none' is neither"):

        class Wrong(StateMachine, history="none"):  # type: ignore[arg-type]
            class Here(State, initial=True): ...


@pytest.mark.parametrize("seq", [0, -1, 3, 99])
async def test_a_turn_that_never_was_cannot_be_looked_at(place: Place, seq: int) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await counter.send(Add())
        with pytest.raises(PastUnknown, match="turns 1 to 2 can be looked back to"):
            await counter.snapshot(at=seq)


async def test_what_was_pruned_is_told_with_the_first_turn_that_is_left(place: Place) -> None:
    clock = Clock()
    async with Orchestrator(place.store(), [Counter], clock=clock) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        for _ in range(70):
            clock.now += 3600
            await counter.send(Add())
        before = {seq: await counter.snapshot(at=seq) for seq in range(61, 72)}
        await orchestrator.store.prune("Counter", Keep(journal_days=10 / 24), now=clock.now)
        for seq, snapshot in before.items():
            assert timeless(await counter.snapshot(at=seq)) == timeless(snapshot)
        with pytest.raises(PastUnknown, match="turns 61 to 71") as told:
            await counter.snapshot(at=60)
        assert told.value.first == 61
        turns = await counter.history()
        assert (turns[0].seq, turns[0].changes, turns[1].changes) == (61, None, (Change("n", 60, 61),))


async def test_how_it_ended_can_be_looked_at(place: Place, clerk: Clerk) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await counter.send(Add(by=3))
        await counter.cancel()
        assert (await counter.snapshot(at=2)).status == "running"
        assert (await counter.snapshot(at=3)).status == "cancelled"


async def test_a_failed_turn_leaves_no_guards_of_its_own_behind(place: Place) -> None:
    async with Orchestrator(place.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        with pytest.raises(EventError):
            await counter.send(Lower())
        await counter.send(Add())
        assert [t.guards for t in await counter.history()] == [(), ()]


async def test_what_an_older_class_wrote_is_looked_at_as_this_class_has_it(place: Place, clerk: Clerk) -> None:
    services = {s.contract: clerk for s in First.__chart__.services}
    async with Orchestrator(place.store(), [First], services) as old:
        await old.start(First, id="a")
    async with Orchestrator(place.store(), [Second], services) as new:
        order = new.get("a", Second)
        await until(lambda: new.left_alone == 0)
        assert (await order.snapshot(at=1)).configuration == {"Open"}


def test_values_are_compared_by_their_places() -> None:
    old = {"a": 1, "b": [1, {"c": None}], "d": True, "gone": None}
    new = {"a": 1, "b": [1, {"c": 2}, 3], "d": 1, "e": {"f": None}}
    assert compared("", old, new) == [
        Change("b[1].c", None, 2),
        Change("b[2]", None, 3, "added"),
        Change("d", True, 1),
        Change("gone", None, None, "removed"),
        Change("e", None, {"f": None}, "added"),
    ]
