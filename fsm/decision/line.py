"""The line of an ordered domain: which values lie on it, and which lie between two points.

A gap is empty only if it is proved to be: ints, dates and decimals of fixed places have neighbours at a distance,
floats have those of the machine, and other decimals lie dense.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any

from fsm.decision.domain import Domain

_WIDE = 1_000


def value_at(domain: Domain, point: Any) -> Any:
    """The value of the domain at a point, or None where it has none.

    >>> value_at(Domain(int, line=True, step=5), 15.0), value_at(Domain(int, line=True, step=5), 0.5)
    (15, None)
    """
    if domain.kind is int:
        found: Any = int(point) if point == math.floor(point) and point % domain.step == 0 else None
    elif domain.kind is Decimal and domain.step is not None:
        found = Decimal(point)
        found = found if _exact(found, domain.step).remainder(found, domain.step) == 0 else None
    else:
        found = domain.kind(point) if domain.kind in (float, Decimal) else point
    return found if found is not None and domain.holds(found) else None


def value_between(domain: Domain, low: Any, high: Any) -> Any:
    """A value between two points, both left out and None for no limit; None where there is no value.

    >>> value_between(Domain(int, line=True, step=1), 2, 3) is None
    True
    >>> value_between(Domain(Decimal, line=True), Decimal(2), Decimal(3))
    Decimal('2.5')
    """
    for found in _guesses(domain, low, high):
        if (low is None or low < found) and (high is None or found < high):
            return found if domain.holds(found) else None
    return None


def _guesses(domain: Domain, low: Any, high: Any) -> Iterator[Any]:
    """Values to try, pleasant ones first; one of them fits unless there is none."""
    if low is None and high is None:
        yield _zero(domain)
    elif domain.kind is float:
        yield from _floats(low, high)
    elif domain.kind is Decimal:
        yield from _decimals(domain.step, low, high)
    elif domain.kind is int:
        step = domain.step
        yield int(low // step * step + step if low is not None else -(-high // step) * step - step)
    else:
        try:
            yield low + domain.step if low is not None else high - domain.step
        except OverflowError:  # the end of the calendar
            return


def _zero(domain: Domain) -> Any:
    if domain.kind is datetime:
        return datetime(2000, 1, 1, tzinfo=UTC) if domain.aware else datetime.fromisoformat("2000-01-01")
    return date(2000, 1, 1) if domain.kind is date else domain.kind(0)


def _floats(low: float | None, high: float | None) -> Iterator[float]:
    yield 0.0
    if low is not None and abs(low) < _WIDE:
        yield math.floor(low) + 1.0
    if high is not None and abs(high) < _WIDE:
        yield math.ceil(high) - 1.0
    if low is not None and high is not None:
        yield low / 2 + high / 2
    yield math.nextafter(low, math.inf) if low is not None else math.nextafter(float(high or 0), -math.inf)


def _decimals(step: Decimal | None, low: Any, high: Any) -> Iterator[Decimal]:
    one = step or Decimal(1)
    ends = [Decimal(end) for end in (low, high) if end is not None]
    exact = _exact(one, *ends)
    whole = exact.divide(ends[0], one).to_integral_value(ROUND_FLOOR if low is not None else ROUND_CEILING)
    near, away = exact.multiply(whole, one), one if low is not None else -one
    yield from (exact.add(near, away), exact.add(near, away + away))  # the quotient may have been rounded
    if step is None and len(ends) == 2:
        yield exact.divide(exact.add(*ends), Decimal(2))


def _exact(*numbers: Decimal) -> Context:
    """A context in which sums and halves of the numbers are not rounded."""
    highest = max(number.adjusted() for number in numbers)
    lowest = min(int(number.as_tuple().exponent) for number in numbers)
    return Context(prec=highest - lowest + 10, Emax=MAX_EMAX, Emin=MIN_EMIN)
