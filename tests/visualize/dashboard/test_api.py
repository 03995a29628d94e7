"""What may be asked, in which words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from visualize.dashboard.api import Control, Sending


@pytest.mark.parametrize(
    "data",
    [
        {"id": "a\x00", "event": "Go"},
        {"id": "a" * 201, "event": "Go"},
        {"id": "a", "event": ""},
        {"id": "a", "event": "Go", "payload": []},
        {"id": "a", "event": "Go", "payload": {"a": "\ud800"}},
        {"id": "a", "event": "Go", "payload": {"a": float("nan")}},
        {"id": "\ud800", "event": "Go"},
        {"id": 7, "event": "Go"},
    ],
)
def test_what_cannot_be_written_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Sending.model_validate(data)


@pytest.mark.parametrize("reason", ["", "ok", "    ", " spaces", "two\nlines"])
def test_a_reason_says_something(reason: str) -> None:
    with pytest.raises(ValidationError):
        Control.model_validate({"id": "a", "verb": "retry", "reason": reason})
