"""Names and data on the way through several versions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fsm.chart.migration import Migration
from fsm.core.migrate import context_after, ends, state_after, steps_from, timer_after


def doubled(data: dict[str, Any]) -> dict[str, Any]:
    """Twice the number."""
    return {"n": data["n"] * 2}


def added(data: dict[str, Any]) -> dict[str, Any]:
    """One more."""
    return {"n": data["n"] + 1}


STEPS = (
    Migration("1", {"A": "B"}, context=doubled, timers={"late": "bored"}),
    Migration("2", {"B": "C.B"}, context=added, ends=("quote", "short")),
)


def test_a_snapshot_goes_through_the_migrations_from_its_version_on() -> None:
    assert steps_from(STEPS, "1") == STEPS
    assert steps_from(STEPS, "1.5") == steps_from(STEPS, "2") == STEPS[1:]
    assert steps_from(STEPS, "3") == ()


def test_states_and_timers_follow_every_step() -> None:
    assert state_after(STEPS, "A.X") == "C.B.X"
    assert timer_after(STEPS, "after:A.X#late") == "after:C.B.X#bored"
    assert timer_after(STEPS, "after:#late") == "after:#bored"
    assert timer_after(STEPS, "after:A#short") is None
    assert timer_after(STEPS, "timeout:parcel") == "timeout:parcel"


def test_invokes_end_where_a_step_says_so() -> None:
    assert ends(STEPS, "quote")
    assert not ends(STEPS[:1], "quote")


def test_the_data_pass_every_upcaster_in_turn() -> None:
    assert json.loads(context_after(STEPS, b'{"n":2}')) == {"n": 5}


def test_an_upcaster_that_gives_no_dict_is_refused() -> None:
    with pytest.raises(TypeError, match="which is no dict"):
        context_after([Migration("1", context=lambda data: None)], b"{}")  # type: ignore[arg-type, return-value]
