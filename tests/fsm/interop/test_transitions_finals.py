"""When `on_final` is called."""

from __future__ import annotations

from typing import Any

from fsm import StateMachine


def finals(states: list[Any], *transitions: list[str], events: str) -> list[str]:
    """The names of the `on_final` callbacks that run on the way."""
    log: list[str] = []

    def heard(state: Any) -> Any:
        if isinstance(state, str):
            return state
        inner = {key: [heard(child) for child in state[key]] for key in ("children", "parallel") if key in state}
        name = state["name"]
        nested = (
            {"on_final": [lambda: log.append(name)]} if any("children" in s or "parallel" in s for s in states) else {}
        )
        return {**state, **inner, **nested}

    made = StateMachine.from_transitions(
        [heard(state) if isinstance(state, dict) else state for state in states],
        initial="a",
        transitions=list(transitions),
        on_final=lambda: log.append("machine"),
    )
    rehearsal = made.rehearse()
    for event in events.split():
        rehearsal.send(event)
    return log


def test_a_flat_machine_tells_that_it_is_final() -> None:
    states = ["a", "b", {"name": "c", "final": True}]
    assert finals(states, ["go", "a", "b"], ["end", "b", "c"], events="go end") == ["machine"]


def test_a_final_child_completes_all_states_around_it_from_the_inside() -> None:
    states = ["a", {"name": "b", "children": [{"name": "x", "final": True}, "y"]}]
    assert finals(states, ["go", "a", "b_y"], ["end", "b_y", "b_x"], events="go") == []
    assert finals(states, ["go", "a", "b_y"], ["end", "b_y", "b_x"], events="go end") == ["x", "b", "machine"]


def test_a_parallel_state_is_final_when_all_its_regions_are() -> None:
    region = {"children": ["1", {"name": "2", "final": True}], "initial": "1"}
    states = ["a", {"name": "p", "parallel": [{"name": "x", **region}, {"name": "y", **region}]}]
    steps = (["go", "a", "p"], ["one", "p_x_1", "p_x_2"], ["two", "p_y_1", "p_y_2"])
    assert finals(states, *steps, events="go one") == ["2", "x"]
    assert finals(states, *steps, events="go one two") == ["2", "x", "2", "y", "p", "machine"]
