"""The two exceptions that the author of a service has to know."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fsm.service import Retryable, Terminal


def test_a_retryable_failure_says_when() -> None:
    assert Retryable("busy", after="1m30s").after == 90.0
    assert Retryable(after=timedelta(milliseconds=5)).after == 0.005
    assert Retryable().after is None
    with pytest.raises(ValueError, match="'soon' is not a delay"):
        Retryable(after="soon")


def test_both_carry_data() -> None:
    assert Retryable("x", data=[1]).data == [1]
    assert (str(Terminal("never", data={"code": 5})), Terminal("x", data=5).data) == ("never", 5)
