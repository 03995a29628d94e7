"""A schedule: what is done, when, and what becomes of due times that nobody was there for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from fsm.chart.context import Context
from fsm.chart.delay import Delay, delay_ms
from fsm.chart.event import Event
from fsm.chart.machine import Machine
from fsm.errors import ScheduleInvalid
from fsm.limits import SCHEDULE_CHARS_MAX
from fsm.schedule.rhythm import Rhythm, cron, every

Missed = Literal["skip", "one", "all"]


@dataclass(frozen=True)
class Schedule:
    """Starts a machine or sends an event, by the clock: once for each due time, whatever the number of workers.

        Schedule("nightly", cron="0 2 * * *", zone="Europe/Berlin", start=Report, data=lambda due: Day(day=due.date()))
        Schedule("beat", every="15m", send=("A-1", Look()))

    `data` and the event may be functions of the due time. A due time is missed when it is more than `grace` late, or
    when the next one has come as well; of those that were missed none is fired ("skip"), the last ("one"), or each
    ("all"). What is started has the id `nightly@2026-01-02T01:00:00Z`. Raises ScheduleInvalid with all mistakes.
    """

    name: str
    _: KW_ONLY
    cron: str | None = None
    every: Delay | None = None
    zone: str = "UTC"
    start: type[Machine[Any, Any, Any]] | None = None
    data: Context | Callable[[datetime], Context] | None = None
    send: tuple[str, Event | Callable[[datetime], Event]] | None = None
    missed: Missed = "one"
    grace: Delay = "1m"
    rhythm: Rhythm = field(init=False, repr=False)
    grace_seconds: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        problems = list(self._contradictions())
        for name, made in (("rhythm", self._rhythm), ("grace_seconds", lambda: delay_ms(self.grace) / 1000)):
            try:
                object.__setattr__(self, name, made())
            except ValueError as problem:
                problems.append(str(problem))
        if problems:
            raise ScheduleInvalid(f"Schedule({self.name!r})", problems)

    def _rhythm(self) -> Rhythm | None:
        if (self.cron is None) == (self.every is None):
            return None
        return cron(self.cron, self.zone) if self.cron is not None else every(self.every or "")

    def _contradictions(self) -> list[str]:
        """Everything that does not go together."""
        name = self.name
        wrong = {
            "give one of cron= and every=": (self.cron is None) == (self.every is None),
            "give one of start= and send=": (self.start is None) == (self.send is None),
            "data= is for start=": self.data is not None and self.start is None,
            "zone= is for cron=": self.zone != "UTC" and self.cron is None,
            f"missed={self.missed!r}: write one of {', '.join(get_args(Missed))}": self.missed not in get_args(Missed),
            f"a name has 1 to {SCHEDULE_CHARS_MAX} printable characters, no space at either end": not (
                0 < len(name) <= SCHEDULE_CHARS_MAX and name.isprintable() and name == name.strip()
            ),
            f"start={self.start!r} is not a machine": self.start is not None and not hasattr(self.start, "__chart__"),
            f"data={self.data!r}: write data, or a function of the due time": isinstance(self.data, type),
            f"send={self.send!r}: write (id, event)": self.send is not None and not _is_sendable(self.send),
        }
        return [text for text, is_wrong in wrong.items() if is_wrong]

    @property
    def does(self) -> str:
        """What it does, in words."""
        if self.start is not None:
            return f"start {self.start.__chart__.name}"
        assert self.send is not None
        event = self.send[1]
        return f"send {type(event).__name__ if isinstance(event, Event) else 'an event'} to {self.send[0]}"

    def owed(self, due: datetime, now: datetime) -> tuple[datetime | None, datetime]:
        """Which due time is to be fired now, of those from `due` on, and which comes next."""
        if self.missed == "all":
            return due, self.rhythm.after(due)
        last = self.rhythm.last(due, now)
        fired = self.missed == "one" or (now - last).total_seconds() <= self.grace_seconds
        return last if fired else None, self.rhythm.after(last)

    def named(self, due: datetime) -> str:
        """What stands for one due time.

        >>> Schedule("beat", every="15m", send=("A-1", Event())).named(datetime(2026, 1, 2, tzinfo=UTC))
        'beat@2026-01-02T00:00:00Z'
        """
        return f"{self.name}@{due.astimezone(UTC).isoformat().replace('+00:00', 'Z')}"


def _is_sendable(send: Any) -> bool:
    return (
        isinstance(send, tuple)
        and len(send) == 2
        and isinstance(send[0], str)
        and (isinstance(send[1], Event) or (callable(send[1]) and not isinstance(send[1], type)))
    )
