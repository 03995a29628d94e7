"""Where arrows start."""

from __future__ import annotations

from typing import Any

from transitions.extensions import HierarchicalMachine

from fsm.interop.transitions_lift import lifted
from fsm.interop.transitions_reading import Reading, read

STATES = [
    "a",
    {"name": "c", "initial": "x", "children": [{"name": "x", "initial": "1", "children": ["1", "2"]}, "y"]},
    {
        "name": "p",
        "parallel": [{"name": "r", "initial": "1", "children": ["1", "2"]}, {"name": "s", "children": ["1"]}],
    },
]


def starts(*transitions: list[Any], auto: bool = False) -> tuple[list[str], Reading]:
    """Where the arrows of some transitions start, and under which circumstances."""
    machine = HierarchicalMachine(
        model=None, states=STATES, transitions=transitions, initial="a", auto_transitions=auto
    )
    reading = read(machine)
    return [
        f"{lift.source.id if lift.source else '*'} -> {lift.arrow.target}"
        + "".join(f" in {place.id}" for place in lift.inside)
        + "".join(f" not in {place.id}" for place in lift.outside)
        for lift in lifted(reading)
    ], reading


def test_an_arrow_between_siblings_starts_at_its_source() -> None:
    assert starts(["go", "a", "c_x_2"])[0] == ["a -> c_x_2"]
    assert starts(["go", "c_x_1", "c_x_2"])[0] == ["c_x_1 -> c_x_2"]
    assert starts(["go", "c_x_1", "c"])[0] == ["c_x_1 -> c"]


def test_an_arrow_from_far_above_starts_at_every_state_on_the_way() -> None:
    assert starts(["go", "c", "c_x_2"])[0] == ["c_x -> c_x_2", "c -> c_x_2 not in c_x"]


def test_other_arrows_of_the_same_event_go_with_it_in_order() -> None:
    found, _ = starts(["go", "c", "a"], ["go", "c", "c_x_2"])
    assert found == ["c_x -> a", "c_x -> c_x_2", "c -> a not in c_x", "c -> c_x_2 not in c_x"]


def test_an_arrow_into_another_region_starts_there() -> None:
    assert starts(["go", "p_s_1", "p_r_2"])[0] == ["p_r -> p_r_2 in p_s_1"]
    assert starts(["go", "p", "p_r_2"])[0] == ["p_r -> p_r_2"]


def test_an_auto_transition_to_a_region_is_closed_inside_of_its_parallel_state() -> None:
    found, reading = starts(auto=True)
    assert [f for f in found if f"{f} ".partition("-> ")[2].startswith("p_r ")] == ["* -> p_r not in p"]
    assert not reading.problems


def test_what_would_leave_a_region_alone_is_a_problem() -> None:
    for source in ("p_r_1", "p_r", "p"):
        assert "p_r is a region" in starts(["go", source, "p_r"])[1].problems[0]
    assert not starts(["go", "a", "p_r"])[1].problems


def test_arrows_of_one_event_into_different_regions_are_a_problem() -> None:
    _, reading = starts(["go", "p", "p_r_2"], ["go", "p", "p_s_1"])
    assert "2 transitions on one event lead into different regions" in reading.problems[0]
