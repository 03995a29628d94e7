"""Which of the active states an incident is of."""

from __future__ import annotations

import pytest

from fsm import StateMachine
from tests.visualize.machines import Order
from visualize.blame import blamed

PAYING, PICKING = "Processing.Payment.Authorising", "Processing.Fulfilment.Picking"
WAITING = "Processing.Fulfilment.Shipping.AwaitingCourier"


@pytest.mark.parametrize(
    ("event", "leaves", "found"),
    [
        pytest.param("error.invoke.authorise", [PAYING, PICKING], {PAYING}, id="failure"),
        pytest.param("done.invoke.pick", [PAYING, PICKING], {PICKING}, id="answer"),
        pytest.param("after:Processing.Fulfilment.Picking#remind_picker", [PAYING, PICKING], {PICKING}, id="timer"),
        pytest.param("Collected", [PAYING, WAITING], {WAITING}, id="event"),
        pytest.param("Cancel", [PAYING, WAITING], {PAYING, WAITING}, id="event of the state around both"),
        pytest.param("start", [PAYING, WAITING], {PAYING, WAITING}, id="nobody's event"),
        pytest.param("Collected", [PAYING, PICKING], {PAYING, PICKING}, id="event of a state that is not active"),
        pytest.param("Collected", ["Gone"], {"Gone"}, id="state of another version"),
        pytest.param("Collected", [], set(), id="no state at all"),
    ],
)
def test_an_incident_is_of_the_states_that_its_event_belongs_to(event: str, leaves: list[str], found: set[str]) -> None:
    assert blamed(Order.__chart__, leaves, event) == found


def test_names_of_machines_made_from_data_are_found_by_their_patterns() -> None:
    names = {"states": ["a", "b"], "initial": "a", "transitions": [["pay", "a", "b"]]}
    made = StateMachine.from_transitions(names, name="Named")
    assert blamed(made.__chart__, ["a"], "pay") == {"a"}
