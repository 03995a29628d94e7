"""Progress: how far an invoke says that it has come; news, not part of any snapshot."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime

from fsm.errors import HandlerMisuse
from fsm.limits import PROGRESS_CHARS_MAX


@dataclass(frozen=True, slots=True)
class Progress:
    """What an invoke told last: a fraction or any other number, a text, and when that was (UTC)."""

    value: float
    text: str
    at: datetime


def progress_text(value: float, text: str, at: float) -> str:
    """What is told, as it is kept; a long text is cut. Raises HandlerMisuse."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise HandlerMisuse(f"self.progress({value!r}): tell a number, such as the fraction that is done")
    return json.dumps({"value": value, "text": str(text)[:PROGRESS_CHARS_MAX], "at": at})


def progress_of(told: str) -> Progress:
    """What was told.

    >>> progress_of(progress_text(0.5, "half", 0.0)).text
    'half'
    """
    data = json.loads(told)
    return Progress(data["value"], data["text"], datetime.fromtimestamp(data["at"], UTC))
