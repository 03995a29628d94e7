"""StateMachine: the class that users extend, and its rehearsals."""

from __future__ import annotations

import doctest

import pytest

import fsm
from fsm import Context, Event, State, StateMachine, edge, machine
from fsm.testing.rehearsal import EPOCH, Rehearsal


class Go(Event): ...


class Data(Context):
    items: list[str] = []


class Lamp(StateMachine[Data, Go]):
    class Off(State, initial=True): ...

    class On(State): ...

    go = edge(Go, Off, to=On)


def test_a_rehearsal_begins_with_the_data_at_the_epoch_under_an_id() -> None:
    r = Lamp.rehearse()
    assert isinstance(r, Rehearsal)
    assert (r.id, r.now, r.status, r.ctx) == ("rehearsal", EPOCH, "running", Data())
    assert Lamp.rehearse(id="L-1").id == "L-1"


def test_the_data_is_copied() -> None:
    data = Data(items=["a"])
    r = Lamp.rehearse(data)
    r.ctx.items.append("b")
    assert data.items == ["a"]
    assert Lamp.rehearse().ctx.items == [], "not even defaults are shared"


def test_rehearsals_of_one_machine_are_apart() -> None:
    one, two = Lamp.rehearse(), Lamp.rehearse()
    one.send(Go())
    assert (one.configuration, two.configuration) == ({"On"}, {"Off"})


def test_state_machine_itself_is_no_machine() -> None:
    assert not hasattr(StateMachine, "__chart__")
    with pytest.raises(TypeError, match="do not call it"):
        StateMachine()


def test_the_example_of_the_docstring_runs() -> None:
    assert doctest.testmod(machine).failed == 0


def test_the_front_door_is_sorted_and_true() -> None:
    assert sorted(fsm.__all__) == fsm.__all__
    assert all(hasattr(fsm, name) for name in fsm.__all__)
