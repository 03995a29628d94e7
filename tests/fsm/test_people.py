"""The front door of people leads to what it names."""

from __future__ import annotations

from fsm import people
from fsm.chart.human import human
from fsm.ports.task import Task


def test_the_front_door_leads_to_the_declarations_and_the_rows() -> None:
    assert (people.human, people.Task) == (human, Task)
