"""A compensation is the work of a state, and says what it undoes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fsm import Context, Event, Final, State, StateMachine, edge, invoke, on
from fsm.errors import DefinitionError
from fsm.saga import compensate


class Go(Event): ...


def wrong(declare: Callable[[], Any]) -> str:
    with pytest.raises(DefinitionError) as caught:
        declare()
    return str(caught.value)


class Trip(StateMachine[Context, Go]):
    class Open(State, initial=True):
        class First(State, initial=True): ...

    class Undoing(State): ...

    class All(State): ...

    class End(Final): ...

    @on(Go, Open, to=Undoing)
    def go(self) -> None: ...

    @go.undo
    def back(self) -> None: ...

    undone = compensate(Undoing, of=Open)
    all = undone.done(to=All)
    everything = compensate(All)
    end = everything.done(to=End)


def test_a_compensation_is_an_invoke_that_knows_where_it_undoes() -> None:
    chart = Trip.__chart__
    assert {i.id: i.undoes for i in chart.invokes} == {"undone": (chart.index["Open"],), "everything": ()}
    assert {i.result for i in chart.invokes} == {list[str]}


def test_a_subclass_says_otherwise_by_name() -> None:
    class Other(Trip):
        undone = compensate(Trip.Undoing, of=(Trip.Open, Trip.All))

    index = Other.__chart__.index
    assert {i.id: i.undoes for i in Other.__chart__.invokes}["undone"] == (index["Open"], index["All"])


def test_a_compensation_is_another_shape_than_a_work() -> None:
    class Other(Trip):
        @invoke(Trip.Undoing)
        async def undone(self) -> list[str]:
            return []

    assert Other.__chart__.digest != Trip.__chart__.digest


def test_one_that_is_not_assigned_is_found() -> None:
    def declare() -> None:
        class Other(StateMachine[Context, Go]):
            class Open(State, initial=True): ...

            compensate(Open)

    assert "is lost: assign it to a name of its own" in wrong(declare)


def test_a_machine_that_can_undo_nothing_needs_none() -> None:
    def declare() -> None:
        class Other(StateMachine[Context, Go]):
            class Open(State, initial=True): ...

            undone = compensate(Open)

    assert "compensate undone: nothing of this machine can be undone" in wrong(declare)


def test_wrong_states_are_refused() -> None:
    def declare() -> None:
        class Other(StateMachine[Context, Go]):
            class Open(State, initial=True): ...

            class End(Final): ...

            @on(Go, Open, to=End)
            def go(self) -> None: ...

            @go.undo
            def back(self) -> None: ...

            nowhere = compensate()
            ended = compensate(End)
            elsewhere = compensate(Open, of=Trip.Open)

    text = wrong(declare)
    assert "compensate nowhere: names no state" in text
    assert "End is a Final and cannot own work" in text
    assert "of=" in text
    assert "is a state of another machine" in text


def test_a_compensation_cannot_be_undone_itself() -> None:
    def declare() -> None:
        class Other(Trip):
            @Trip.undone.undo
            def again(self) -> None: ...

    assert "a compensation cannot be undone" in wrong(declare)


def test_documents_and_scxml_refuse_it() -> None:
    from fsm.interop.scxml import write_scxml

    text = wrong(Trip.to_chart)
    assert "undone: can be undone, or undoes" in text
    assert "go: can be undone" in text
    text = wrong(lambda: write_scxml(Trip))
    assert "undone: SCXML undoes nothing by itself" in text
    assert "go: SCXML undoes nothing by itself" in text


def test_an_edge_leads_to_it() -> None:
    assert edge(Go, Trip.Open).undo(lambda self: None).what == "undo"
