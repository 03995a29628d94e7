"""Rhythms: every so long, and times of a calendar where clocks are set forward and back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.schedule.rhythm import Cron, Every, cron, every

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def dues(expression: str, since: str, count: int, zone: str = BERLIN) -> list[str]:
    """The next due times, as a clock on the wall shows them."""
    rhythm, time, found = cron(expression, zone), at(since), []
    for _ in range(count):
        time = rhythm.after(time)
        found.append(time.astimezone(rhythm.zone).isoformat(timespec="minutes"))
    return found


def test_what_falls_into_the_hour_that_is_left_out_is_due_right_behind_it() -> None:
    assert dues("30 2 * * *", "2026-03-28T12:00+01:00", 2) == ["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"]
    assert dues("0,30 2 * * *", "2026-03-28T12:00+01:00", 2) == ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"]


def test_what_falls_into_the_hour_that_comes_twice_is_due_in_the_first() -> None:
    assert dues("30 2 * * *", "2026-10-24T12:00+02:00", 2) == ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]
    assert dues("30 2 * * *", "2026-10-25T02:10+01:00", 1) == ["2026-10-26T02:30+01:00"]


def test_with_a_star_for_the_hour_real_time_counts() -> None:
    assert dues("30 * * * *", "2026-10-25T01:00+02:00", 4) == [
        "2026-10-25T01:30+02:00",
        "2026-10-25T02:30+02:00",
        "2026-10-25T02:30+01:00",
        "2026-10-25T03:30+01:00",
    ]
    assert dues("30 * * * *", "2026-03-29T01:00+01:00", 2) == ["2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00"]


def test_the_last_due_time_is_found_however_long_ago_the_first_was() -> None:
    rhythm, since = cron("30 2 * * *", BERLIN), at("1996-01-01T02:30+01:00")
    for until, last in (
        ("2026-10-25T02:10+01:00", "2026-10-25T02:30+02:00"),
        ("2026-03-29T03:00+02:00", "2026-03-29T03:00+02:00"),
        ("2026-06-01T02:29+02:00", "2026-05-31T02:30+02:00"),
        ("1996-01-01T09:00+01:00", "1996-01-01T02:30+01:00"),
    ):
        assert rhythm.last(since, at(until)) == at(last)


EXPRESSIONS = ["* * * * *", "*/7 * * * *", "30 2 * * *", "0,30 1-3 * * *", "15 */6 * * *", "0 0 1 * *", "59 23 * * SUN"]
TIMES = st.integers(0, 2 * 366 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(0, minutes * 60)
)


@given(
    st.sampled_from(EXPRESSIONS),
    st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]),
    TIMES,
    st.integers(0, 40),
)
def test_due_times_rise_and_the_last_is_one_of_them(expression: str, zone: str, since: datetime, count: int) -> None:
    rhythm = cron(expression, zone)
    found = [rhythm.after(since)]
    for _ in range(count):
        found.append(rhythm.after(found[-1]))
        assert found[-1] > found[-2]
    between = found[-1] + (rhythm.after(found[-1]) - found[-1]) / 2
    assert rhythm.last(found[0], between) == found[-1]
    assert rhythm.last(found[0], found[-1]) == found[-1]


def test_every_counts_from_one_due_time_to_the_next() -> None:
    rhythm, since = every("15m"), at("2026-01-01T00:00+00:00")
    assert rhythm == Every(900.0)
    assert rhythm.after(since) == at("2026-01-01T00:15+00:00")
    assert rhythm.last(since, at("2026-01-02T00:29+00:00")) == at("2026-01-02T00:15+00:00")
    assert rhythm.last(since, since) == since


def test_a_rhythm_is_told_in_words() -> None:
    assert str(every(timedelta(hours=36))) == "every 1d12h"
    assert str(cron(" 0  2 * *  mon-fri", BERLIN)) == "0 2 * * mon-fri Europe/Berlin"
    assert isinstance(cron("* * * * *", "UTC"), Cron)


@pytest.mark.parametrize(
    ("expression", "zone", "said"),
    [
        ("61 * * * *", "UTC", "cron='61 * * * *': Bad minute; write minute, hour, day, month, weekday, such as"),
        ("0 2", "UTC", "Wrong number of fields"),
        ("0 0 30 2 *", "UTC", "Bad day-of-month"),
        ("* * * * *", "Mars/Phobos", "zone='Mars/Phobos' is no time zone; write a name such as 'Europe/Berlin'"),
        ("* * * * *", "../etc", "is no time zone"),
    ],
)
def test_what_is_never_due_is_refused(expression: str, zone: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        cron(expression, zone)


def test_what_is_due_all_the_time_is_refused() -> None:
    with pytest.raises(ValueError, match="every='50ms' is more often than every 1 s"):
        every("50ms")
