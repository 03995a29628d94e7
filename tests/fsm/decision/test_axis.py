"""Axes: every value of a domain is in one slot, and no mention tells two values of a slot apart."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.decision.axis import Axis
from fsm.decision.domain import Bound, Domain

SMALL = Domain(int, (None,), True, (Bound("≥", 0, int.__ge__), Bound("<", 20, int.__lt__)), 1)
SIGNS = (int.__lt__, int.__le__, int.__eq__, int.__gt__)


@given(st.lists(st.integers(-5, 25), max_size=5))
def test_slots_part_a_domain_so_that_comparisons_agree_with_their_witness(mentions: list[int]) -> None:
    axis = Axis(SMALL, mentions)
    for value in range(20):
        witness = axis.witnesses[axis.slot_of(value)]
        assert all(sign(value, m) is sign(witness, m) for m in mentions for sign in SIGNS)
    assert {axis.slot_of(v) for v in (*range(20), None)} == set(range(len(axis.witnesses)))
    assert all(axis.slot_of(witness) == slot for slot, witness in enumerate(axis.witnesses))


@pytest.mark.parametrize("value", [-1, 20, math.nan, "x"])
def test_values_outside_of_the_domain_have_no_slot(value: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        Axis(SMALL, [7]).slot_of(value)


def test_text_has_a_slot_for_each_mention_and_one_for_the_rest() -> None:
    axis = Axis(Domain(str), ["b", "", "a", "b"])
    assert axis.witnesses == ["", "a", "b", "…"]
    assert (axis.slot_of("a"), axis.slot_of("anything")) == (1, 3)
    with pytest.raises(ValueError, match="3 is outside of str"):
        axis.slot_of(3)
    with pytest.raises(ValueError, match="None is outside of str"):
        axis.slot_of(None)


def test_nan_and_none_are_slots_of_their_own() -> None:
    axis = Axis(Domain(float, (None,), True, nan=True), [1.5])
    assert [axis.slot_of(v) for v in (-math.inf, 1.5, math.inf, None, math.nan)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("mask", "text"),
    [
        (0b1111111, ""),
        (0b0000001, "< 2"),
        (0b0000010, "= 2"),
        (0b0000111, "< 5"),
        (0b0001111, "<= 5"),
        (0b0011000, ">= 5"),
        (0b0010000, "> 5"),
        (0b0100000, "missing"),
        (0b1000010, "= 2 or = nan"),
        (0b0011111, "present"),
        (0b0110101, "< 2 or > 2 and < 5 or > 5 or missing"),
    ],
)
def test_slots_are_told_as_a_person_would(mask: int, text: str) -> None:
    assert Axis(Domain(float, (None,), True, nan=True), [2.0, 5.0]).text(mask).replace(".0", "") == text


def test_the_slots_of_text_are_told() -> None:
    assert Axis(Domain(str), ["a"]).text(0b01) == "= 'a'"
    assert Axis(Domain(str), ["a"]).text(0b10) == "any other text"


def test_a_mask_has_the_slots_that_hold() -> None:
    axis = Axis(Domain(Decimal, line=True), [Decimal(1), Decimal(2)])
    assert axis.mask(lambda value: value >= 2) == 0b11000
