"""A business calendar stretches delays; what it gives is checked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fsm.core.calendar import due_at
from fsm.errors import HandlerMisuse
from tests.fsm.chart.refusal import odd

DAY = 86_400


def weekdays(start: datetime, delay: timedelta) -> datetime:
    """Days on which somebody works."""
    due, days = start, delay.days
    while days:
        due += timedelta(days=1)
        days -= due.weekday() < 5
    return due


def test_a_delay_is_over_when_the_calendar_says_so() -> None:
    friday = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert due_at(weekdays, "breach:Open#answer", friday.timestamp(), 2 * DAY * 1000) == friday.timestamp() + 4 * DAY


def test_without_a_calendar_and_for_after_time_is_time() -> None:
    assert due_at(None, "breach:Open#answer", 5.0, 1_500) == 6.5
    assert due_at(weekdays, "after:Open#ring", 5.0, 1_500) == 6.5


@pytest.mark.parametrize("wrong", [None, datetime(2030, 1, 1), datetime(1960, 1, 1, tzinfo=UTC)])
def test_a_calendar_gives_a_later_moment_with_a_time_zone(wrong: datetime | None) -> None:
    with pytest.raises(HandlerMisuse, match="let it return a datetime with a time zone"):
        due_at(lambda start, delay: odd(wrong), "warn:Open#answer", 5.0, 1_500)
