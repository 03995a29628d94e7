"""Births: the children that a turn begins, each with data that its class accepts."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import Context, Event, Signal, State, StateMachine, edge, invoke
from fsm.chart.chart import Handler, Trigger
from fsm.chart.sketch import InvokeSketch, Sketch, StateSketch, TransitionSketch, machine_of
from fsm.chart.state import Kind
from fsm.errors import ContextInvalid


class Go(Event): ...


class Contents(Context):
    n: int


class Parcel(StateMachine[Contents, Go]):
    class Open(State, initial=True): ...


class Order(StateMachine[Context, Go]):
    class A(State, initial=True): ...

    class B(State): ...

    go = edge(Go, A, to=B)

    @invoke(B, machine=Parcel)
    def parcel(self) -> Contents | None:
        return None

    done = parcel.done(to=A)


def test_a_child_that_needs_data_and_gets_none_is_not_begun() -> None:
    r = Order.rehearse()
    before = r.snapshot()
    with pytest.raises(ContextInvalid, match="Parcel needs data to start with: n: Field required"):
        r.send(Go())
    assert r.snapshot() == before


class Said(Context):
    seen: list[str] = []


def test_a_forgiving_machine_hears_of_it_as_an_error_and_goes_on() -> None:
    def child(machine: Any, event: Any) -> tuple[type[Any], Any]:
        raise ZeroDivisionError("no")

    def keep(machine: Any, event: Signal) -> None:
        machine.ctx.seen.append(f"{event.name} {event.data['kind']} {event.data['source']}")

    heard = TransitionSketch("", Trigger("event", names=("error.execution",)), actions=(Handler("keep", keep, keep),))
    drawn = Sketch(
        "Drawn",
        StateSketch("", Kind.COMPOUND, [StateSketch("a")]),
        [heard],
        [InvokeSketch("kid", "a", child=child)],
        context=Said,
        unhandled="ignore",
        forgiving=True,
    )
    r = machine_of(drawn, StateMachine[Any, Any, Any]).rehearse()
    assert (r.ctx.seen, r.pending) == (["error.execution ZeroDivisionError invoke kid"], ())
