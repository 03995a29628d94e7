"""Events that a state keeps for later: who may take them meanwhile, and when they are offered again."""

from __future__ import annotations

import pytest

from fsm import (
    Choice,
    Context,
    Event,
    Final,
    Parallel,
    State,
    StateMachine,
    after,
    choose,
    defer,
    edge,
    guard,
    on,
    on_enter,
)
from fsm.errors import NotAccepted


class Go(Event): ...


class Pay(Event):
    n: int = 0


class PayLater(Pay): ...


class Stop(Event): ...


class Log(Context):
    """What happened, and what a guard asks."""

    seen: list[str] = []
    ready: bool = False


class Checking(StateMachine[Log, Go | Pay | Stop]):
    """Payments wait while the cart is checked."""

    class Cart(State, initial=True):
        class Check(State, initial=True): ...

        class Checked(State): ...

        class Paid(State): ...

    class End(Final): ...

    later = defer(Pay, Cart.Check)
    go = edge(Go, Cart.Check, to=Cart.Checked)
    again = edge(Go, Cart.Checked, to=Cart.Check)
    stop = edge(Stop, Cart.Checked, to=End)

    @on(Pay, Cart, to=Cart.Paid)
    def pay(self, ev: Pay) -> None:
        self.ctx.seen.append(f"pay {ev.n}")


def waiting(r: object) -> list[str]:
    return [w.event for w in r.snapshot().waiting]  # type: ignore[attr-defined]


def test_an_edge_of_an_ancestor_waits_until_the_state_is_left() -> None:
    r = Checking.rehearse()
    step = r.send(Pay(n=1))
    assert (step.transitions, step.configuration) == ((), {"Cart.Check"})
    assert (r.ctx.seen, waiting(r)) == ([], ["Pay"])
    r.send(Go())
    assert (r.configuration, r.ctx.seen, waiting(r)) == ({"Cart.Paid"}, ["pay 1"], [])


def test_a_subclass_of_a_kept_event_is_kept_as_well() -> None:
    r = Checking.rehearse()
    r.send("Pay.PayLater", n=2)
    assert waiting(r) == ["Pay.PayLater"]
    assert r.send(Go()).configuration == {"Cart.Checked"}
    assert r.configuration == {"Cart.Paid"}


def test_what_is_neither_kept_nor_taken_is_refused_as_ever() -> None:
    r = Checking.rehearse()
    with pytest.raises(NotAccepted, match=r"no edge for 'Stop' in \{Cart.Check\}\. Accepted here: Go\."):
        r.send(Stop())


def test_what_has_to_wait_is_neither_possible_nor_enabled() -> None:
    r = Checking.rehearse()
    assert (r.can(Pay()), r.can("Go"), sorted(r.enabled_events())) == (False, True, ["Go"])
    r.send(Go())
    assert (r.can(Pay()), sorted(r.enabled_events())) == (True, ["Go", "Pay", "Stop"])


def test_a_kept_event_survives_a_snapshot() -> None:
    r = Checking.rehearse()
    r.send(Pay(n=3))
    again = Checking.rehearse(snapshot=r.snapshot().to_json())
    assert again.snapshot() == r.snapshot()
    again.send(Go())
    assert again.ctx.seen == ["pay 3"]


class Edges(StateMachine[Log, Go | Pay | Stop]):
    """A state that keeps what its own edges and those of its children do not take."""

    class Out(State, initial=True):
        class A(State, initial=True): ...

        class B(State): ...

    class Away(State): ...

    later = defer(Pay, Out)
    go = edge(Go, Out.A, to=Out.B)
    leave = edge(Stop, Out, to=Away)

    @guard
    def ready(self) -> bool:
        return self.ctx.ready

    @on(Pay, Out.A)
    def inner(self) -> None:
        self.ctx.seen.append("inner")

    @on(Pay, Out, when=ready)
    def own(self) -> None:
        self.ctx.seen.append("own")

    @on(Pay)
    def outer(self) -> None:
        self.ctx.seen.append("outer")


def test_edges_of_children_and_of_the_state_itself_come_before_keeping() -> None:
    r = Edges.rehearse()
    r.send(Pay())
    r.send(Go())
    r.send(Pay())
    assert (r.ctx.seen, waiting(r)) == (["inner"], ["Pay"]), "its own guard says no: it is kept, not refused"
    r.ctx.ready = True
    r.send(Pay())
    assert (r.ctx.seen, waiting(r)) == (["inner", "own"], ["Pay"])
    r.send(Stop())
    assert (r.ctx.seen, waiting(r)) == (["inner", "own", "outer"], [])


class Regions(StateMachine[Log, Go | Pay | Stop]):
    """One region keeps, another one takes, the machine would like to."""

    class P(Parallel, initial=True):
        class One(State):
            class A(State, initial=True): ...

            class B(State): ...

        class Two(State):
            class A(State, initial=True): ...

            class B(State): ...

    later = defer(Pay, P.One.A)
    go = edge(Go, P.One.A, to=P.One.B)
    stop = edge(Stop, P.Two.A, to=P.Two.B)

    @on(Pay, P.Two.A)
    def two(self) -> None:
        self.ctx.seen.append("two")

    @on(Pay)
    def machine(self) -> None:
        self.ctx.seen.append("machine")


def test_another_region_may_take_what_one_region_would_keep() -> None:
    r = Regions.rehearse()
    r.send(Pay())
    assert (r.ctx.seen, waiting(r)) == (["two"], [])


def test_an_edge_around_the_state_waits_also_when_another_region_inherits_it() -> None:
    r = Regions.rehearse()
    r.send(Stop())
    r.send(Pay())
    assert (r.ctx.seen, waiting(r)) == ([], ["Pay"])
    r.send(Go())
    assert (r.ctx.seen, waiting(r)) == (["machine"], [])


class Chain(StateMachine[Log, Go | Pay | Stop]):
    """Kept events that lead on to each other, and to the end."""

    class A(State, initial=True): ...

    class B(State): ...

    class C(State): ...

    class End(Final): ...

    later = defer(Event, A)
    go = edge(Go, A, to=B)

    @on(Pay, B, C)
    def pay(self, ev: Pay) -> None:
        self.ctx.seen.append(f"pay {ev.n}")

    on_ = edge(Stop, B, to=C)
    end = edge(Stop, C, to=End)


def test_kept_events_are_offered_oldest_first_whenever_the_configuration_changes() -> None:
    r = Chain.rehearse()
    for event in (Pay(n=1), Stop(), Pay(n=2)):
        r.send(event)
    r.send(Go())
    assert (r.configuration, r.ctx.seen, waiting(r)) == ({"C"}, ["pay 1", "pay 2"], [])


def test_a_kept_event_may_lead_to_the_end_and_what_waits_still_is_forgotten() -> None:
    r = Chain.rehearse()
    for event in (Stop(), Stop(), Pay(n=1)):
        r.send(event)
    r.send(Go())
    assert (r.status, r.ctx.seen, waiting(r)) == ("done", [], [])


class Talking(StateMachine[Log, Go | Pay | Stop], unhandled="ignore"):
    """Raises and sends what it keeps."""

    class A(State, initial=True): ...

    class B(State): ...

    later = defer(Pay, A)
    go = edge(Go, A, to=B)
    soon = after("1h", A, to=B)

    @on(Stop, A)
    def talk(self) -> None:
        self.send(Pay(n=1))
        self.send(Pay(n=2), delay="1s")
        self.raise_(Pay(n=3))

    @on(Pay, B)
    def pay(self, ev: Pay) -> None:
        self.ctx.seen.append(f"pay {ev.n}")


def test_what_a_machine_raises_or_sends_to_itself_is_kept_as_well() -> None:
    r = Talking.rehearse()
    r.send(Stop())
    assert waiting(r) == ["Pay", "Pay", "Pay"]
    r.advance("2s")
    assert (r.ctx.seen, waiting(r)) == ([], ["Pay", "Pay", "Pay"])
    r.advance("1h")
    assert sorted(r.ctx.seen) == ["pay 1", "pay 2", "pay 3"]


def test_a_machine_that_ignores_what_it_does_not_know_keeps_what_it_says_it_keeps() -> None:
    r = Talking.rehearse()
    r.send(Pay(n=4))
    r.send(Go())
    r.send(Go())
    assert (r.ctx.seen, waiting(r)) == (["pay 4"], [])


class Patient(StateMachine[Log, Go | Pay | Stop], unhandled="defer"):
    """Keeps everything that it does not know."""

    class A(State, initial=True): ...

    class B(State): ...

    go = edge(Go, A, to=B)

    @on_enter(A)
    def remind(self) -> None:
        self.send(Pay(n=1))
        self.send(Pay(n=2), delay="1s")

    @on(Pay, B)
    def pay(self, ev: Pay) -> None:
        self.ctx.seen.append(f"pay {ev.n}")


def test_a_deferring_machine_keeps_what_it_sends_itself() -> None:
    r = Patient.rehearse().advance("5s")
    assert waiting(r) == ["Pay", "Pay"]
    r.send(Go())
    assert (r.ctx.seen, waiting(r)) == (["pay 1", "pay 2"], [])


def test_a_choice_on_the_way_does_not_see_what_is_kept() -> None:
    class Deciding(StateMachine[Log, Go | Pay]):
        class A(State, initial=True): ...

        class Pick(Choice): ...

        class B(State): ...

        later = defer(Pay, A)
        go = edge(Go, A, to=Pick)

        @choose(Pick)
        def pick(self) -> type[A] | type[B]:
            self.ctx.seen.append("pick")
            return self.B if self.ctx.ready else self.A

        @on(Pay, B)
        def pay(self) -> None:
            self.ctx.seen.append("pay")

    r = Deciding.rehearse()
    r.send(Pay())
    r.send(Go())
    assert (r.ctx.seen, waiting(r)) == (["pick"], ["Pay"]), "offered in A again, and kept again"
    r.ctx.ready = True
    r.send(Go())
    assert (r.ctx.seen, waiting(r)) == (["pick", "pick", "pay"], [])
