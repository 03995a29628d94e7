"""Conditions without an evaluator."""

from __future__ import annotations

import pytest

from fsm.chart.guard import fold
from fsm.interop.scxml_guard import constant, plain_guard


@pytest.mark.parametrize(
    ("text", "active", "answer"),
    [
        ("In('a')", "a", True),
        ('In("a")', "b", False),
        ("In( a.b-c )", "", False),
        ("!In('a')", "a", False),
        ("not In('a') and In('b')", "b", True),
        ("In('a') && In('b') || In('c')", "c", True),
        ("In('a') && (In('b') || In('c'))", "c", False),
        ("!(In('a') or In('b'))", "", True),
        ("true", "", True),
        ("false || In('a')", "a", True),
        ("true && !false", "", True),
    ],
)
def test_states_are_asked_for(text: str, active: str, answer: bool) -> None:
    guard = plain_guard(text)
    assert guard is not None
    found = fold(guard, lambda state: state in active.split(), lambda predicate: predicate.function)
    assert (found if isinstance(found, bool) else found(None, None)) is answer


@pytest.mark.parametrize(
    "text", ["", "x", "In('a'", "In('a') &&", "In('a') In('b')", "x > 1", "(true", "true)", "In()"]
)
def test_everything_else_is_left_to_an_evaluator(text: str) -> None:
    assert plain_guard(text) is None


def test_a_constant_says_what_it_is() -> None:
    assert [constant(True).label, constant(False).label] == ["true", "false"]
