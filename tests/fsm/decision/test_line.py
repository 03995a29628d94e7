"""Between two points there is a value exactly if there is one, and it is really between them."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.decision.domain import Domain
from fsm.decision.line import value_at, value_between

INT = Domain(int, line=True, step=1)
FIVES = Domain(int, line=True, step=5)
FLOAT = Domain(float, line=True)
DENSE = Domain(Decimal, line=True)
CENTS = Domain(Decimal, line=True, step=Decimal("0.01"))
DAY = Domain(date, line=True, step=timedelta(days=1))
TIME = Domain(datetime, line=True, step=timedelta(microseconds=1), aware=True)


@given(st.integers(-30, 30), st.integers(1, 30), st.integers(1, 7))
def test_ints_have_neighbours(low: int, more: int, step: int) -> None:
    found = value_between(Domain(int, line=True, step=step), low, low + more)
    between = [n for n in range(low + 1, low + more) if n % step == 0]
    assert found in between if between else found is None


@given(st.decimals(-50, 50, places=3), st.integers(1, 40))
def test_decimals_of_fixed_places_have_neighbours(low: Decimal, more: int) -> None:
    high = low + Decimal(more) / 1000
    found = value_between(CENTS, low, high)
    cents = [Decimal(n) / 100 for n in range(-5100, 5100) if low < Decimal(n) / 100 < high]
    assert found in cents if cents else found is None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=40), st.integers(1, 9))
def test_other_decimals_are_dense(low: Decimal, digit: int) -> None:
    high = Decimal(f"{low}{digit}")  # longer than the usual context is precise
    if low < high:
        found = value_between(DENSE, low, high)
        assert low < found < high


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_floats_have_those_of_the_machine(low: float, high: float) -> None:
    found = value_between(FLOAT, low, high)
    if math.nextafter(low, math.inf) < high:
        assert low < found < high
    else:
        assert found is None


@pytest.mark.parametrize(
    ("domain", "low", "high", "found"),
    [
        (INT, None, 300, 299),
        (INT, 300, None, 301),
        (INT, None, None, 0),
        (INT, 10**30, 10**30 + 2, 10**30 + 1),
        (FIVES, -7, None, -5),
        (FIVES, None, -7, -10),
        (FLOAT, None, -math.inf, None),
        (FLOAT, math.inf, None, None),
        (FLOAT, None, 300.0, 0.0),
        (FLOAT, -math.inf, None, 0.0),
        (DENSE, None, Decimal("2.5"), Decimal(2)),
        (DENSE, None, None, Decimal(0)),
        (DENSE, Decimal(1), Decimal(1) + Decimal("1E-20"), Decimal("1.000000000000000000005")),
        (CENTS, Decimal("1E+40"), None, Decimal("1" + "0" * 40 + ".01")),
        (DAY, date.max, None, None),
        (DAY, None, date.min, None),
        (DAY, date(2026, 2, 28), date(2026, 3, 1), None),
        (DAY, None, None, date(2000, 1, 1)),
        (TIME, None, None, datetime(2000, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_ends_of_the_line(domain: Domain, low: Any, high: Any, found: Any) -> None:
    assert value_between(domain, low, high) == found


def test_a_point_may_have_no_value() -> None:
    assert value_at(FIVES, 7) is None
    assert value_at(CENTS, Decimal("0.005")) is None
    assert value_at(CENTS, Decimal("0.05")) == Decimal("0.05")
    assert type(value_at(FLOAT, 3)) is float
