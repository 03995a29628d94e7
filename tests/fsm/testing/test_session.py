"""A session: what it may be asked without taking a turn, and the order in which what it sent arrives."""

from __future__ import annotations

import warnings

import pytest

from fsm import (
    Choice,
    Context,
    Done,
    Event,
    Final,
    Parallel,
    Signal,
    State,
    StateMachine,
    choose,
    defer,
    edge,
    guard,
    invoke,
    on,
    output,
)
from fsm.chart.chart import Trigger
from fsm.chart.sketch import Sketch, StateSketch, TransitionSketch, machine_of
from fsm.chart.state import Kind
from fsm.errors import EventInvalid, GuardFailed, RehearsalSuspended, UnhandledError, UnknownEvent


class Go(Event): ...


class Pay(Event):
    n: int = 0


class Refund(Pay): ...


class Stop(Event): ...


class Stray(Event): ...


class Log(Context):
    """What happened, and what guards ask."""

    seen: list[str] = []
    rich: bool = False


class Order(StateMachine[Log, Go | Pay | Stop]):
    class Open(State, initial=True):
        class Cart(State, initial=True): ...

        class Route(Choice): ...

        class Paid(State): ...

    class End(Final): ...

    go = edge(Go, Open.Cart, to=Open.Paid)
    stop = edge(Stop, Open, to=End)

    @guard
    def rich(self, ev: Pay) -> bool:
        self.random.random()
        if ev.n < 0:
            raise OSError("no purse")
        return self.ctx.rich

    @on(Pay, Open.Cart, to=Open.Route, when=rich)
    def pay(self) -> None:
        self.ctx.seen.append("pay")

    @choose(Open.Route)
    def route(self) -> type[Open.Paid]:
        self.ctx.seen.append("route")
        return self.Open.Paid


def test_a_machine_can_be_asked_what_it_would_take_and_nothing_happens() -> None:
    r = Order.rehearse()
    before = r.snapshot()
    assert (r.can(Go()), r.can("Go"), r.can(Pay(n=1)), r.can("Pay.Refund", n=1)) == (True, True, False, False)
    r.ctx.rich = True
    assert (r.can(Pay(n=1)), r.can(Refund(n=1))) == (True, True)
    r.ctx.rich = False
    assert (r.snapshot(), len(r.trace)) == (before, 1)


def test_the_events_that_have_an_edge_here_are_named_whatever_their_guards_say() -> None:
    r = Order.rehearse()
    assert r.enabled_events() == {"Go", "Pay", "Stop"}
    r.send(Go())
    assert r.enabled_events() == {"Stop"}


def test_what_is_wrong_with_the_question_is_told() -> None:
    r = Order.rehearse()
    with pytest.raises(UnknownEvent):
        r.can("Nonsense")
    with pytest.raises(UnknownEvent):
        r.can(Stray())  # type: ignore[arg-type]
    with pytest.raises(EventInvalid):
        r.can("Pay", n="many")
    with pytest.raises(GuardFailed, match="no purse"):
        r.can(Pay(n=-1))


def test_a_machine_that_has_ended_would_take_nothing() -> None:
    r = Order.rehearse()
    r.send(Stop())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (r.can(Go()), r.can("Stop"), r.enabled_events()) == (False, False, frozenset())


def test_a_guard_that_really_waits_is_told_when_it_is_asked_for() -> None:
    class Sleep:
        def __await__(self):  # type: ignore[no-untyped-def]
            yield

    class Waiting(StateMachine[Log, Go]):
        class A(State, initial=True): ...

        @guard
        async def slow(self) -> bool:
            await Sleep()
            return True

        go = edge(Go, A, when=slow)

    with pytest.raises(RehearsalSuspended, match="a guard really waited"):
        Waiting.rehearse().can(Go())


def test_wildcards_and_several_names_are_told_apart() -> None:
    class Any_(StateMachine[Log, Go | Pay], name="any"):
        class A(State, initial=True): ...

        every = edge(Event, A, when=~guard(lambda self: False))
        pay = edge(Refund, A)

    assert Any_.rehearse().enabled_events() == {"*", "Pay.Refund"}
    edges = [TransitionSketch("a", Trigger("event", names=("pay", "home.*")))]
    drawn = machine_of(Sketch("Drawn", StateSketch("", Kind.COMPOUND, [StateSketch("a")]), edges), StateMachine)
    r = drawn.rehearse()
    assert r.enabled_events() == {"pay", "home.*"}
    assert (r.can("pay"), r.can(Signal(name="home.now")), r.can("other")) == (True, True, False)


class Busy(StateMachine[Log, Go | Pay | Stop]):
    """Keeps payments, and sends itself some more while it takes them."""

    class A(State, initial=True): ...

    class B(State): ...

    later = defer(Pay, A)
    go = edge(Go, A, to=B)

    @on(Pay, B)
    def pay(self, ev: Pay) -> None:
        self.ctx.seen.append(f"pay {ev.n}")
        if ev.n < 10:
            self.send(Pay(n=ev.n + 10))

    @on(Stop, B)
    def stop(self) -> None:
        self.send(Go())
        self.send(Pay(n=20))


def test_kept_events_come_before_what_their_turns_send() -> None:
    r = Busy.rehearse()
    for n in (1, 2):
        r.send(Pay(n=n))
    r.send(Go())
    assert r.ctx.seen == ["pay 1", "pay 2", "pay 11", "pay 12"]


def test_what_a_machine_sends_itself_and_cannot_take_is_let_go() -> None:
    r = Busy.rehearse()
    r.send(Go())
    r.send(Stop())
    assert (r.ctx.seen, r.snapshot().waiting) == (["pay 20"], ())


def test_an_event_that_a_machine_sent_itself_and_that_fails_is_still_there() -> None:
    class Faulty(StateMachine[Log, Go | Pay | Stop]):
        class A(State, initial=True): ...

        @on(Go, A)
        def go(self) -> None:
            self.send(Pay(n=1))

        @on(Stop, A)
        def mend(self) -> None:
            self.ctx.rich = True

        @on(Pay, A)
        def pay(self, ev: Pay) -> None:
            if not self.ctx.rich:
                raise OSError("no")
            self.ctx.seen.append(f"pay {ev.n}")

    r = Faulty.rehearse()
    with pytest.raises(UnhandledError):
        r.send(Go())
    assert [w.event for w in r.snapshot().waiting] == ["Pay"]
    r.send(Stop())
    assert (r.ctx.seen, r.snapshot().waiting) == (["pay 1"], ())


class Quick(StateMachine[Log, Go, int]):
    class End(Final, initial=True): ...

    @output(End)
    def result(self) -> int:
        return 7


def test_taking_back_a_send_does_not_take_the_answer_of_an_invoke_of_the_same_name() -> None:
    class Named(StateMachine[Log, Go | Stop]):
        class P(Parallel, initial=True):
            class One(State): ...

            class Two(State): ...

        @invoke(P.One, machine=Quick)
        def first(self) -> None:
            return None

        @invoke(P.Two, machine=Quick)
        def second(self) -> None:
            return None

        @first.done()
        def one(self, ev: Done[int]) -> None:
            self.ctx.seen.append(f"one {ev.data}")
            self.cancel_send("second")

        @second.done()
        def two(self, ev: Done[int]) -> None:
            self.ctx.seen.append(f"two {ev.data}")

    assert Named.rehearse().ctx.seen == ["one 7", "two 7"]
