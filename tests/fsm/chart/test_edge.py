"""Deferrals that cannot be; what they do is with the configuration."""

from __future__ import annotations

from fsm import Choice, Context, Done, Event, Final, History, State, StateMachine, choose, defer, edge
from tests.fsm.chart.refusal import odd, refused


class Go(Event): ...


class Other(StateMachine):
    class Far(State, initial=True): ...


@refused("defer later: 'Go' is not an event that can wait", "use a subclass of fsm.Event")
def test_deferring_text() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        later = defer(odd("Go"), A)


@refused("defer later: Go() is not an event that can wait")
def test_deferring_an_event_object() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        later = defer(odd(Go()), A)


@refused("is not an event that can wait", "use a subclass of fsm.Event")
def test_deferring_an_answer() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        later = defer(Done, A)


@refused("defer later: names no state", "defer(Pay, Open)")
def test_deferring_nowhere() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        later = defer(Go)


@refused("defer later: Other.Far is a state of another machine")
def test_deferring_in_a_state_of_another_machine() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        later = defer(Go, Other.Far)


@refused("defer: is lost: assign it")
def test_a_deferral_that_was_not_assigned() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        defer(Go, A)


@refused("A.H cannot keep events", "Pick cannot keep events", "End cannot keep events", "name a State", count=3)
def test_deferring_where_nobody_waits() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

            class H(History): ...

        class Pick(Choice): ...

        class End(Final): ...

        @choose(Pick)
        def pick(self) -> type[End]:
            return self.End

        go = edge(Go, A, to=Pick)
        later = defer(Go, A.H, Pick, End)


def test_a_deferral_in_the_body_of_a_pattern_holds_in_every_copy() -> None:
    class Fine(StateMachine[Context, Go]):
        class One(State, initial=True):
            class X(State, initial=True): ...

            later = defer(Go, X)

        class Two(One): ...

        class Three(State): ...

        pass_on = edge(Go, One, to=Two)
        out = edge(Go, Two.X, to=Three)

    nodes = {n.id: n for n in Fine.__chart__.nodes}
    assert [len(nodes[i].defers) for i in ("One.X", "Two.X", "One", "Three")] == [1, 1, 0, 0]
