"""Mistakes of a tree, of its edges and of their sum; and their legal neighbours."""

from __future__ import annotations

from itertools import pairwise
from time import process_time
from types import new_class
from typing import Any

import pytest

from fsm import (
    Context,
    Done,
    Event,
    Final,
    History,
    Parallel,
    State,
    StateMachine,
    after,
    all_done,
    always,
    default,
    edge,
    guard,
    in_state,
    invoke,
    on,
)
from fsm.errors import DefinitionError
from tests.fsm.chart.refusal import odd, refused


class Go(Event): ...


class Pay(Event): ...


class PayLater(Pay): ...


class Data(Context):
    count: int = 0


class Other(StateMachine):
    class Far(State, initial=True): ...


# ---- the tree


@refused("Empty", "has no states", "class Open(State, initial=True)")
def test_a_class_without_states() -> None:
    class Empty(StateMachine[Data, Go]):
        """Nothing in it."""


@refused("Lost: missing initial", "write initial=True on exactly one", "class A(State, initial=True)")
def test_a_machine_without_an_initial_state() -> None:
    class Lost(StateMachine[Data, Go]):
        class A(State): ...


@refused("state A: missing initial", "class B(State, initial=True)")
def test_a_composite_without_an_initial_state() -> None:
    class Lost(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State): ...


@refused("Twice: 2 initial states (A, B)", "exactly one")
def test_two_initial_states() -> None:
    class Twice(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(State, initial=True): ...


@refused("state A.Two: all regions of a Parallel are entered", "take initial=True away")
def test_initial_on_a_region() -> None:
    class Marked(StateMachine[Data, Go]):
        class A(Parallel, initial=True):
            class One(State): ...

            class Two(State, initial=True): ...


@refused("state A.Two: a region must be a State or a Parallel, not a Final")
def test_a_parallel_with_a_final_region() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(Parallel, initial=True):
            class One(State): ...

            class Two(Final): ...


@refused("state A: a Parallel without regions", "nest at least two")
def test_a_parallel_without_regions() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(Parallel, initial=True): ...


@refused("state A: a final state has no children", "use a State")
def test_a_final_with_children() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(Final, initial=True):
            class B(State, initial=True): ...


@refused("state A.H: a history state has no children", "use a State")
def test_a_history_with_children() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

            class H(History):
                class C(State): ...


@refused("state A.H: a history state cannot be initial", "mark a state")
def test_an_initial_history() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class H(History, initial=True): ...

            class B(State, initial=True): ...


@refused("state H: history of the whole machine", "nest it in the state it is for")
def test_a_history_of_the_machine() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class H(History): ...


@refused("state A.H: has nothing to remember", "nest states in it")
def test_a_history_of_a_state_without_children() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class H(History): ...


@refused("state A: is State and Final at once", "extend one of them")
def test_a_state_of_two_kinds() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, Final, initial=True): ...


@refused("state A: initial='yes' is neither True nor False", "write initial=True")
def test_initial_that_is_no_boolean() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=odd("yes")): ...


@refused("state A: tags=5 is not a tuple of words", "tags=(")
def test_tags_that_are_no_words() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True, tags=odd(5)): ...


@refused("state A: tags=(5,): every tag is a word", "tags=(")
def test_a_tag_that_is_no_word() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True, tags=odd((5,))): ...


@refused("state B: unreachable", "add one with to=, or mark it initial=True, or remove it")
def test_an_unreachable_state() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(State):
            class C(State, initial=True): ...


@refused("state B: unreachable", "state C: unreachable", count=2)
def test_states_that_only_lead_to_each_other_are_unreachable() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(State): ...

        class C(State): ...

        there = edge(Go, B, to=C)
        back = edge(Go, C, to=B)


# ---- edges


@refused("edge back: leaves B, which is Final", "make it a State")
def test_an_edge_out_of_a_final() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(Final): ...

        go = edge(Go, A, to=B)
        back = edge(Go, B, to=A)


@refused("edge back: starts at A.H, a history state, which is never active", "name a state")
def test_a_history_as_source() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

            class H(History): ...

        back = edge(Go, A.H, to=A)


@refused("state A.H: its default C lies outside of A", "name a state in it")
def test_a_history_default_outside_of_its_parent() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

            class H(History): ...

        class C(State): ...

        go = edge(Go, A, to=C)
        past = default(A.H, to=C)


@refused("state A.H: its default A.H lies outside of A")
def test_a_history_default_that_is_itself() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

            class H(History): ...

        past = default(A.H, to=A.H)


@refused("state A.G: its default leads back to itself", "state A.H: its default leads back", count=2)
def test_history_defaults_in_a_circle() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

            class G(History): ...

            class H(History): ...

        one = default(A.H, to=A.G)
        two = default(A.G, to=A.H)


@refused("state A.H: its defaults A.B and A.C cannot be active together", "different regions")
def test_conflicting_history_defaults() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

            class C(State): ...

            class H(History): ...

        past = default(A.H, to=(A.B, A.C))
        go = edge(Go, A, to=A.C)


@refused("edge go: targets A and B cannot be active together", "different regions")
def test_conflicting_targets() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(State): ...

        go = edge(Go, A, to=(A, B))


@refused("edge go: targets A and A.B cannot be active together")
def test_a_state_and_its_child_as_targets() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

        go = edge(Go, to=(A, A.B))


@refused("edge go: targets A and A cannot be active together")
def test_the_same_target_twice() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        go = edge(Go, to=(A, A))


@refused("edge done: A is never done", "Final child")
def test_all_done_of_a_state_without_final_children() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

        done = all_done(A, to=A)


@refused("edge done: A is never done", "each region")
def test_all_done_of_a_parallel_with_a_region_that_is_never_done() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(Parallel, initial=True):
            class One(State):
                class X(Final, initial=True): ...

            class Two(State): ...

        done = all_done(A, to=A)


@refused("edge late: names no state", 'after("15m", Open, to=…)')
def test_a_timer_without_a_state() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        late = after("1s", to=A)


@refused("edge ever: would be taken for ever", "to= and when=")
def test_an_always_without_target_and_guard() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        ever = always(A)


@refused("edge ever: is taken for ever (ever)", "give one of them when=")
def test_an_always_that_leads_to_its_own_source() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        ever = always(A, to=A)


@refused("is taken for ever (there, back)", "give one of them when=")
def test_eventless_edges_in_a_circle() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(State):
            class C(State, initial=True): ...

        there = always(A, to=B)
        back = always(B, to=A)


@refused("edge ever: is taken for ever (ever)")
def test_an_always_of_the_whole_machine() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        ever = always(to=A)


@refused("edge second: a second unguarded edge on Go in A: first (test_validate.py:", "add when=")
def test_two_unguarded_edges_on_one_event() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(State): ...

        first = edge(Go, A, to=B)
        second = edge(Go, A, to=A)


@refused("edge second: a second unguarded edge on done in A", "add when=")
def test_two_unguarded_edges_for_one_completion() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(Final, initial=True): ...

        class C(State): ...

        first = all_done(A, to=C)
        second = all_done(A, to=A)


@refused("edge second: a second unguarded edge on failed in A", "add when=")
def test_two_unguarded_edges_for_one_failure() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @invoke(A)
        async def work(self) -> None: ...

        first = work.failed()
        second = work.failed(to=A)


def _namesake(name: str) -> type[Event]:
    return type(name, (Event,), {"__module__": __name__, "__qualname__": f"elsewhere.{name}"})


Twin = _namesake("Go")


@refused("edge twin: elsewhere.Go and Go have the same wire name 'Go'", "give one of them name=")
def test_two_events_of_one_wire_name_on_edges() -> None:
    class Odd(StateMachine[Data]):
        class A(State, initial=True): ...

        go = edge(Go, A)
        twin = edge(Twin, A)


@refused("Odd: elsewhere.Go and Go have the same wire name 'Go'", "give one of them name=")
def test_two_events_of_one_wire_name_in_the_alphabet() -> None:
    class Odd(StateMachine[Data, odd(Go | Twin)]):  # type: ignore[misc]
        class A(State, initial=True): ...


@refused("state A:", "state B:", "edge go", "Odd: missing initial", count=4)
def test_several_mistakes_are_reported_together_in_document_order() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(Parallel): ...

        class B(Final):
            class C(State): ...

        go = edge(Go, B, to=A)


# ---- legal neighbours


def test_a_history_that_nothing_targets_is_legal() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

            class H(History): ...

    assert Fine.rehearse().configuration == {"A.B"}


def test_a_specific_edge_before_a_wildcard_is_legal() -> None:
    class Fine(StateMachine[Data, Event]):
        class A(State, initial=True): ...

        class B(State): ...

        class C(State): ...

        go = edge(Go, A, to=B)
        rest = edge(Event, A, to=C)
        anywhere = edge(Pay, to=A)

    assert Fine.rehearse().send(Go()).configuration == {"B"}
    assert Fine.rehearse().send(PayLater()).configuration == {"C"}


def test_an_edge_on_a_base_class_beside_one_on_its_subclass_is_legal() -> None:
    class Fine(StateMachine[Data, Pay]):
        class A(State, initial=True): ...

        class B(State): ...

        later = edge(PayLater, A)
        pay = edge(Pay, A, to=B)

    assert Fine.rehearse().send(PayLater()).configuration == {"A"}
    assert Fine.rehearse().send(Pay()).configuration == {"B"}


def test_several_guarded_edges_and_one_without_a_guard_are_legal() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(State): ...

        @guard
        def never(self) -> bool:
            return False

        one = edge(Go, A, to=A, when=never)
        two = edge(Go, A, to=A, when=never)
        three = edge(Go, A, to=B)

    assert Fine.rehearse().send(Go()).transitions == ("three",)


def test_one_event_for_an_inner_and_an_outer_state_is_legal() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

        class C(State): ...

        outer = edge(Go, A, to=C)
        inner = edge(Go, A.B)

    assert Fine.rehearse().send(Go()).transitions == ("inner",)


def test_an_initial_final_is_legal() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(Final, initial=True): ...

        class C(Final): ...

        done = all_done(A, to=C)

    assert Fine.rehearse().done


def test_a_machine_that_is_final_from_the_start_is_legal() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(Final, initial=True): ...

    assert Fine.rehearse().done


def test_the_same_names_in_two_regions_are_legal() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(Parallel, initial=True):
            class One(State):
                class A(State, initial=True): ...

                class B(State): ...

            class Two(State):
                class A(State, initial=True): ...

                class B(State): ...

        go = edge(Go, A, to=(A.One.B, A.Two.B))

    assert Fine.rehearse().send(Go()).configuration == {"A.One.B", "A.Two.B"}


def test_a_parallel_with_one_region_and_a_region_without_children_is_legal() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(Parallel, initial=True):
            class One(State): ...

    assert Fine.rehearse().configuration == {"A.One"}


def test_states_named_like_python_builtins_are_legal() -> None:
    class Fine(StateMachine[Data, Go]):
        class list(State, initial=True):
            class type(State, initial=True): ...

            class super(State): ...

        class None_(Final): ...

        go = edge(Go, list.type, to=list.super)
        print = edge(Go, list.super, to=None_)

    assert Fine.rehearse().send(Go()).configuration == {"list.super"}


def test_a_long_chain_of_always_is_followed_once() -> None:
    """Followed anew from each of its states, and searched for each step, it would take minutes."""
    names = [f"S{n}" for n in range(2_000)]
    states: list[Any] = [new_class(name, (State,), {"initial": name == "S0"}) for name in names]
    body: dict[str, Any] = dict(zip(names, states, strict=True))
    body |= {f"on{n}": always(a, to=b) for n, (a, b) in enumerate(pairwise(states))}
    begun = process_time()
    made: Any = new_class("Chain", (StateMachine,), {}, lambda names: names.update(body))
    assert len(made.__chart__.transitions) == 1_999
    assert process_time() - begun < 5
    body["back"] = always(states[-1], to=states[1_996])
    with pytest.raises(DefinitionError, match=r"on1996: is taken for ever \(on1996, on1997, on1998, back\)") as refusal:
        new_class("Circle", (StateMachine,), {}, lambda names: names.update(body))
    assert str(refusal.value).count("is taken for ever") == 1


def test_an_always_that_a_final_state_ends_is_legal() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(Final): ...

        end = always(to=B)

    assert Fine.rehearse().done


def test_an_always_without_a_target_is_legal_with_a_guard() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        @guard
        def few(self) -> bool:
            return self.ctx.count < 3

        @always(A, when=few)
        def more(self) -> None:
            self.ctx.count += 1

    assert Fine.rehearse().ctx.count == 3


def test_a_circle_of_eventless_edges_with_a_guard_in_it_is_legal() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(State): ...

        @guard
        def few(self) -> bool:
            return self.ctx.count < 3

        @always(A, to=B, when=few)
        def there(self) -> None:
            self.ctx.count += 1

        back = always(B, to=A)

    assert Fine.rehearse().ctx.count == 3


def test_history_defaults_may_lead_through_an_inner_history() -> None:
    class Fine(StateMachine[Data, Go | Pay]):
        class A(State, initial=True): ...

        class B(State):
            class C(State, initial=True):
                class D(State, initial=True): ...

                class E(State): ...

                class H(History): ...

            class H(History): ...

        outer = default(B.H, to=B.C.H)
        inner = default(B.C.H, to=B.C.E)
        go = edge(Go, A, to=B.H)

    assert Fine.rehearse().send(Go()).configuration == {"B.C.E"}


def test_timers_of_the_same_delay_on_one_state_are_legal() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(State, initial=True): ...

        class B(State): ...

        one = after("1s", A, when=in_state(B))
        two = after("1s", A, to=B)

    assert Fine.rehearse().advance("1s").configuration == {"B"}


def test_a_done_event_may_be_handled_in_a_parallel_and_in_its_regions() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(Parallel, initial=True):
            class One(State):
                class X(Final, initial=True): ...

            class Two(State):
                class Y(Final, initial=True): ...

        class B(Final): ...

        one = all_done(A.One)

        @all_done(A, to=B)
        def both(self, ev: Done[None]) -> None: ...

    assert Fine.rehearse().done


def test_an_unreachable_state_is_told_only_when_nothing_else_is_wrong() -> None:
    with pytest.raises(DefinitionError) as caught:

        class Odd(StateMachine[Data, Go]):
            class A(State, initial=True): ...

            class B(State): ...

            go = edge(odd(5), A, to=B)

    assert len(caught.value.problems) == 1
    assert "unreachable" not in str(caught.value)


@on(Go)
def somewhere(self: object) -> None:
    """A declaration outside of any class is legal as long as nobody runs it."""
