"""What is read from a live machine."""

from __future__ import annotations

from enum import Enum

from transitions import Machine
from transitions.extensions import HierarchicalMachine

from fsm import StateMachine
from fsm.interop.transitions_reading import read


def test_nested_states_have_whole_names_also_between_callbacks() -> None:
    states = ["a", {"name": "b", "children": ["x", {"name": "y", "children": ["z"]}], "initial": "y"}]
    reading = read(HierarchicalMachine(model=None, states=states, initial="a"))
    assert list(reading.places) == ["a", "b", "b_x", "b_y", "b_y_z"]
    assert [place.state.name for place in reading.places.values()] == list(reading.places)
    assert reading.places["b"].initial == ("b_y",)
    assert reading.initial == ("a",)


def test_auto_transitions_are_one_arrow_each_from_anywhere() -> None:
    reading = read(Machine(model=None, states=["a", "b"], initial="a"))
    assert [(a.trigger, a.source, a.target, a.auto, set(a.moves)) for a in reading.arrows] == [
        ("to_a", None, "a", True, {"a", "b"}),
        ("to_b", None, "b", True, {"a", "b"}),
    ]


def test_an_auto_transition_that_was_added_to_is_an_ordinary_one() -> None:
    machine = Machine(model=None, states=["a", "b"], initial="a")
    machine.add_transition("to_a", "b", "b")
    found = [(a.source, a.target) for a in read(machine).arrows if a.trigger == "to_a"]
    assert found == [("a", "a"), ("b", "a"), ("b", "b")]


def test_transitions_of_a_scope_are_named_as_a_whole() -> None:
    states = ["a", {"name": "b", "children": ["x", "y"], "transitions": [["go", "x", "y"], ["out", "y", "a"]]}]
    reading = read(HierarchicalMachine(model=None, states=states, initial="a", auto_transitions=False))
    assert [(a.trigger, a.source, a.target) for a in reading.arrows] == [("go", "b_x", "b_y"), ("out", "b_y", "a")]
    assert reading.arrows[0].where == "transition 'go' from b_x to b_y"


def test_several_initial_states_make_a_parallel_state_with_regions() -> None:
    states = [{"name": "p", "parallel": ["x", "y"]}, "a"]
    reading = read(HierarchicalMachine(model=None, states=states, initial="a"))
    assert reading.places["p"].parallel
    assert reading.places["p_x"].region
    assert not reading.places["a"].region


def test_initial_states_below_regions_keep_them_apart() -> None:
    states = [{"name": "p", "parallel": [{"name": "x", "children": ["1", "2"], "initial": "1"}, "y"]}]
    reading = read(HierarchicalMachine(model=None, states=states, initial=["p_x_2", "p_y"]))
    assert reading.initial == ("p_x_2", "p_y")
    assert not reading.parallel


def test_a_machine_whose_states_are_all_initial_is_in_all_of_them() -> None:
    settings = {"states": [{"name": "x", "children": ["1", "2"]}, "y"], "initial": ["x_2", "y"]}
    rehearsal = StateMachine.from_transitions(settings, transitions=[["go", "x_2", "x_1"]]).rehearse()
    assert rehearsal.configuration == {"x_2", "y"}
    assert rehearsal.send("go").configuration == {"x_1", "y"}


def test_enums_and_no_initial_are_understood() -> None:
    class Light(Enum):
        RED = 0

    assert read(Machine(model=None, states=Light, initial=Light.RED)).initial == ("RED",)
    reading = read(Machine(model=None, states=["a"], initial=None))
    assert reading.problems == ["no initial state: say which is entered first, as in initial='A'"]
