"""What ways know of their chart."""

from __future__ import annotations

from typing import Any

from fsm import Context, StateMachine
from fsm.chart.sketch import machine_of
from fsm.interop.transitions_definition import definition
from fsm.interop.transitions_reading import read
from fsm.interop.transitions_sketch import Draft
from fsm.interop.transitions_standin import bound
from fsm.interop.transitions_way import Script


def script_of(states: list[Any], *moves: list[str]) -> Script:
    """The script of a machine."""
    settings = {"states": states, "transitions": [*moves], "initial": "a", "auto_transitions": False}
    reading = read(definition(settings, {"after_state_change": print}, ""))
    script = Script(reading, lambda handle: None, bound)
    draft = Draft(reading, script)
    chart = machine_of(draft.sketch("Ways", Context, "1", "raise"), StateMachine).__chart__
    script.compiled(chart, draft.places)
    return script


PARALLEL = [
    "a",
    {
        "name": "p",
        "parallel": [{"name": "x", "children": ["1", "2"], "initial": "1"}, {"name": "y", "children": ["1"]}],
    },
]


def test_a_way_knows_what_it_enters_and_what_comes_last() -> None:
    script = script_of(PARALLEL, ["go", "a", "p"], ["next", "p_x_1", "p_x_2"], ["back", "p", "a"])
    known = [
        ([script.chart.nodes[s].id for s in sorted(way.entered)], script.chart.nodes[way.last].id)
        for way in script.ways
    ]
    assert known == [(["p", "p_x", "p_x_1", "p_y_*", "p_y"], "p_y"), (["p_x_2"], "p_x_2"), (["a"], "a")]
    assert [script.chart.nodes[way.domain].id for way in script.ways if way.domain is not None] == ["", "p_x", ""]


def test_of_ways_that_conflict_the_inner_one_and_then_the_first_is_kept() -> None:
    script = script_of(PARALLEL, ["go", "p_x_1", "a"], ["go", "p_y", "a"], ["go", "p", "a"], ["go", "p_x_1", "p_x_2"])
    first, inside, second, outer = script.ways
    assert script.preempted([first, second]) == [first]
    assert script.preempted([outer, second]) == [second]
    assert script.preempted([inside]) == [inside]


def test_leaves_are_the_places_with_nothing_active_inside() -> None:
    script = script_of(PARALLEL, ["go", "a", "p"])
    states = {script.chart.index[id] for id in ("p", "p_x", "p_x_2", "p_y_*", "p_y")}
    assert [place.id for place in script.leaves(states)] == ["p_x_2", "p_y"]
    assert [state.name for state in script.states_of(states)] == ["p_x_2", "p_y"]
    assert script.states_of(states, "a").name == "a"
