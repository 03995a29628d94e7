"""What is taken for a definition."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest
from transitions import Event, Machine, State, Transition
from transitions.core import Condition
from transitions.extensions import HierarchicalMachine

from fsm.errors import DefinitionError
from fsm.interop.transitions_definition import definition, replaced


def test_a_live_machine_is_taken_as_it_is_and_takes_no_settings() -> None:
    machine = Machine(states=["a"], initial="a")
    assert definition(machine, {}, "") is machine
    with pytest.raises(DefinitionError, match="initial: a machine that exists has its settings"):
        definition(machine, {"initial": "a"}, "")


@pytest.mark.parametrize(
    ("states", "nested"),
    [
        (["in_progress", "done"], False),
        ([{"name": "a", "children": ["b"]}], True),
        ([{"name": "a", "parallel": ["b", "c"]}], True),
        ([{"name": "a", "on_enter": []}], False),
        (Enum("Light", ["RED"]), False),
    ],
)
def test_settings_are_nested_where_something_in_them_is(states: Any, nested: bool) -> None:
    assert isinstance(definition({"states": states}, {}, ""), HierarchicalMachine) is nested


def test_a_separator_makes_names_nested() -> None:
    machine = definition({"states": ["a", "a.b"], "separator": "."}, {}, "")
    assert machine.get_nested_state_names()[:2] == ["a", "a.b"]
    assert HierarchicalMachine.state_cls.separator == "_"


def test_settings_are_left_as_they_are() -> None:
    settings = {"states": [{"name": "a", "timeout": 1, "on_timeout": "x"}], "initial": "a"}
    definition(settings, {}, "")
    assert settings == {"states": [{"name": "a", "timeout": 1, "on_timeout": "x"}], "initial": "a"}


def test_an_object_with_a_machine_is_told_to_hand_it_over() -> None:
    class Model:
        machine = Machine(model=None, states=["a"], initial="a")

    with pytest.raises(DefinitionError, match=r"Model is not a machine of transitions; pass its \.machine"):
        definition(Model(), {}, "")


def test_every_part_of_the_algorithm_that_is_replaced_is_named() -> None:
    class OwnEvent(Event):
        def _trigger(self, event_data: Any) -> bool:
            return False

    class OwnCondition(Condition):
        def check(self, event_data: Any) -> bool:
            return True

    class OwnTransition(Transition):
        condition_cls = OwnCondition

        def execute(self, event_data: Any) -> bool:
            return True

    class OwnState(State):
        def enter(self, event_data: Any) -> None: ...

    class Own(Machine):
        event_cls, transition_cls, state_cls = OwnEvent, OwnTransition, OwnState

        def set_state(self, state: Any, model: Any = None) -> None: ...

    machine = Own(model=None, states=["a"], auto_transitions=False, initial="a")
    machine.add_transition("go", "a", "a", conditions="x")
    moves = (t for event in machine.events.values() for ts in event.transitions.values() for t in ts)
    told = list(replaced(machine, dict(machine.states), moves))
    assert [t.split(" replaces")[0] for t in told] == [
        "the machine: Own.set_state",
        "state 'a': OwnState.enter",
        "events: OwnEvent._trigger",
        "transition 'a' -> 'a': OwnTransition.execute",
        "transition 'a' -> 'a': OwnCondition.check",
    ]
