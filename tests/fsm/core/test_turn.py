"""Choices within a turn: when they are made, by whom, what they see, and what becomes of a wrong answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import pytest

from fsm import (
    Choice,
    Context,
    Event,
    Final,
    History,
    Parallel,
    State,
    StateMachine,
    all_done,
    always,
    choose,
    default,
    edge,
    guard,
    on,
    on_enter,
    on_exit,
    output,
)
from fsm.errors import GuardFailed, MicrostepsExceeded, SnapshotCorrupted
from tests.fsm.chart.refusal import odd


class Go(Event): ...


class Back(Event): ...


class Pay(Event):
    amount: int = 0


class Log(Context):
    """What happened, in order, and what decides."""

    seen: list[str] = []
    large: bool = False


class Desk(Protocol):
    async def limit(self, currency: str) -> int: ...


class FixedDesk:
    """Answers fifty, or fails."""

    def __init__(self, *, fails: bool = False) -> None:
        self.asked, self.fails = 0, fails

    def limit(self, currency: str) -> int:
        self.asked += 1
        if self.fails:
            raise OSError("closed")
        return 50


class Order(StateMachine[Log, Pay | Back]):
    """Decides on the way, with a service."""

    desk: Desk

    class Open(State, initial=True): ...

    class Route(Choice): ...

    class Small(State): ...

    class Large(State): ...

    @on(Pay, Open, to=Route)
    def pay(self) -> None:
        self.ctx.seen.append("pay")

    @choose(Route)
    async def route(self, ev: Pay) -> type[Small] | type[Large]:
        self.ctx.seen.append("route")
        return self.Large if ev.amount > await self.desk.limit("EUR") else self.Small

    @on_enter(Small, Large)
    def arrived(self) -> None:
        self.ctx.seen.append("arrived")

    back = edge(Back, Small, Large, to=Open)


@pytest.mark.parametrize(("amount", "state"), [(10, "Small"), (90, "Large")])
def test_a_choice_is_made_on_the_way_and_nobody_ever_sees_it(amount: int, state: str) -> None:
    desk = FixedDesk()
    r = Order.rehearse(services={Desk: desk})
    step = r.send(Pay(amount=amount))
    assert step.configuration == r.configuration == {state}
    assert step.transitions == ("pay", f"route.{state}")
    assert [(m.exited, m.entered) for m in step.microsteps] == [(("Open",), ("Route",)), (("Route",), (state,))]
    assert r.ctx.seen == ["pay", "route", "arrived"]
    assert desk.asked == 1


def test_a_decision_that_raises_fails_the_turn_and_changes_nothing() -> None:
    r = Order.rehearse(services={Desk: FixedDesk(fails=True)})
    before = r.snapshot()
    with pytest.raises(GuardFailed, match=r"the choice Route \(test_turn.py:\d+\) raised CallFailed.*then retry"):
        r.send(Pay(amount=1))
    assert r.snapshot() == before


def test_asking_whether_an_event_would_be_taken_decides_nothing() -> None:
    desk = FixedDesk()
    r = Order.rehearse(services={Desk: desk})
    assert r.can(Pay(amount=1))
    assert (desk.asked, r.ctx.seen) == (0, [])


class Wrong(StateMachine[Log, Go]):
    class Here(State, initial=True): ...

    class Pick(Choice): ...

    class A(State): ...

    class B(State): ...

    go = edge(Go, Here, to=Pick)
    other = edge(Go, A, to=B)

    @choose(Pick)
    def pick(self) -> type[A]:
        return odd(self.B if self.ctx.large else None)  # type: ignore[no-any-return]


@pytest.mark.parametrize(("large", "said"), [(True, "Wrong.B"), (False, "None")])
def test_an_answer_that_is_none_of_the_ways_fails_the_turn(large: bool, said: str) -> None:
    r = Wrong.rehearse(Log(large=large))
    with pytest.raises(GuardFailed, match=rf"answered .*{said}.*, which is none of its ways: A\. Nothing was changed"):
        r.send(Go())
    assert r.configuration == {"Here"}


def test_a_way_that_extends_another_way_is_not_mistaken_for_it() -> None:
    class Fine(StateMachine[Log, Go]):
        class Pick(Choice, initial=True): ...

        class A(State): ...

        class B(A): ...

        @choose(Pick)
        def pick(self) -> type[B] | type[A]:
            return self.B if self.ctx.large else self.A

    assert Fine.rehearse().configuration == {"A"}
    assert Fine.rehearse(Log(large=True)).configuration == {"B"}


class Chain(StateMachine[Log, Go | Back]):
    """Choices one behind the other, and as the initial state of a composite."""

    class Here(State, initial=True): ...

    class First(Choice): ...

    class In(State):
        class Second(Choice, initial=True): ...

        class A(State): ...

        class End(Final): ...

    class Done(Final): ...

    go = edge(Go, Here, to=First)
    through = all_done(In, to=Done)

    @choose(First)
    def first(self) -> type[In] | type[Here]:
        self.ctx.seen.append("first")
        return self.In

    @choose(In.Second)
    def second(self) -> type[In.A] | type[In.End] | type[Here]:
        self.ctx.seen.append("second")
        return self.In.End if self.ctx.large else self.In.A

    @on_exit(In)
    def left(self) -> None:
        self.ctx.seen.append("left")


def test_a_choice_may_lead_to_a_choice_and_be_the_initial_state_of_a_composite() -> None:
    r = Chain.rehearse()
    assert r.send(Go()).transitions == ("go", "first.In", "second.A")
    assert r.configuration == {"In.A"}
    assert r.ctx.seen == ["first", "second"], "a way within the composite does not leave it"


def test_a_choice_may_complete_its_composite() -> None:
    r = Chain.rehearse(Log(large=True))
    assert r.send(Go()).transitions == ("go", "first.In", "second.End", "through")
    assert (r.done, r.ctx.seen) == (True, ["first", "second", "left"])


class Ways(StateMachine[Log, Go | Back]):
    """Ways to an ancestor, and to a history."""

    class Away(State): ...

    class Out(State, initial=True):
        class A(State, initial=True): ...

        class B(State):
            class X(State, initial=True): ...

            class Y(State): ...

        class Last(History, deep=True): ...

        class Pick(Choice): ...

    past = default(Out.Last, to=Out.B.Y)
    inside = edge(Go, Out.B.X, to=Out.B.Y)
    leave = edge(Back, Out, to=Away)
    come = edge(Go, Away, to=Out.Pick)
    ask = edge(Go, Out.A, to=Out.Pick)

    @choose(Out.Pick)
    def pick(self) -> type[Out] | type[Out.Last]:
        return self.Out.Last if self.ctx.large else self.Out

    @on_enter(Out)
    def entered(self) -> None:
        self.ctx.seen.append("+Out")


def test_a_way_to_an_ancestor_leaves_it_and_enters_it_again() -> None:
    r = Ways.rehearse()
    r.send(Go())
    assert (r.configuration, r.ctx.seen) == ({"Out.A"}, ["+Out", "+Out"])


def test_a_way_to_a_history_restores_the_past_or_takes_its_default() -> None:
    r = Ways.rehearse(Log(large=True))
    assert r.send(Go()).configuration == {"Out.B.Y"}, "no past yet: the default"
    r.send(Back())
    assert r.send(Go()).configuration == {"Out.B.Y"}
    r = Ways.rehearse()
    r.send(Back())
    r.ctx.large = True
    assert r.send(Go()).configuration == {"Out.A"}, "the past"


class Both(StateMachine[Log, Go | Back]):
    """Two regions decide in the same microstep."""

    class P(Parallel, initial=True):
        class One(State):
            class Pick(Choice, initial=True): ...

            class A(State): ...

        class Two(State):
            class Pick(Choice, initial=True): ...

            class A(State): ...

            class B(State): ...

    class Out(State): ...

    again = edge(Go, P, to=P)
    back = edge(Back, Out, to=P)

    @guard
    def moved(self) -> bool:
        return "one" in self.ctx.seen

    @choose(P.One.Pick)
    def one(self) -> type[P.One.A]:
        self.ctx.seen.append("one")
        return self.P.One.A

    @choose(P.Two.Pick)
    def two(self) -> type[P.Two.A] | type[P.Two.B] | type[Out]:
        self.ctx.seen.append("two")
        return self.Out if self.ctx.large else self.P.Two.B


def test_choices_of_several_regions_are_made_in_document_order_and_taken_together() -> None:
    r = Both.rehearse()
    assert r.ctx.seen == ["one", "two"]
    assert r.trace[1].transitions == ("one.A", "two.B")
    assert r.configuration == {"P.One.A", "P.Two.B"}


def test_a_way_that_conflicts_with_an_earlier_regions_way_is_asked_for_again() -> None:
    r = Both.rehearse(Log(large=True))
    assert [m.transitions for m in r.trace] == [(), ("one.A",), ("two.Out",)]
    assert r.ctx.seen == ["one", "two", "two"]
    assert r.configuration == {"Out"}


def test_eventless_edges_and_raised_events_of_other_regions_do_not_see_a_choice() -> None:
    class Around(StateMachine[Log, Go | Back]):
        class P(Parallel, initial=True):
            class One(State):
                class Pick(Choice, initial=True): ...

                class A(State): ...

            class Two(State):
                class Quiet(State, initial=True): ...

                class Woken(State): ...

        @guard
        def ready(self) -> bool:
            return self.ctx.large

        wake = always(P.Two.Quiet, to=P.Two.Woken, when=ready)

        @choose(P.One.Pick)
        def one(self) -> type[P.One.A]:
            self.ctx.seen.append("one")
            return self.P.One.A

        @on_enter(P.Two)
        def raised(self) -> None:
            self.raise_(Go())

        @on(Go)
        def note(self) -> None:
            self.ctx.seen.append("go")

    r = Around.rehearse()
    assert r.ctx.seen == ["one", "go"], "a choice is made before raised events are looked at"
    assert r.configuration == {"P.One.A", "P.Two.Quiet"}
    r = Around.rehearse(Log(large=True))
    assert r.trace[1].transitions == ("one.A", "wake")


def test_choices_that_lead_to_each_other_for_ever_are_stopped() -> None:
    class Round(StateMachine[Log, Go]):
        class Here(State, initial=True): ...

        class One(Choice): ...

        class Two(Choice): ...

        go = edge(Go, Here, to=One)

        @choose(One)
        def one(self) -> type[Two]:
            return self.Two

        @choose(Two)
        def two(self) -> type[One] | type[Here]:
            return self.One

    r = Round.rehearse()
    with pytest.raises(MicrostepsExceeded, match=r"at the end (one\.Two, two\.One|two\.One, one\.Two)"):
        r.send(Go())
    assert r.configuration == {"Here"}


def test_the_decision_of_a_subclass_is_asked_and_inherited_ways_stay() -> None:
    class Careful(Order):
        @choose(Order.Route)
        def route(self) -> type[Order.Small] | type[Order.Large]:
            return self.Large

    assert Careful.rehearse(services={Desk: FixedDesk()}).send(Pay(amount=1)).configuration == {"Large"}


def test_a_choice_made_while_the_machine_starts_may_end_it() -> None:
    class Short(StateMachine[Log, Go, int]):
        class Pick(Choice, initial=True): ...

        class End(Final): ...

        class On(State): ...

        @choose(Pick)
        def pick(self) -> type[End] | type[On]:
            return self.End

        @output(End)
        def result(self) -> int:
            return 3

    r = Short.rehearse()
    assert (r.status, r.output) == ("done", 3)


def test_a_snapshot_that_stands_in_a_choice_is_refused() -> None:
    kept: Any = replace(Order.rehearse(services={Desk: FixedDesk()}).snapshot(), configuration=frozenset({"Route"}))
    with pytest.raises(SnapshotCorrupted, match="Route"):
        Order.rehearse(snapshot=kept, services={Desk: FixedDesk()})
