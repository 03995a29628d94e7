"""Decisions: values that are written and read as they are."""

from __future__ import annotations

from enum import Enum

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from fsm.decision import Decision


class Grade(Enum):
    A = "a"


def test_a_decision_is_read_as_it_was_written() -> None:
    made: Decision[Grade] = Decision(output=Grade.A, version="1f", rows=("grade:1",))
    read = TypeAdapter(Decision[Grade]).validate_json(to_json(made))
    assert read == made
    assert read.output is Grade.A


def test_a_decision_does_not_change() -> None:
    with pytest.raises(ValidationError):
        Decision[int](output=1, version="", rows=()).output = 2
