"""What undoes an invoke or an edge is checked when the class is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fsm import Context, Done, Event, Final, State, StateMachine, after, always, edge, invoke, on
from fsm.errors import DefinitionError


class Go(Event): ...


class Stay(Event): ...


def wrong(declare: Callable[[], Any]) -> str:
    with pytest.raises(DefinitionError) as caught:
        declare()
    return str(caught.value)


class Trip(StateMachine[Context, Go]):
    class Open(State, initial=True): ...

    class Paid(State): ...

    class End(Final): ...

    @invoke(Open)
    async def charge(self) -> int:
        return 1

    @charge.undo
    async def refund(self, amount: int) -> None: ...

    paid = charge.done(to=Paid)

    @on(Go, Paid)
    def thank(self, ev: Go) -> None: ...

    @thank.undo
    def regret(self, ev: Go) -> None: ...

    @after("1h", Paid, to=End)
    def close(self) -> None: ...

    @close.undo
    def reopen(self) -> None: ...


def test_undos_stand_with_what_they_undo() -> None:
    chart = Trip.__chart__
    assert [i.undo.name for i in chart.invokes if i.undo] == ["refund"]
    assert {t.name: t.undo.name for t in chart.transitions if t.undo} == {"thank": "regret", "close": "reopen"}


def test_a_subclass_overrides_both_by_name() -> None:
    class Other(Trip):
        @invoke(Trip.Open)
        async def charge(self) -> int:
            return 2

        @Trip.thank.undo
        def regret(self) -> None:
            """Regret more."""

    chart = Other.__chart__
    assert [i.undo.function is Trip.__chart__.invokes[0].undo.function for i in chart.invokes if i.undo] == [True]  # type: ignore[union-attr]
    assert [t.undo.function.__doc__ for t in chart.transitions if t.name == "thank" and t.undo] == ["Regret more."]


def test_copies_of_a_state_are_undone_as_well() -> None:
    class Twice(StateMachine[Context, Go]):
        class First(State, initial=True): ...

        class Second(First): ...

        @on(Go, First, to=Second)
        def note(self) -> None: ...

        @note.undo
        def strike(self) -> None: ...

    assert [t.undo.name for t in Twice.__chart__.transitions if t.undo] == ["strike", "strike"]


def test_an_undo_of_something_else_is_refused() -> None:
    def declare() -> None:
        class Other(StateMachine[Context, Go]):
            class Open(State, initial=True): ...

            @Trip.charge.undo
            def refund(self) -> None: ...

    assert "belongs to something that is not part of this machine" in wrong(declare)


def test_an_undo_that_expects_another_answer_is_refused() -> None:
    def declare() -> None:
        class Other(StateMachine[Context, Go | Stay]):
            class Open(State, initial=True): ...

            @invoke(Open)
            async def charge(self) -> int:
                return 1

            @charge.undo  # type: ignore[arg-type]
            async def refund(self, amount: str) -> None: ...

            @on(Go, Open)
            def go(self) -> None: ...

            @go.undo  # type: ignore[arg-type]
            def back(self, ev: Stay) -> None: ...

    text = wrong(declare)
    assert "refund: expects str, charge answers with int; annotate it as int" in text
    assert "back expects Stay, the edge gives Go" in text


def test_edges_that_did_nothing_of_their_own_cannot_be_undone() -> None:
    def declare() -> None:
        class Other(StateMachine[Context, Go]):
            class Open(State, initial=True): ...

            class Shut(State): ...

            @invoke(Open)
            async def charge(self) -> int:
                return 1

            @charge.done()
            def keep(self, ev: Done[int]) -> None: ...

            @keep.undo
            def lose(self) -> None: ...

            go = edge(Go, Open, to=Shut)

            @go.undo
            def back(self) -> None: ...

            @always(Shut, to=Open)
            def open(self) -> None: ...

            @open.undo
            def shut(self, ev: Event) -> None: ...

    text = wrong(declare)
    assert "undo lose: belongs to an edge that takes an answer; undo the invoke itself" in text
    assert "undo back: its edge has no action" in text
    assert "undo shut: there is no event when always is taken; write it as (self)" in text


def test_two_undos_of_one_thing_are_refused() -> None:
    def declare() -> None:
        class Other(StateMachine[Context, Go]):
            class Open(State, initial=True): ...

            @on(Go, Open)
            def go(self) -> None: ...

            @go.undo
            def one(self) -> None: ...

            @go.undo
            def two(self) -> None: ...

    assert "undo two: go has an undo already; keep one of them" in wrong(declare)
