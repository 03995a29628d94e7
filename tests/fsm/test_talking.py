"""The front door of talking holds what its users need."""

from __future__ import annotations

import fsm.talking
from fsm.chart.event import Question


def test_the_front_door_leads_to_the_real_names() -> None:
    assert fsm.talking.Question is Question
