"""The parts of a chart are values, whichever way they are made."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from fsm import Event, Final, State, StateMachine, edge
from fsm.chart.chart import Node, Transition, Trigger
from fsm.chart.state import Kind


class Go(Event): ...


class Lamp(StateMachine):
    class Off(State, initial=True): ...

    class On(Final): ...

    light = edge(Go, Off, to=On)


def test_a_part_made_by_what_is_not_as_usual_equals_one_that_is_constructed() -> None:
    trigger = Trigger("event", (Go,))
    said = {"index": 0, "name": "light", "source": 1, "trigger": trigger, "targets": (2,)}
    assert Transition.of(said) == Transition(0, "light", 1, trigger, (2,))
    assert hash(Transition.of(dict(said))) == hash(Transition(0, "light", 1, trigger, (2,)))
    node = {"index": 1, "id": "Off", "name": "Off", "kind": Kind.ATOMIC, "parent": 0, "end": 2}
    assert Node.of(node) == Node(1, "Off", "Off", Kind.ATOMIC, 0, 2)


def test_a_part_made_by_what_is_not_as_usual_is_frozen_too() -> None:
    (light,) = Lamp.__chart__.transitions
    with pytest.raises(FrozenInstanceError):
        light.name = "dark"  # type: ignore[misc]
    assert replace(light, name="dark").targets == light.targets


def test_the_digest_is_worked_out_when_it_is_first_asked_for() -> None:
    class Same(StateMachine):
        class Off(State, initial=True): ...

        class On(Final): ...

        light = edge(Go, Off, to=On)

    rehearsal = Same.rehearse()
    rehearsal.send(Go())
    assert "digest" not in vars(Same.__chart__)
    assert Same.__chart__.digest == Lamp.__chart__.digest == vars(Same.__chart__)["digest"]
    assert replace(Same.__chart__, transitions=()).digest != Same.__chart__.digest
