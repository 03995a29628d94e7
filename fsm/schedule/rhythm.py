"""A rhythm: when something is due, again and again. Either every so long, or at times of a calendar in a time zone.

Times of a calendar follow the clock on the wall, as cron does: what falls into the hour that is left out in spring is
due right behind it, what falls into the hour that comes twice in autumn is due in the first one. With `*` for the hour
or the minute real time counts: every hour that passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from fsm.chart.delay import Delay, delay_ms, delay_text
from fsm.limits import EVERY_SECONDS_MIN


@dataclass(frozen=True, slots=True)
class Every:
    """Every so long since it was declared."""

    seconds: float

    def __str__(self) -> str:
        return f"every {delay_text(round(self.seconds * 1000))}"

    def after(self, time: datetime) -> datetime:
        """The due time behind another one."""
        return time + timedelta(seconds=self.seconds)

    def last(self, since: datetime, until: datetime) -> datetime:
        """The last due time up to `until`, counted from one that is."""
        return since + (until - since) // timedelta(seconds=self.seconds) * timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Cron:
    """At times of a calendar."""

    expression: str
    zone: ZoneInfo

    def __str__(self) -> str:
        return f"{self.expression} {self.zone}"

    def after(self, time: datetime) -> datetime:
        """The first due time behind a time."""
        for found in CronSim(self.expression, time.astimezone(self.zone)):
            if (due := found.astimezone(UTC)) > time:  # in the hour that comes twice the first may be over
                return due
        raise AssertionError(f"{self}: checked when it was made")

    def last(self, since: datetime, until: datetime) -> datetime:
        """The last due time up to `until`, from one that is: found backwards, however long ago that was."""
        backwards = CronSim(self.expression, (until + timedelta(seconds=1)).astimezone(self.zone), reverse=True)
        near = next(backwards, since).astimezone(UTC)
        last = near if since < near <= until else since
        while (later := self.after(last)) <= until:
            last = later
        return last


Rhythm = Every | Cron


def every(delay: Delay) -> Every:
    """The rhythm of a delay.

    >>> str(every("90m"))
    'every 1h30m'

    Raises ValueError.
    """
    seconds = delay_ms(delay) / 1000
    if seconds < EVERY_SECONDS_MIN:
        raise ValueError(f"every={delay!r} is more often than every {EVERY_SECONDS_MIN:g} s; let a machine do that")
    return Every(seconds)


def cron(expression: str, zone: str) -> Cron:
    """The rhythm of a cron expression in a time zone.

    >>> cron("0 2 * * *", "Europe/Berlin").after(datetime(2026, 3, 28, 12, tzinfo=UTC)).isoformat()
    '2026-03-29T01:00:00+00:00'

    Raises ValueError.
    """
    try:
        place = ZoneInfo(zone)
    except (LookupError, ValueError, OSError) as problem:
        raise ValueError(f"zone={zone!r} is no time zone; write a name such as 'Europe/Berlin' or 'UTC'") from problem
    try:
        next(CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration) as problem:
        why = f"{problem}" if isinstance(problem, CronSimError) else "it is never due"
        raise ValueError(
            f"cron={expression!r}: {why}; write minute, hour, day, month, weekday, such as '0 2 * * MON-FRI'"
        ) from problem
    return Cron(" ".join(expression.split()), place)
