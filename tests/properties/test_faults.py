"""Faults that the oracle or its author found, each as the smallest machine that shows it.

One that is still there is marked; the mark is strict, so that mending the fault asks for taking it away.
"""

from __future__ import annotations

import pytest

from fsm import (
    ActionFailed,
    Context,
    Event,
    Final,
    History,
    Parallel,
    State,
    StateMachine,
    after,
    default,
    edge,
    guard,
    invoke,
    on,
)
from fsm.errors import DefinitionError, UnhandledError


class A(Event): ...


class B(Event): ...


class C(Event): ...


class Go(Event): ...


class Log(Context):
    """What happened, and what a guard asks."""

    seen: list[str] = []
    ready: bool = False


class Around(StateMachine[Log, A | B | Go]):
    """A history around a parallel whose default lies inside of the region that goes there."""

    class Off(State, initial=True): ...

    class X(State):
        class Last(History): ...

        class P(Parallel, initial=True):
            class One(State):
                class A(State, initial=True): ...

                class B(State): ...

            class Two(State):
                class A(State, initial=True): ...

                class B(State): ...

    past = default(X.Last, to=X.P.One.A)
    enter = edge(A, Off, to=(X.P.One.B, X.P.Two.B))
    go = edge(Go, X.P.One, to=X.Last)
    off = edge(B, X, to=Off)


def test_a_local_transition_through_a_history_leaves_the_other_regions_alone() -> None:
    r = Around.rehearse()
    r.send(A())
    r.send(Go())
    assert r.configuration == {"X.P.One.A", "X.P.Two.B"}


def _circle() -> None:
    class Circle(StateMachine[Log, Go]):
        class X(State, initial=True):
            class One(History): ...

            class Two(History): ...

            class S(State, initial=True): ...

        one = default(X.One, to=X.Two)
        two = default(X.Two, to=X.One)
        go = edge(Go, X, to=X.One)

    Circle.rehearse().send(Go())


def test_histories_that_lead_to_each_other_are_a_mistake_of_the_definition() -> None:
    with pytest.raises(DefinitionError):
        _circle()


class Alarm(StateMachine[Log, Go]):
    """A timer whose turn fails."""

    class On(State, initial=True): ...

    class Late(State): ...

    @after("1s", On, to=Late)
    def late(self) -> None:
        raise OSError("no bell")


def test_a_timer_whose_turn_fails_is_still_due() -> None:
    r = Alarm.rehearse()
    before = r.snapshot().timers
    with pytest.raises(UnhandledError):
        r.advance("5s")
    assert r.configuration == {"On"}
    assert r.snapshot().timers == before
    with pytest.raises(UnhandledError):
        r.advance("5s")


class Working(StateMachine[Log, Go]):
    """An invoke whose failure nothing handles."""

    class On(State, initial=True): ...

    @invoke(On)
    async def work(self) -> int:
        return 1


def test_an_invoke_whose_answer_fails_the_turn_is_still_pending() -> None:
    r = Working.rehearse()
    before = r.snapshot()
    with pytest.raises(UnhandledError):
        r.reject("work", OSError("no power"))
    assert list(r.pending) == ["work"]
    assert r.snapshot() == before


class Deferring(StateMachine[Log, A | B | C | Go], unhandled="defer"):
    """Three deferred events; the second makes the other two possible."""

    class Off(State, initial=True): ...

    class On(State): ...

    class Last(State): ...

    go = edge(Go, Off, to=On)

    @on(B, On, to=Last)
    def b(self) -> None:
        self.ctx.seen.append("b")

    @on(A, Last)
    def a(self) -> None:
        self.ctx.seen.append("a")

    @on(C, Last)
    def c(self) -> None:
        self.ctx.seen.append("c")


def test_deferred_events_are_taken_in_the_order_of_their_acceptance() -> None:
    r = Deferring.rehearse()
    for event in (A(), B(), C()):
        r.send(event)
    r.send(Go())
    assert r.ctx.seen == ["b", "a", "c"]
    assert r.snapshot().waiting == ()


class DeferringGuarded(StateMachine[Log, A | Go], unhandled="defer"):
    """A deferred event whose edge appears with a guard that says no, or an action that fails."""

    class Off(State, initial=True): ...

    class On(State): ...

    go = edge(Go, Off, to=On)

    @guard
    def ready(self) -> bool:
        return self.ctx.ready

    @on(A, On, when=ready)
    def a(self) -> None:
        raise OSError("no paper")


@pytest.mark.parametrize("ready", [False, True], ids=["refused", "failing"])
def test_what_becomes_of_a_deferred_event_does_not_concern_the_sender_of_another_one(ready: bool) -> None:
    r = DeferringGuarded.rehearse()
    r.send(A())
    r.ctx.ready = ready
    assert r.send(Go()).configuration == {"On"}
    assert [w.event for w in r.snapshot().waiting] == ["A"]


class Held(StateMachine[Log, A | Go]):
    """An event that works and one that fails."""

    class On(State, initial=True): ...

    @on(A, On)
    def a(self) -> None:
        self.ctx.seen.append("a")

    @on(Go, On)
    def go(self) -> None:
        raise OSError("no paper")


def test_what_a_test_changes_through_a_context_it_holds_survives_a_failed_turn() -> None:
    r = Held.rehearse()
    held = r.ctx
    r.send(A())
    held.ready = True
    with pytest.raises(UnhandledError):
        r.send(Go())
    assert r.ctx.ready


class Ending(StateMachine[Log, Go]):
    """The action of the transition to the end fails; the edge for errors has no chance any more."""

    class On(State, initial=True): ...

    class End(Final): ...

    @on(Go, On, to=End)
    def finish(self) -> None:
        raise OSError("no paper")

    @on(ActionFailed)
    def failed(self) -> None:
        self.ctx.seen.append("failed")


def test_an_error_on_the_way_to_the_end_names_the_handler_that_failed() -> None:
    r = Ending.rehearse()
    with pytest.raises(UnhandledError, match="finish"):
        r.send(Go())
