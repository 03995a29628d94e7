"""The rows of schedules."""

from __future__ import annotations

from dataclasses import fields

from fsm.ports.schedule import Firing, ScheduleRow
from fsm.ports.store import Commit


def test_a_firing_names_what_it_moves_and_rests_on() -> None:
    kept = {field.name for field in fields(ScheduleRow)}
    assert {field.name for field in fields(Firing)} - kept == {"seen"}


def test_a_commit_that_fires_a_schedule_does_not_rest_on_an_instance() -> None:
    firing = Firing("nightly", "every 1h", seen=1.0, next=2.0, last=1.0, said="")
    assert not Commit("schedule:nightly", firing=firing).read
