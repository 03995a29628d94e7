"""Schedules as they are written down, and what they make of due times that were missed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fsm.errors import ScheduleInvalid
from fsm.schedule import Schedule
from tests.fsm.runtime.desk import Add, Counter, Tally


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ScheduleInvalid) as problem:
        Schedule(" x", cron="* * * *", every="1s", start=Counter, send=("a", Add()), missed="no", grace="soon")  # type: ignore[arg-type]
    assert str(problem.value).startswith("Schedule(' x'): give one of cron= and every=; give one of start= and send=;")
    assert [text.split()[0] for text in problem.value.problems[2:]] == ["missed='no':", "a", "'soon'"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"start": Counter}, "give one of cron= and every="),
        ({"every": "1m"}, "give one of start= and send="),
        ({"cron": "* * * * *", "zone": "Here", "start": Counter}, "zone='Here' is no time zone"),
        ({"every": "1m", "zone": "Europe/Berlin", "start": Counter}, "zone= is for cron="),
        ({"every": "1ms", "start": Counter}, "more often than every 1 s"),
        ({"every": "1m", "start": Add}, "is not a machine"),
        ({"every": "1m", "start": Counter, "data": Tally}, "write data, or a function of the due time"),
        ({"every": "1m", "send": ("a", Add), "data": Tally()}, "data= is for start="),
        ({"every": "1m", "send": ("a", Add)}, "write (id, event)"),
        ({"every": "1m", "send": Add()}, "write (id, event)"),
    ],
)
def test_what_does_not_go_together_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ScheduleInvalid) as problem:
        Schedule("x", **given)
    assert said in str(problem.value)


def test_it_is_told_in_words() -> None:
    assert Schedule("x", every="90m", start=Counter).does == "start Counter"
    assert Schedule("x", every="90m", send=("a", Add())).does == "send Add to a"
    assert Schedule("x", every="90m", send=("a", lambda due: Add())).does == "send an event to a"
    assert Schedule("x", every="90m", start=Counter).named(minute(3)) == "x@2026-01-01T00:03:00Z"


def minute(n: int) -> datetime:
    return datetime(2026, 1, 1, 0, n, tzinfo=UTC)


@pytest.mark.parametrize(
    ("missed", "late", "fired"),
    [
        ("one", 0, 10),
        ("one", 45, 50),
        ("all", 45, 10),
        ("skip", 0, 10),
        ("skip", 1, 10),
        ("skip", 2, None),
        ("skip", 41, 50),
        ("skip", 45, None),
    ],
)
def test_of_what_was_missed_none_one_or_all_are_owed(missed: Any, late: int, fired: int | None) -> None:
    schedule = Schedule("x", every="10m", start=Counter, missed=missed, grace="1m")
    first, then = schedule.owed(minute(10), minute(10 + late))
    assert first == (None if fired is None else minute(fired))
    assert then == (minute(20) if missed == "all" or late < 10 else datetime(2026, 1, 1, 1, tzinfo=UTC))
