"""The business calendar: what a delay means where nobody works at night."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from fsm.errors import HandlerMisuse

Calendar = Callable[[datetime, timedelta], datetime]
"""From a moment (UTC) and a delay to the moment when it is over. It is asked once, when the state is entered."""


def due_at(calendar: Calendar | None, key: str, now: float, delay_ms: int) -> float:
    """When a timer is due, in seconds since the epoch; one of `after` keeps to no calendar.

    >>> due_at(lambda start, delay: start + 2 * delay, "breach:Open#answer", 0.0, 1_000)
    2.0

    Raises HandlerMisuse for a calendar that gives no later moment.
    """
    if calendar is None or key.startswith("after:"):
        return now + delay_ms / 1000
    start, delay = datetime.fromtimestamp(now, UTC), timedelta(milliseconds=delay_ms)
    due = calendar(start, delay)
    if not isinstance(due, datetime) or due.tzinfo is None or due < start:
        raise HandlerMisuse(
            f"the calendar gives {due!r} for {delay} after {start}; let it return a datetime with a time zone that is"
            f" not before the start, then retry"
        )
    return due.timestamp()
