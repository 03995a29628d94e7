"""Decisions that cannot be: which Choice they make, where they may lead; and their legal neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fsm import Choice, Context, Event, Final, History, Parallel, State, StateMachine, always, choose, edge, invoke
from fsm import on_enter as entering
from tests.fsm.chart.refusal import odd, refused

if TYPE_CHECKING:
    from decimal import Decimal


class Go(Event): ...


class Other(StateMachine):
    class Far(State, initial=True): ...


class Small(State): ...


@refused("choose pick: A is not a Choice", "write `class A(Choice)`, or use always(…)")
def test_a_decision_of_a_state() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        @choose(odd(A))
        def pick(self) -> type[A]:
            return self.A


@refused("choose pick: names no state", "@choose(Open)")
def test_a_decision_of_nothing() -> None:
    class Odd(StateMachine[Context, Go]):
        class A(State, initial=True): ...

        @choose()
        def pick(self) -> type[A]:
            return self.A


@refused("state Pick: a Choice that nobody makes", "write `@choose(Pick)` above a method")
def test_a_choice_without_a_decision() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True): ...

        class A(State): ...


@refused("choose again: Pick is decided already", "keep one of them")
def test_two_decisions_of_one_choice() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True): ...

        class A(State): ...

        @choose(Pick)
        def pick(self) -> type[A]:
            return self.A

        @choose(Pick)
        def again(self) -> type[A]:
            return self.A


@refused("choose pick: does not say where it may lead", "-> type[Open] | type[Closed]")
def test_a_decision_without_a_return_annotation() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True): ...

        @choose(Pick)
        def pick(self):  # type: ignore[no-untyped-def]
            return self.Pick


@refused("choose pick: what it returns, 'type[Decimal]', cannot be resolved", "annotate the states")
def test_a_return_annotation_that_is_not_there_at_run_time() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True): ...

        @choose(Pick)
        def pick(self) -> type[Decimal]:
            return odd(self.Pick)  # type: ignore[no-any-return]


@refused("choose pick: may return None, which is no state", "-> type[Open] | type[Closed]")
def test_a_decision_that_may_give_nothing() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True): ...

        class A(State): ...

        @choose(Pick)
        def pick(self) -> type[A] | None:
            return None


@refused("choose pick: may return str, which is no state")
def test_a_decision_that_gives_text() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True): ...

        @choose(Pick)
        def pick(self) -> str:
            return "A"


@refused("choose pick: to=State is the kind of a state")
def test_a_decision_for_any_state() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True): ...

        @choose(Pick)
        def pick(self) -> type[State]:
            return Other.Far


@refused("choose pick: to=Other.Far is a state of another machine", "only the states nested in its own body")
def test_a_decision_for_a_state_of_another_machine() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True): ...

        @choose(Pick)
        def pick(self) -> type[Other.Far]:
            return Other.Far


@refused("choose pick: to=Small stands for A and B", "name one of them")
def test_a_decision_for_a_pattern_that_stands_for_several_states() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True): ...

        class A(Small): ...

        class B(Small): ...

        @choose(Pick)
        def pick(self) -> type[Small]:
            return self.A

        go = edge(Go, A, to=B)
        back = edge(Go, B, to=A)


@refused("choose pick: pick takes 3 parameters; a handler takes (self) or (self, ev)", count=2)
def test_a_decision_with_too_many_parameters() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True): ...

        class A(State): ...

        @choose(Pick)  # type: ignore[arg-type]
        def pick(self, ev: Go, more: int) -> type[A]:
            return self.A


@refused("edge go: leaves Pick, a Choice, which nobody stays in", "let its @choose method name the target")
def test_an_edge_out_of_a_choice() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True): ...

        class A(State): ...

        @choose(Pick)
        def pick(self) -> type[A]:
            return self.A

        go = edge(Go, Pick, to=A)


@refused("edge go: leaves Pick, a Choice")
def test_an_eventless_edge_out_of_a_choice() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True): ...

        class A(State): ...

        @choose(Pick)
        def pick(self) -> type[A]:
            return self.A

        go = always(Pick, to=A)


@refused("state P.Pick: a region must be a State or a Parallel, not a Choice")
def test_a_choice_as_a_region() -> None:
    class Odd(StateMachine[Context, Go]):
        class P(Parallel, initial=True):
            class Pick(Choice): ...

            class A(State): ...

        @choose(P.Pick)
        def pick(self) -> type[P.A]:
            return self.P.A


@refused("state Pick: a choice state has no children; use a State")
def test_a_choice_with_children() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True):
            class A(State, initial=True): ...

        class B(State): ...

        @choose(Pick)
        def pick(self) -> type[B]:
            return self.B


@refused("state Pick: is State and Choice at once; extend one of them")
def test_a_choice_that_is_a_state_as_well() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, State, initial=True): ...

        class B(State): ...

        @choose(Pick)
        def pick(self) -> type[B]:
            return self.B


@refused("on_enter note: Pick is a Choice, which nobody stays in", "name the states that it leads to")
def test_an_entry_action_of_a_choice() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True): ...

        class B(State): ...

        @choose(Pick)
        def pick(self) -> type[B]:
            return self.B

        @entering(Pick)
        def note(self) -> None: ...


@refused("invoke work: Pick is a Choice and cannot own work; name a State")
def test_an_invoke_of_a_choice() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True): ...

        class B(State): ...

        @choose(Pick)
        def pick(self) -> type[B]:
            return self.B

        @invoke(Pick)
        async def work(self) -> int:
            return 1


@refused("state Pick: is never active and carries no data; take its fields away")
def test_data_of_a_choice() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True):
            tries: int = 0

        class B(State): ...

        @choose(Pick)
        def pick(self) -> type[B]:
            return self.B


@refused("state B: unreachable")
def test_a_choice_reaches_only_the_ways_that_it_names() -> None:
    class Odd(StateMachine[Context, Go]):
        class Pick(Choice, initial=True): ...

        class A(State): ...

        class B(State): ...

        @choose(Pick)
        def pick(self) -> type[A]:
            return self.A


# ---- legal neighbours


def test_the_ways_can_be_written_as_one_type_of_several_states() -> None:
    class Fine(StateMachine[Context, Go]):
        class Pick(Choice, initial=True): ...

        class A(State): ...

        class B(State): ...

        @choose(Pick)
        def pick(self) -> type[A | B]:
            return self.B

    assert Fine.rehearse().configuration == {"B"}


def test_a_decision_may_be_asynchronous_and_look_at_the_event() -> None:
    class Fine(StateMachine[Context, Go]):
        class Here(State, initial=True): ...

        class Pick(Choice): ...

        class A(Final): ...

        class B(Final): ...

        go = edge(Go, Here, to=Pick)

        @choose(Pick)
        async def pick(self, ev: Event) -> type[A] | type[B]:
            return self.B if isinstance(ev, Go) else self.A

    assert Fine.rehearse().send(Go()).configuration == {"B"}


def test_a_choice_in_a_pattern_leads_to_the_states_of_each_copy() -> None:
    class Fine(StateMachine[Context, Go]):
        class One(State, initial=True):
            class Pick(Choice, initial=True): ...

            class A(State): ...

            class B(State): ...

            @choose(Pick)
            def pick(self) -> type[A] | type[B]:
                one: Any = self
                return one.One.B  # type: ignore[no-any-return]

        class Two(One): ...

        go = edge(Go, One, to=Two)

    r = Fine.rehearse()
    assert r.configuration == {"One.B"}
    assert r.send(Go()).configuration == {"Two.B"}


def test_one_method_may_decide_several_choices() -> None:
    class Fine(StateMachine[Context, Go]):
        class First(Choice, initial=True): ...

        class A(State): ...

        class Second(Choice): ...

        class B(State): ...

        go = edge(Go, A, to=Second)

        @choose(First, Second)
        def pick(self, ev: Event) -> type[A] | type[B]:
            return self.B if isinstance(ev, Go) else self.A

    r = Fine.rehearse()
    assert r.configuration == {"A"}
    assert r.send(Go()).configuration == {"B"}


def test_a_way_may_be_a_history() -> None:
    class Fine(StateMachine[Context, Go]):
        class On(State, initial=True):
            class A(State, initial=True): ...

            class B(State): ...

            class Last(History): ...

        class Off(State): ...

        class Pick(Choice): ...

        move = edge(Go, On.A, to=On.B)
        off = edge(Go, On.B, to=Off)
        on = edge(Go, Off, to=Pick)

        @choose(Pick)
        def pick(self) -> type[On.Last] | type[Off]:
            return self.On.Last

    r = Fine.rehearse()
    for _ in range(2):
        r.send(Go())
    assert r.configuration == {"Off"}
    assert r.send(Go()).configuration == {"On.B"}
