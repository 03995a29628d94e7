"""Retry: how often a call that failed is made again, and when."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from fsm.chart.delay import Delay, delay_ms
from fsm.errors import PolicyInvalid
from fsm.service.failure import Retryable, Terminal

Kind = type[BaseException] | str
"""A class of exceptions, or the kind of a recorded failure: the name of such a class."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before a further attempt: `first`, then `factor` times as long each time, at most `longest`.

    >>> [Backoff("1s", longest="5s").delay(attempt) for attempt in (1, 2, 3, 4)]
    [1.0, 2.0, 4.0, 5.0]

    Raises PolicyInvalid with everything that is wrong.
    """

    first: Delay = "1s"
    factor: float = 2.0
    longest: Delay = "1m"

    def __post_init__(self) -> None:
        problems = [*_delay_problems("first", self.first), *_delay_problems("longest", self.longest)]
        if not _is_number(self.factor) or not 1 <= self.factor < math.inf:
            problems.append(f"factor={self.factor!r} is not a number of 1 or more")
        if not problems and delay_ms(self.first) > delay_ms(self.longest):
            problems.append(f"first={self.first!r} is longer than longest={self.longest!r}")
        if problems:
            raise PolicyInvalid("Backoff", problems)

    def delay(self, attempt: int) -> float:
        """Seconds to wait when this attempt, counted from 1, has failed."""
        longest = delay_ms(self.longest) / 1000
        try:
            return min(longest, delay_ms(self.first) / 1000 * self.factor ** (attempt - 1))
        except OverflowError:
            return longest


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a call may be made, and when again.

    `jitter` is the part of each delay, from 0 to 1, that chance may take off, so that calls that failed together do
    not come back together. Within `budget`, counted from the first attempt, the last one must begin. `on` and `not_on`
    say which failures are repeated, by exception class or by kind; without them all are, but for `Terminal`.

    >>> retry = Retry(3, backoff="2s", jitter=0.5, on=(TimeoutError, "Busy"))
    >>> retry.delay(1, 0.0), retry.delay(2, 1.0)
    (2.0, 2.0)
    >>> retry.repeats("Busy"), retry.repeats("CardDeclined")
    (True, False)

    Raises PolicyInvalid with everything that is wrong.
    """

    attempts: int = 3
    backoff: Backoff | Delay = field(default_factory=Backoff)
    jitter: float = 0.1
    budget: Delay | None = None
    on: Kind | Iterable[Kind] = ()
    not_on: Kind | Iterable[Kind] = ()

    def __post_init__(self) -> None:
        problems = []
        if not isinstance(self.attempts, int) or isinstance(self.attempts, bool) or self.attempts < 1:
            problems.append(f"attempts={self.attempts!r} is not a whole number of 1 or more")
        if not _is_number(self.jitter) or not 0 <= self.jitter <= 1:
            problems.append(f"jitter={self.jitter!r} is not a number from 0 to 1")
        if self.budget is not None:
            problems += _delay_problems("budget", self.budget)
        if not isinstance(self.backoff, Backoff):
            wrong = _delay_problems("backoff", self.backoff)
            problems += wrong
            if not wrong:  # a delay alone is that of the first attempt
                longest = max(delay_ms(self.backoff), delay_ms(Backoff().longest))
                object.__setattr__(self, "backoff", Backoff(f"{delay_ms(self.backoff)}ms", longest=f"{longest}ms"))
        for name in ("on", "not_on"):
            given = getattr(self, name)
            kinds = tuple(given) if isinstance(given, (tuple, list, set, frozenset)) else (given,)
            object.__setattr__(self, name, kinds)
            problems += [
                f"{name}={kind!r} is neither an exception class nor the name of a kind"
                for kind in kinds
                if not (isinstance(kind, str) and kind) and not _is_exception(kind)
            ]
        if problems:
            raise PolicyInvalid("Retry", problems)

    @property
    def budget_seconds(self) -> float | None:
        """Within how many seconds of the first attempt the last one must begin."""
        return None if self.budget is None else delay_ms(self.budget) / 1000

    def delay(self, attempt: int, chance: float) -> float:
        """Seconds to wait when this attempt, counted from 1, has failed; `chance` is from 0 to 1."""
        assert isinstance(self.backoff, Backoff)
        return self.backoff.delay(attempt) * (1 - self.jitter * chance)

    def repeats(self, kind: str, problem: BaseException | None = None) -> bool:
        """Whether a failure of this kind is worth another attempt."""
        if isinstance(problem, Terminal):
            return False
        if isinstance(problem, Retryable):
            return True
        assert isinstance(self.on, tuple)
        assert isinstance(self.not_on, tuple)
        if any(_is_of(kind, problem, one) for one in self.not_on):
            return False
        return not self.on or any(_is_of(kind, problem, one) for one in self.on)


def _is_of(kind: str, problem: BaseException | None, wanted: Kind) -> bool:
    if isinstance(wanted, str):
        return kind == wanted
    return isinstance(problem, wanted) or kind == wanted.__name__


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_exception(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseException)


def _delay_problems(name: str, value: Delay) -> list[str]:
    try:
        delay_ms(value)
    except ValueError as problem:
        return [f"{name}: {problem}"]
    return []
