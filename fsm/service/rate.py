"""Rate: how many calls may begin in any stretch of time."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

from fsm.chart.delay import delay_ms

_FORM = re.compile(r"\s*([1-9]\d*)\s*/\s*(\d*\s*[a-z]+)\s*")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls in so many seconds.

    >>> Rate.read("10/s"), Rate.read("100/15m")
    (Rate(count=10, seconds=1.0), Rate(count=100, seconds=900.0))
    """

    count: int
    seconds: float

    @classmethod
    def read(cls, text: str) -> Rate:
        """The rate that a text such as "10/s" means. Raises ValueError."""
        found = _FORM.fullmatch(text) if isinstance(text, str) else None
        wrong = ValueError(f"{text!r} is not a rate; write a number of calls and a time such as '10/s' or '100/15m'")
        if found is None:
            raise wrong
        unit = found[2].strip()
        try:
            seconds = delay_ms(unit if unit[0].isdigit() else f"1{unit}") / 1000
        except ValueError:
            raise wrong from None
        if not seconds:
            raise wrong
        return cls(int(found[1]), seconds)


class Window:
    """The calls of the last stretch of time; the time is passed in.

    >>> window = Window(Rate(2, 10.0))
    >>> [window.reserve(now=at) for at in (0.0, 1.0, 2.0, 3.0)]
    [0.0, 1.0, 10.0, 11.0]
    """

    def __init__(self, rate: Rate) -> None:
        self._seconds = rate.seconds
        self._begun: deque[float] = deque(maxlen=rate.count)

    def reserve(self, now: float) -> float:
        """When the next call may begin: then, and in that order, it must."""
        full = len(self._begun) == self._begun.maxlen
        at = max(now, self._begun[0] + self._seconds) if full else now
        self._begun.append(at)
        return at
