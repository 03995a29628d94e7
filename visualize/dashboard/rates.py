"""Rates: how often one visitor may ask; a bucket that fills again by itself."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

VISITORS_MAX = 4_096
"""Visitors that are remembered; the one who has been silent longest is forgotten first."""


class Rate:
    """So many at once, and so many a second in the long run.

    >>> rate = Rate(2, 1.0, clock=lambda: 0.0)
    >>> [rate.wait("anna") for _ in range(3)]
    [0.0, 0.0, 1.0]
    """

    def __init__(self, at_once: int, a_second: float, clock: Callable[[], float]) -> None:
        """Nobody has asked yet."""
        self._at_once, self._a_second, self._clock = float(at_once), a_second, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, visitor: str) -> float:
        """Take one; 0 where it is granted, else how many seconds until it would be."""
        now = self._clock()
        left, seen = self._left.pop(visitor, (self._at_once, now))
        left = min(self._at_once, left + (now - seen) * self._a_second)
        granted = left >= 1.0
        self._left[visitor] = (left - 1.0 if granted else left, now)
        if len(self._left) > VISITORS_MAX:
            self._left.popitem(last=False)
        return 0.0 if granted else (1.0 - left) / self._a_second
