"""How often one visitor may ask."""

from __future__ import annotations

import pytest

from visualize.dashboard import rates
from visualize.dashboard.rates import Rate


def test_a_bucket_fills_again_by_itself_and_no_further_than_it_is_high() -> None:
    now = [0.0]
    rate = Rate(2, 0.5, lambda: now[0])
    assert [rate.wait("a"), rate.wait("a"), rate.wait("a")] == [0.0, 0.0, 2.0]
    now[0] = 2.0
    assert [rate.wait("a"), rate.wait("a")] == [0.0, 2.0]
    now[0] = 1_000.0
    assert [rate.wait("a") for _ in range(3)] == [0.0, 0.0, 2.0]


def test_visitors_do_not_wait_for_each_other() -> None:
    rate = Rate(1, 1.0, lambda: 0.0)
    assert (rate.wait("a"), rate.wait("b"), rate.wait("a")) == (0.0, 0.0, 1.0)


def test_no_more_visitors_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "VISITORS_MAX", 3)
    rate = Rate(1, 1.0, lambda: 0.0)
    for visitor in "abcd":
        rate.wait(visitor)
    assert len(rate._left) == 3
