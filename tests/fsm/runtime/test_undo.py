"""What was done is undone in reverse order, each once, whatever fails or is interrupted."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from fsm import (
    Context,
    Done,
    Event,
    Failed,
    Final,
    Migration,
    Orchestrator,
    State,
    StateMachine,
    edge,
    invoke,
    on,
    output,
)
from fsm.errors import InstanceParked
from fsm.saga import compensate
from tests.fsm.runtime.desk import SECONDS, Clerk, Desk, Place, Trouble, until_async

pytestmark = pytest.mark.anyio


class Add(Event):
    what: str


class Go(Event): ...


class Back(Event): ...


class Log(Context):
    undone: list[str] = []
    left: Any = None


class Trip(StateMachine[Log, Add | Go | Back, list[str]]):
    desk: Desk

    class Open(State, initial=True):
        class Booking(State, initial=True): ...

        class Paying(State): ...

    class Paid(State): ...

    class Undoing(State): ...

    class Cancelled(Final): ...

    @invoke(Open.Booking)
    async def book(self) -> str:
        return await self.desk.ask("book")

    @book.done(to=Open.Paying)
    def booked(self) -> None: ...

    @book.undo
    async def unbook(self, answer: str) -> None:
        await self.desk.ask(f"unbook {answer}")

    @on(Add, Open)
    async def add(self, ev: Add) -> None:
        await self.desk.ask(f"add {ev.what}")

    @add.undo
    async def take_away(self, ev: Add) -> None:
        await self.desk.ask(f"remove {ev.what}")
        await self.desk.ask("tell")

    pay = edge(Go, Open.Paying, to=Paid)

    @on(Go, Paid)
    async def thank(self) -> None:
        await self.desk.ask("thank")

    @thank.undo
    async def regret(self) -> None:
        await self.desk.ask("regret")

    cancel = edge(Back, to=Undoing)
    undone = compensate(Undoing)

    @undone.done(to=Cancelled)
    def note(self, ev: Done[list[str]]) -> None:
        self.ctx.undone = ev.data

    @output(Cancelled)
    def what(self) -> list[str]:
        return self.ctx.undone


class Careful(Trip):
    class Stuck(State): ...

    @Trip.undone.failed(to=Stuck)
    def stuck(self, ev: Failed) -> None:
        self.ctx.left = ev.error.data

    again = edge(Go, Stuck, to=Trip.Undoing)


async def state_is(instance: Any, state: str) -> bool:
    return state in (await instance.snapshot()).configuration


async def travelled(orchestrator: Orchestrator, machine: Any) -> Any:
    trip = await orchestrator.start(machine, id="a")
    await until_async(lambda: state_is(trip, "Open.Paying"))
    await trip.send(Add(what="car"))
    await trip.send(Add(what="hat"))
    await trip.send(Go())
    await trip.send(Go())
    return trip


UNDOS = ["regret", "remove hat", "tell", "remove car", "tell", "unbook BOOK"]


async def test_what_was_done_is_undone_in_reverse_order_and_shown(place: Place, clerk: Clerk) -> None:
    async with Orchestrator(place.store(), [Trip], {Desk: clerk}) as orchestrator:
        trip = await travelled(orchestrator, Trip)
        assert [d.name for d in (await trip.snapshot()).deeds] == ["book", "add", "add", "thank"]
        await trip.send(Back())
        assert await trip.result(timeout=SECONDS) == ["thank", "add", "add", "book"]
        assert (await trip.snapshot()).deeds == ()
        calls = (await trip.history())[-1].calls
    assert [m.what for m in clerk.made][-6:] == UNDOS
    assert len({m.key for m in clerk.made}) == len(clerk.made)
    assert [c.arguments["name"] for c in calls if c.method == "undo"] == ["thank", "add", "add", "book"]
    assert [c.arguments["what"] for c in calls if c.method == "desk.ask"] == UNDOS


async def test_a_restart_undoes_only_what_was_not_undone(place: Place, clerk: Clerk) -> None:
    held = clerk.hold("remove car")
    async with Orchestrator(place.store(), [Trip], {Desk: clerk}) as orchestrator:
        trip = await travelled(orchestrator, Trip)
        await trip.send(Back())
        await held.arrived.wait()
    held.go.set()
    async with Orchestrator(place.store(), [Trip], {Desk: clerk}) as orchestrator:
        assert await orchestrator.get("a", Trip).result(timeout=SECONDS) == ["thank", "add", "add", "book"]
    assert Counter(m.what for m in clerk.made if m.what in UNDOS) == Counter([*UNDOS, "remove car"])
    assert len(set(clerk.keys("remove car"))) == 1


async def test_the_rest_is_undone_when_one_fails_and_a_retry_tries_just_that(place: Place, clerk: Clerk) -> None:
    clerk.fail("remove hat", Trouble("lost"))
    async with Orchestrator(place.store(), [Trip], {Desk: clerk}) as orchestrator:
        trip = await travelled(orchestrator, Trip)
        await trip.send(Back())
        with pytest.raises(InstanceParked, match="NotUndone: 1 of 4 could not be undone: add: Trouble: lost"):
            await trip.result(timeout=SECONDS)
        assert [clerk.count(what) for what in UNDOS] == [1, 1, 1, 1, 1, 1]
        await orchestrator.retry("a")
        assert await trip.result(timeout=SECONDS) == ["thank", "add", "add", "book"]
    assert Counter(m.what for m in clerk.made if m.what in UNDOS) == Counter([*UNDOS, "remove hat"])
    assert len(set(clerk.keys("remove hat"))) == 1


async def test_what_could_not_be_undone_is_tried_again_at_the_next_entry(place: Place, clerk: Clerk) -> None:
    clerk.fail("remove hat", Trouble("lost"), Trouble("lost again"))
    async with Orchestrator(place.store(), [Careful], {Desk: clerk}) as orchestrator:
        trip = await travelled(orchestrator, Careful)
        await trip.send(Back())
        await until_async(lambda: state_is(trip, "Stuck"))
        snapshot = await trip.snapshot()
        assert [(one["name"], one["message"]) for one in snapshot.context.left] == [("add", "lost")]
        assert [(d.name, d.taken) for d in snapshot.deeds] == [("add", "")]
        await trip.send(Go())
        await until_async(lambda: state_is(trip, "Stuck"))
        await trip.send(Go())
        assert await trip.result(timeout=SECONDS) == ["add"]
        assert (await trip.snapshot()).deeds == ()
    assert Counter(m.what for m in clerk.made if m.what in UNDOS) == Counter([*UNDOS, "remove hat", "remove hat"])
    assert len(set(clerk.keys("remove hat"))) == 1


async def test_a_compensation_that_was_left_undoes_nothing_twice(place: Place, clerk: Clerk) -> None:
    held = clerk.hold("remove car")

    class Hasty(Careful):
        class Waiting(State): ...

        leave = edge(Add, Trip.Undoing, to=Waiting)
        resume = edge(Add, Waiting, to=Trip.Undoing)

    async with Orchestrator(place.store(), [Hasty], {Desk: clerk}) as orchestrator:
        trip = await travelled(orchestrator, Hasty)
        await trip.send(Back())
        await held.arrived.wait()
        await trip.send(Add(what="leave"))
        held.go.set()
        await trip.send(Add(what="resume"))
        assert await trip.result(timeout=SECONDS) == ["thank", "add", "add", "book"]
    assert Counter(m.what for m in clerk.made if m.what in UNDOS) == Counter([*UNDOS, "remove car"])
    assert len(set(clerk.keys("remove car"))) == 1


async def test_nothing_to_undo_is_done_at_once(place: Place, clerk: Clerk) -> None:
    clerk.hold("book")
    async with Orchestrator(place.store(), [Trip], {Desk: clerk}) as orchestrator:
        trip = await orchestrator.start(Trip, id="a")
        await trip.send(Back())
        assert await trip.result(timeout=SECONDS) == []


async def test_a_turn_that_fails_leaves_no_deed(place: Place, clerk: Clerk) -> None:
    clerk.fail("add car", Trouble("no"))
    async with Orchestrator(place.store(), [Trip], {Desk: clerk}) as orchestrator:
        trip = await orchestrator.start(Trip, id="a")
        await until_async(lambda: state_is(trip, "Open.Paying"))
        with pytest.raises(InstanceParked):
            await trip.send(Add(what="car"))
        assert [d.name for d in (await trip.snapshot()).deeds] == ["book"]
        await orchestrator.retry("a")
        await until_async(lambda: deeds_are(trip, ["book", "add"]))


async def deeds_are(instance: Any, names: list[str]) -> bool:
    return [d.name for d in (await instance.snapshot()).deeds] == names


async def test_an_undo_that_is_gone_from_the_class_is_named(place: Place, clerk: Clerk) -> None:
    async with Orchestrator(place.store(), [Careful], {Desk: clerk}) as orchestrator:
        await travelled(orchestrator, Careful)

    class Later(Careful, name="Careful"):
        regret = None  # type: ignore[assignment]

    async with Orchestrator(place.store(), [Later], {Desk: clerk}) as orchestrator:
        trip = orchestrator.get("a", Later)
        await trip.send(Back())
        await until_async(lambda: state_is(trip, "Stuck"))
        left = (await trip.snapshot()).context.left
        assert [one["name"] for one in left] == ["thank"]
        assert "has no undo for thank in Paid any more" in left[0]["message"]
    assert clerk.count("unbook BOOK") == 1


async def test_deeds_go_with_a_state_that_was_renamed(place: Place, clerk: Clerk) -> None:
    class Old(StateMachine[Log, Add | Back], name="Short"):
        class Here(State, initial=True): ...

        class Undoing(State): ...

        @on(Add, Here)
        def add(self) -> None: ...

        @add.undo
        def remove(self) -> None: ...

        back = edge(Back, Here, to=Undoing)
        undone = compensate(Undoing, of=Here)

    async with Orchestrator(place.store(), [Old]) as orchestrator:
        await (await orchestrator.start(Old, id="a")).send(Add(what="car"))

    class New(StateMachine[Log, Add | Back], name="Short", version=2, migrations=(Migration("1", {"Here": "There"}),)):
        class There(State, initial=True): ...

        class Undoing(State): ...

        class Home(Final): ...

        @on(Add, There)
        def add(self) -> None: ...

        @add.undo
        def remove(self) -> None: ...

        back = edge(Back, There, to=Undoing)
        undone = compensate(Undoing, of=There)

        @undone.done(to=Home)
        def note(self, ev: Done[list[str]]) -> None:
            self.ctx.undone = ev.data

    async with Orchestrator(place.store(), [New]) as orchestrator:
        instance = orchestrator.get("a", New)
        await instance.send(Back())
        await instance.result(timeout=SECONDS)
        assert (await instance.snapshot()).context.undone == ["add"]


async def test_what_was_done_before_a_rewind_can_still_be_undone_and_a_fork_has_done_nothing(
    place: Place, clerk: Clerk
) -> None:
    who = {"by": "ada", "reason": "look again"}
    async with Orchestrator(place.store(), [Trip], {Desk: clerk}) as orchestrator:
        trip = await travelled(orchestrator, Trip)
        forked = await orchestrator.fork("a", "b", at=2)
        assert (await forked.snapshot()).deeds == ()
        await orchestrator.rewind("a", at=2, **who)
        assert [d.name for d in (await trip.snapshot()).deeds] == ["book", "add", "add", "thank"]
        await trip.send(Back())
        assert await trip.result(timeout=SECONDS) == ["thank", "add", "add", "book"]


async def test_a_rewind_into_a_compensation_undoes_what_is_left(place: Place, clerk: Clerk) -> None:
    who = {"by": "ada", "reason": "look again"}
    clerk.fail("remove hat", Trouble("lost"))
    async with Orchestrator(place.store(), [Careful], {Desk: clerk}) as orchestrator:
        trip = await travelled(orchestrator, Careful)
        await trip.send(Back())
        await until_async(lambda: state_is(trip, "Stuck"))
        undoing = next(e.seq for e in await trip.history() if "Undoing" in e.configuration)
        await orchestrator.rewind("a", at=undoing, **who)
        assert await trip.result(timeout=SECONDS) == ["add"]
    assert clerk.count("remove hat") == 2
    assert clerk.count("remove car") == 1
