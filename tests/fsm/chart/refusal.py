"""Refusals: a function that makes a wrong class, as a test of what it is told."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import pytest

from fsm.errors import DefinitionError


def odd(value: object) -> Any:
    """A value in a place where the type checkers would not let it."""
    return value


def refused(*says: str, count: int = 1) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """The class that the function makes is refused with these texts, each problem with its line, in document order."""

    def decorate(make: Callable[[], None]) -> Callable[[], None]:
        @functools.wraps(make)
        def test() -> None:
            with pytest.raises(DefinitionError) as caught:
                make()
            problems, text = caught.value.problems, str(caught.value)
            assert len(problems) == count, text
            for wanted in says:
                assert wanted in text
            lines = [int(m[1]) for p in problems if (m := re.match(r"\w+\.py:(\d+): ", p))]
            assert len(lines) == count, f"a problem does not say its line: {text}"
            assert lines == sorted(lines)
            first = make.__code__.co_firstlineno
            assert first < lines[0] <= lines[-1] < first + 60
            assert all(re.search(r"[;,:] .{8,}", p.split(": ", 1)[1]) for p in problems), f"no fix: {text}"

        return test

    return decorate
