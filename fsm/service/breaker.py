"""Circuit breaker: a service that fails again and again is left alone for a while.

closed ──failures in a row──▶ open ──after a while──▶ half open ──the one trial succeeds──▶ closed
                                ▲                         └──it fails──▶ open
                                └─────────────────────────────┘
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from fsm.chart.delay import Delay, delay_ms
from fsm.errors import PolicyInvalid


@dataclass(frozen=True, slots=True)
class Breaker:
    """When to leave a method alone: after so many failures in a row, for so long; then one call tries it.

    While it is left alone calls go to their fallback; those without one wait. No attempt is spent on it.
    Raises PolicyInvalid.
    """

    failures: int = 5
    pause: Delay = "30s"

    def __post_init__(self) -> None:
        problems = []
        if not isinstance(self.failures, int) or isinstance(self.failures, bool) or self.failures < 1:
            problems.append(f"failures={self.failures!r} is not a whole number of 1 or more")
        try:
            delay_ms(self.pause)
        except ValueError as problem:
            problems.append(f"pause: {problem}")
        if problems:
            raise PolicyInvalid("Breaker", problems)


class Circuit:
    """The state of a breaker; the time is passed in.

    >>> circuit = Circuit(Breaker(failures=2, pause="30s"))
    >>> circuit.failed(now=0.0); circuit.failed(now=1.0); circuit.opens(now=1.0)
    31.0
    >>> circuit.opens(now=31.0), circuit.enter(), circuit.opens(now=31.0)
    (None, True, inf)
    >>> circuit.succeeded(); circuit.opens(now=31.0)
    """

    def __init__(self, breaker: Breaker) -> None:
        self._limit, self._pause = breaker.failures, delay_ms(breaker.pause) / 1000
        self._failures = 0
        self._until: float | None = None
        self._trying = False

    def opens(self, now: float) -> float | None:
        """When a call may pass: None for at once, infinity for when the trial has ended."""
        if self._until is None:
            return None
        if now < self._until:
            return self._until
        return math.inf if self._trying else None

    def enter(self) -> bool:
        """A call passes; whether it is the trial of a half-open circuit."""
        self._trying = self._until is not None
        return self._trying

    def succeeded(self) -> None:
        """The service has answered."""
        self._failures, self._until, self._trying = 0, None, False

    def failed(self, now: float) -> None:
        """The service has failed."""
        self._failures += 1
        if self._trying or (self._until is None and self._failures >= self._limit):
            self._until = now + self._pause
        self._trying = False

    def withdrawn(self) -> None:
        """A call was taken back before anybody knew."""
        self._trying = False
