"""Edges that cannot be: what they name, what they wait for, where they lead."""

from __future__ import annotations

from datetime import timedelta

from fsm import (
    ActionFailed,
    Context,
    Done,
    Event,
    Failed,
    Final,
    History,
    State,
    StateMachine,
    after,
    all_done,
    default,
    edge,
    guard,
    in_state,
    invoke,
    on,
)
from tests.fsm.chart.refusal import odd, refused


class Go(Event): ...


class Pay(Event):
    amount: int = 0


class Data(Context):
    count: int = 0


class Other(StateMachine[Data, Go]):
    class Far(State, initial=True):
        class Deep(State, initial=True): ...

    @invoke(Far)
    async def foreign_work(self) -> int:
        return 1

    @guard
    def foreign_guard(self) -> bool:
        return True


@refused("edge go: 'A' is not a state", "use the nested class itself")
def test_text_as_a_source() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, odd("A"))


@refused("edge go: to='A' is not a state", "use the nested class itself")
def test_text_as_a_target() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, A, to=odd("A"))


@refused("edge go: to=[", "is not a state", "use the nested class itself")
def test_a_list_as_targets() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, A, to=odd([A]))


@refused("edge go: None is not a state")
def test_none_as_a_source() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, odd(None))


@refused("edge go: to=Other.Far is a state of another machine", "Odd has only the states nested in its own body")
def test_a_target_of_another_machine() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, A, to=Other.Far)


@refused("edge go: Other.Far.Deep is a state of another machine")
def test_a_source_of_another_machine() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, Other.Far.Deep, to=A)


@refused("edge go: to=State is the kind of a state", "name a class that is nested")
def test_the_kind_itself_as_a_target() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, A, to=State)


@refused("edge go: Final is the kind of a state", "name a class that is nested")
def test_the_kind_itself_as_a_source() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, Final, to=A)


class Pattern(State):
    class X(State, initial=True): ...


@refused("edge go: to=Pattern stands for A and B", "name one of them")
def test_a_target_that_stands_for_several_states() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(Pattern, initial=True): ...

        class B(Pattern): ...

        go = edge(Go, A, to=Pattern)


@refused("_Hidden starts with _, which makes it a pattern", "subclass it, or rename it")
def test_a_pattern_as_a_target() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class _Hidden(State): ...

        go = edge(Go, A, to=_Hidden)


@refused("is not an event", "use a subclass of fsm.Event")
def test_a_context_as_an_event() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(odd(Data), A)


@refused("edge go: 'Go' is not an event", "use a subclass of fsm.Event")
def test_text_as_an_event() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(odd("Go"), A)


@refused("edge go: Go() is not an event", "use a subclass of fsm.Event")
def test_an_event_object_as_an_event() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(odd(Go()), A)


@refused("edge go: Go() is not an event", "edge go: to='B' is not a state", "edge go: when=5", count=3)
def test_one_edge_with_three_mistakes_is_told_all_of_them() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(odd(Go()), A, to=odd("B"), when=odd(5))


@refused("edge go: Done is never taken by an edge on events", "all_done(…)")
def test_done_as_an_event() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Done, A)


@refused("edge go: Failed is never taken by an edge on events", "`.failed(…)` of its invoke")
def test_failed_as_an_event() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Failed, A)


@refused("edge late: 'soon' is not a delay", "write a number and a unit")
def test_a_delay_that_cannot_be_read() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        late = after("soon", A, to=A)


@refused("edge late: 30 is not a delay", "write a timedelta or text such as '15m'")
def test_a_number_as_a_delay() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        late = after(odd(30), A, to=A)


@refused("edge late: a delay cannot be negative: -1 day")
def test_a_negative_delay() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        late = after(timedelta(days=-1), A, to=A)


@refused("is longer than 1,000 years", "write a shorter delay")
def test_an_endless_delay() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        late = after("9" * 400 + "w", A, to=A)


@refused("edge go: when=True is not a guard", "decorate the method with @guard")
def test_a_value_as_a_guard() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, A, when=odd(True))


@refused("edge go: when=<function", "is not a guard", "decorate the method with @guard")
def test_a_plain_method_as_a_guard() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        def plain(self) -> bool:
            return True

        go = edge(Go, A, when=odd(plain))


@refused("edge one: when=: plain is not a guard", "edge two: when=: plain is not a guard", count=2)
def test_a_plain_method_within_a_guard() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @guard
        def real(self) -> bool:
            return True

        def plain(self) -> bool:
            return True

        one = edge(Go, A, when=real & odd(plain))
        two = edge(Go, A, when=odd(plain) | ~real)


@refused("edge go: in_state: 'A' is not a state")
def test_text_within_in_state() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, A, when=~in_state(odd("A")))


@refused("edge go: in_state: Other.Far is a state of another machine")
def test_a_state_of_another_machine_within_in_state() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, A, when=in_state(Other.Far))


@refused("edge go: reenter='yes' is neither True nor False", "write reenter=True")
def test_reenter_that_is_no_boolean() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, A, to=A, reenter=odd("yes"))


@refused("edge done: 'A' is not a state")
def test_all_done_of_text() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        done = all_done(odd("A"), to=A)


@refused("edge go: belongs to an invoke that is not part of this machine", "declare it in this class")
def test_the_answer_of_a_foreign_invoke() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = Other.foreign_work.done(to=A)


@refused("edge past: A is not a History", "where a history leads without a past")
def test_a_default_of_a_state() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        past = default(odd(A), to=A)


@refused("edge past: to=[] is not a state", "use the nested class itself")
def test_a_default_to_something_odd() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

            class H(History): ...

        past = default(A.H, to=odd([]))


@refused("edge past: to= must name a state", "say where A.H leads")
def test_a_default_to_nowhere() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

            class H(History): ...

        past = default(A.H, to=None)


@refused("edge second: A.H has a default already", "keep one of them")
def test_two_defaults_of_one_history() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

            class H(History): ...

        first = default(A.H, to=A.B)
        second = default(A.H, to=A.B)


# ---- legal neighbours


def test_an_error_event_is_taken_by_an_ordinary_edge() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(State): ...

        @on(Go, A)
        def fail(self) -> None:
            raise ValueError("no")

        rescue = edge(ActionFailed, A, to=B)

    assert Fine.rehearse().send(Go()).configuration == {"B"}


def test_an_edge_may_have_several_sources_and_lead_back_to_one_of_them() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(State): ...

        go = edge(Go, A, B, to=B)

    r = Fine.rehearse()
    assert r.send(Go()).configuration == r.send(Go()).configuration == {"B"}


def test_a_source_named_twice_counts_once() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, A, A, to=A)

    assert len(Fine.__chart__.transitions) == 1


def test_a_pattern_stands_for_all_its_copies_as_a_source() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(Pattern, initial=True): ...

        class B(Pattern): ...

        go = edge(Go, Pattern, to=B)

    r = Fine.rehearse()
    assert r.send(Go()).configuration == r.send(Go()).configuration == {"B.X"}


def test_an_edge_made_outside_of_the_class_is_legal() -> None:
    shared = edge(Go)

    class Fine(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        again = shared

    assert Fine.rehearse().send(Go()).transitions == ("again",)


def test_a_guard_of_another_machine_can_be_shared() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(State): ...

        go = edge(Go, A, to=B, when=Other.foreign_guard)

    assert Fine.rehearse().send(Go()).configuration == {"B"}


def test_the_answer_of_an_invoke_of_several_states_is_taken_in_each() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(State): ...

        @invoke(A, B)
        async def work(self) -> int:
            return 1

        @work.done()
        def keep(self, ev: Done[int]) -> None:
            self.ctx.count += ev.data

        go = edge(Go, A, to=B)

    r = Fine.rehearse().settle()
    r.send(Go())
    assert r.settle().ctx.count == 2
