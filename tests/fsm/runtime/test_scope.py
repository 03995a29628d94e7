"""What an invoke must not do on its own."""

from __future__ import annotations

from typing import Any

import pytest

from fsm.errors import HandlerMisuse
from fsm.runtime.scope import InvokeScope
from tests.fsm.runtime.desk import Add, Counter


def _deaf(value: float, text: str) -> None:
    """Nobody listens."""


@pytest.mark.parametrize(
    ("verb", "values"), [("raise_", (Add(),)), ("send", (Add(), None, None)), ("spawn", (Counter, None, None))]
)
def test_an_invoke_returns_a_result_and_does_nothing_to_the_machine(verb: str, values: tuple[Any, ...]) -> None:
    journal: Any = None
    with pytest.raises(HandlerMisuse, match=verb):
        getattr(InvokeScope("a", "invoke:run#1", journal, _deaf), verb)(*values)


def test_chance_is_the_same_for_the_same_invoke_and_differs_for_another() -> None:
    journal: Any = None
    one, same, other = (InvokeScope("a", cause, journal, _deaf).uuid() for cause in ("i#1", "i#1", "i#2"))
    assert one == same != other
