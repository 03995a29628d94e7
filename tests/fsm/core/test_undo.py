"""Deeds are noted with their turns, taken by compensations, and forgotten when they are undone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fsm import Context, Done, Event, Failed, Final, Parallel, State, StateMachine, always, edge, invoke, on, on_enter
from fsm.core.undo import Undone, deeds_of, undo_parts
from fsm.errors import DeedsExceeded, HandlerMisuse, NotUndone
from fsm.limits import DEEDS_BYTES_MAX, DEEDS_MAX
from fsm.saga import compensate


class Do(Event):
    what: str = ""


class Undo(Event): ...


class Receipt(Context):
    id: str


class Log(Context):
    log: list[str] = []
    failing: list[str] = []
    left: Any = None


class Trip(StateMachine[Log, Do | Undo]):
    class Open(State, initial=True):
        class Paying(State, initial=True): ...

        class Paid(State): ...

    class Out(State): ...

    class Undoing(State): ...

    class Home(State): ...

    class Stuck(State): ...

    @invoke(Open.Paying)
    async def charge(self) -> Receipt:
        return Receipt(id="r")

    paid = charge.done(to=Open.Paid)

    @charge.undo
    async def refund(self, receipt: Receipt) -> None:
        tried(self, f"refund {receipt.id}")

    @on(Do, Open.Paid, to=Out)
    def leave(self) -> None: ...

    @leave.undo
    def come_back(self, ev: Do) -> None:
        tried(self, f"back from {ev.what}")

    @on(Do, Out)
    def more(self, ev: Do) -> None:
        if ev.what == "wrong":
            raise LookupError(ev.what)

    @more.undo
    def less(self, ev: Do) -> None:
        tried(self, f"without {ev.what}")

    undo = edge(Undo, to=Undoing)
    undone = compensate(Undoing)
    home = undone.done(to=Home)

    @undone.failed(to=Stuck)
    def stuck(self, ev: Failed) -> None:
        self.ctx.left = [(one["name"], one["message"]) for one in ev.error.data]
        self.ctx.failing.clear()


MADE: list[str] = []


def tried(machine: Any, what: str) -> None:
    MADE.append(what)
    if what in machine.ctx.failing:
        raise LookupError("no")


@pytest.fixture(autouse=True)
def made() -> list[str]:
    MADE.clear()
    return MADE


def travelled(machine: Any = Trip, **data: Any) -> Any:
    r = machine.rehearse(Log(**data)).settle()
    r.send(Do(what="town"))
    r.send(Do(what="hat"))
    return r


def names(r: Any) -> list[str]:
    return [deed.name for deed in r.snapshot().deeds]


def test_what_was_done_is_noted_with_its_place_and_undone_in_reverse(made: list[str]) -> None:
    r = travelled()
    assert [(d.name, d.state, d.event) for d in r.snapshot().deeds] == [
        ("charge", "Open.Paying", ""),
        ("leave", "Open.Paid", "Do"),
        ("more", "Out", "Do"),
    ]
    r.send(Undo())
    assert [d.taken for d in r.snapshot().deeds] == ["undone"] * 3
    r.settle()
    assert (r.configuration, made, names(r)) == ({"Home"}, ["without hat", "back from town", "refund r"], [])


def test_what_failed_is_left_and_tried_again(made: list[str]) -> None:
    r = travelled(failing=["without hat", "refund r"])
    r.send(Undo())
    r.settle()
    assert (r.configuration, r.ctx.left) == ({"Stuck"}, [("more", "no"), ("charge", "no")])
    assert (names(r), len(made)) == (["charge", "more"], 3)
    r.send(Undo())
    r.settle()
    assert (r.configuration, made[3:], names(r)) == ({"Home"}, ["without hat", "refund r"], [])


def test_a_turn_that_fails_notes_nothing() -> None:
    r = travelled()
    with pytest.raises(Exception, match="LookupError"):
        r.send(Do(what="wrong"))
    assert names(r) == ["charge", "leave", "more"]


def test_deeds_survive_a_snapshot_also_in_the_middle_of_it(made: list[str]) -> None:
    r = travelled()
    again = Trip.rehearse(snapshot=r.snapshot().to_json())
    again.send(Undo())
    last = Trip.rehearse(snapshot=again.snapshot().to_json()).settle()
    assert (last.configuration, len(made)) == ({"Home"}, 3)
    old = {k: v for k, v in json.loads(r.snapshot().to_json()).items() if k != "deeds"}
    assert Trip.rehearse(snapshot=json.dumps(old)).snapshot().deeds == ()


def test_a_compensation_that_is_broken_off_keeps_everything(made: list[str]) -> None:
    class Hasty(Trip):
        @Trip.undone.failed(to=Trip.Stuck)
        def stuck(self, ev: Failed) -> None: ...

    r = travelled(Hasty)
    r.send(Undo())
    r.reject("undone", TimeoutError("no time"))
    assert (names(r), [d.taken for d in r.snapshot().deeds]) == (["charge", "leave", "more"], [""] * 3)


def test_only_what_was_done_inside_is_undone(made: list[str]) -> None:
    class Inner(Trip):
        undone = compensate(Trip.Undoing, of=Trip.Open)

    r = travelled(Inner)
    r.send(Undo())
    r.settle()
    assert (made, names(r)) == (["back from town", "refund r"], ["more"])


def test_two_compensations_at_once_share_what_there_is(made: list[str]) -> None:
    class Both(StateMachine[Log, Do | Undo]):
        class Open(State, initial=True): ...

        class Back(Parallel):
            class Left(State):
                class A(State, initial=True): ...

                class Ready(Final): ...

            class Right(State):
                class B(State, initial=True): ...

                class Ready(Final): ...

        @on(Do, Open)
        def do(self) -> None: ...

        @do.undo
        def redo(self, ev: Do) -> None:
            MADE.append(ev.what)

        undo = edge(Undo, Open, to=Back)
        left = compensate(Back.Left.A)
        right = compensate(Back.Right.B)
        one = left.done(to=Back.Left.Ready)
        other = right.done(to=Back.Right.Ready)

    r = Both.rehearse()
    r.send(Do(what="x"))
    r.send(Undo())
    r.settle()
    assert (r.configuration, made) == ({"Back.Left.Ready", "Back.Right.Ready"}, ["x"])


def test_eventless_edges_and_lists_are_undone_too(made: list[str]) -> None:
    class Chain(StateMachine[Log, Undo]):
        class Open(State, initial=True): ...

        class On(State): ...

        class Undoing(State): ...

        @invoke(Open, each=lambda self: [1, 2])
        async def book(self, number: int) -> str:
            return f"seat {number}"

        @book.done(to=On)
        def booked(self, ev: Done[list[str]]) -> None: ...

        @book.undo
        def free(self, seats: list[str]) -> None:
            MADE.append(f"free {' and '.join(seats)}")

        @always(On, to=Undoing)
        def tell(self) -> None: ...

        @tell.undo
        def untell(self) -> None:
            MADE.append("untell")

        undone = compensate(Undoing)

    Chain.rehearse().settle()
    assert made == ["untell", "free seat 1 and seat 2"]


def test_an_undo_may_not_change_the_context() -> None:
    class Greedy(StateMachine[Log, Do | Undo]):
        class Open(State, initial=True): ...

        class Undoing(State): ...

        class Stuck(State): ...

        @on(Do, Open)
        def do(self) -> None: ...

        @do.undo
        def redo(self) -> None:
            self.ctx.log.append("x")

        undo = edge(Undo, Open, to=Undoing)
        undone = compensate(Undoing)

        @undone.failed(to=Stuck)
        def stuck(self, ev: Failed) -> None:
            self.ctx.left = ev.error.data[0]["kind"]

    r = Greedy.rehearse()
    r.send(Do())
    r.send(Undo())
    assert r.settle().ctx.left == HandlerMisuse.__name__


class Busy(StateMachine[Log, Do | Undo]):
    class Open(State, initial=True): ...

    @on(Do, Open)
    def do(self) -> None: ...

    @do.undo
    def redo(self) -> None: ...

    @on_enter(Open)
    def greet(self) -> None: ...

    again = edge(Undo, Open, to=Open)


def test_more_than_can_be_kept_is_refused_before_anything_is_written() -> None:
    r = Busy.rehearse()
    for _ in range(DEEDS_MAX):
        r.send(Do())
    with pytest.raises(DeedsExceeded, match="1,001 things to undo"):
        r.send(Do())
    assert len(r.snapshot().deeds) == DEEDS_MAX
    r = Busy.rehearse()
    r.send(Do(what="x" * (DEEDS_BYTES_MAX // 2)))
    with pytest.raises(DeedsExceeded, match="bytes"):
        r.send(Do(what="x" * (DEEDS_BYTES_MAX // 2)))


def test_what_is_left_is_named_in_the_failure() -> None:
    known = Undone(undo_parts(json.dumps([{"n": 7, "name": "charge"}, {"n": 3, "name": "book"}])))
    known.note(7, '{"error":{"kind":"Gone","message":"no receipt","data":null}}')
    assert not known.over
    known.note(3, '{"ok":null}')
    assert known.over
    with pytest.raises(NotUndone, match="1 of 2 could not be undone: charge: Gone: no receipt") as caught:
        known.payload()
    assert caught.value.data == [{"n": 7, "name": "charge", "kind": "Gone", "message": "no receipt", "data": None}]


def test_deeds_are_read_as_they_were_kept() -> None:
    assert deeds_of([[1, "charge", "Open", "", "5"]])[0].taken == ""
    with pytest.raises(TypeError):
        deeds_of([[1]])
