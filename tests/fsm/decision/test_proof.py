"""Proofs: what is said of boxes is what counting every single case says."""

from __future__ import annotations

from itertools import product
from random import Random
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.decision import proof
from fsm.decision.proof import Box, ProofTooLong, common, gaps, holes, overlaps, size

WHOLE = (0b1111, 0b111, 0b11)
BOXES = st.lists(st.tuples(*(st.integers(1, slots) for slots in WHOLE)), max_size=8)


def cases(box: Box) -> set[tuple[int, ...]]:
    return set(product(*([n for n in range(8) if slots >> n & 1] for slots in box)))


def halves(whole: Box, count: int, random: Random) -> list[Box]:
    """A space cut in two, and each part of it again: nothing is left, nothing is there twice."""
    boxes = [whole]
    while len(boxes) < count:
        box = boxes.pop(random.randrange(len(boxes)))
        axis = random.choice([n for n, slots in enumerate(box) if slots.bit_count() > 1] or [0])
        bits = [1 << n for n in range(box[axis].bit_length()) if box[axis] >> n & 1]
        low = sum(bits[: random.randrange(1, len(bits))]) if len(bits) > 1 else 0
        for part in (low, box[axis] & ~low):
            if part:
                boxes.append((*box[:axis], part, *box[axis + 1 :]))
    return boxes


@given(BOXES)
def test_gaps_are_what_no_rule_covers_and_told_once(rules: list[Box]) -> None:
    found = [cases(gap) for gap in gaps(WHOLE, rules)]
    assert set().union(*found) == cases(WHOLE) - set().union(*map(cases, rules))
    assert sum(map(len, found)) == len(set().union(*found))


@given(BOXES)
def test_holes_are_what_no_rule_covers_as_large_as_can_be(rules: list[Box]) -> None:
    free = cases(WHOLE) - set().union(*map(cases, rules))
    found = list(holes(WHOLE, rules))
    assert set().union(*map(cases, found)) == free
    for hole in found:
        for axis, slots in enumerate(WHOLE):
            more = [1 << n for n in range(8) if (slots & ~hole[axis]) >> n & 1]
            assert not any(cases((*hole[:axis], bit, *hole[axis + 1 :])) <= free for bit in more)


@given(BOXES)
def test_overlaps_are_the_pairs_that_share_a_case(rules: list[Box]) -> None:
    expected = [
        (i, j, cases(one) & cases(other))
        for i, one in enumerate(rules)
        for j, other in enumerate(rules[i + 1 :], i + 1)
        if cases(one) & cases(other)
    ]
    assert [(i, j, cases(shared)) for i, j, shared in overlaps(rules)] == expected


@given(st.randoms(use_true_random=False), st.integers(1, 12), st.booleans())
def test_counting_finds_the_gap_of_rules_that_are_apart(random: Random, count: int, lose: bool) -> None:
    rules = halves(WHOLE, count, random)
    lost = rules.pop() if lose else None
    assert not list(overlaps(rules))
    found = [cases(gap) for gap in gaps(WHOLE, rules, apart=True)]
    assert set().union(*found) == (cases(lost) if lost else set())


def test_a_box_has_as_many_cases_as_its_sides_multiply_to() -> None:
    assert size(WHOLE) == 24
    assert common((0b1, 0b1), (0b1, 0b10)) is None


def test_ten_columns_and_two_hundred_rules_are_proven_in_a_moment() -> None:
    rules = halves(((1 << 40) - 1,) * 10, 200, Random(3))
    Random(4).shuffle(rules)
    began = process_time()
    assert not list(overlaps(rules))
    assert next(gaps(((1 << 40) - 1,) * 10, rules, apart=True), None) is None
    assert next(gaps(((1 << 40) - 1,) * 10, rules[:-1], apart=True), None) is not None
    assert process_time() - began < 1


def test_a_proof_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "PROOF_STEPS_MAX", 3)
    with pytest.raises(ProofTooLong):
        list(gaps((0b11,) * 6, [tuple(1 << (i == j) for j in range(6)) for i in range(6)]))
