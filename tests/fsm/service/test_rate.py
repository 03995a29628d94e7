"""No stretch of time sees more calls begin than the rate says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.service.rate import Rate, Window


@pytest.mark.parametrize("text", ["", "10", "/s", "0/s", "10/", "10/0s", "10/year", "-1/s", "ten/s", "1.5/s"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a rate"):
        Rate.read(text)


def test_a_rate_has_a_number_and_a_time() -> None:
    assert [Rate.read(t) for t in ("1/ms", " 5 / 2m ", "3/h")] == [Rate(1, 0.001), Rate(5, 120.0), Rate(3, 3600.0)]


@given(count=st.integers(1, 5), seconds=st.integers(1, 20), waits=st.lists(st.integers(0, 10), min_size=1, max_size=40))
def test_calls_begin_in_order_and_never_too_many_in_any_stretch(count: int, seconds: int, waits: list[int]) -> None:
    window, now, begun = Window(Rate(count, float(seconds))), 0.0, list[float]()
    for wait in waits:
        now += wait
        begun.append(window.reserve(now))
        assert begun[-1] >= now
    assert begun == sorted(begun)
    assert all(late - early >= seconds for early, late in zip(begun, begun[count:], strict=False))
