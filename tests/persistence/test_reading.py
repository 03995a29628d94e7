"""Reading through the gate: a store that is not open says so, whatever it is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from fsm.errors import StoreError
from persistence import SQLStore

pytestmark = pytest.mark.anyio

QUESTIONS: tuple[Callable[[SQLStore], Awaitable[object]], ...] = (
    lambda store: store.load("a"),
    lambda store: store.load_many(["a"]),
    lambda store: store.due("w", 1.0),
    lambda store: store.next_due("w"),
    lambda store: store.delayed_due("w", 0.0, 1.0),
    lambda store: store.accepted("a", "r"),
    lambda store: store.calls("a", "c"),
    lambda store: store.find_key("a", "k"),
    lambda store: store.now(),
    lambda store: store.find(),
    lambda store: store.history("a"),
    lambda store: store.calls_of("a"),
    lambda store: store.incidents(),
)


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_store_that_is_not_open_answers_nothing(
    question: Callable[[SQLStore], Awaitable[object]], tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match="not open"):
        await question(SQLStore(tmp_path / "fsm.db"))
