"""Lines: where in its file a frame stands.

`frame.f_lineno` reads the table of lines from its beginning every time; in the body of a large class that would be most
of the work of defining it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import MutableMapping
from types import CodeType, FrameType
from typing import Any

LINES = "__lines__"
"""The key under which a class body keeps its table while it is run."""


def _table(code: CodeType) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where the parts of a code begin, and the line of each."""
    parts = [(start, line or 0) for start, _, line in code.co_lines()]
    return tuple(start for start, _ in parts), tuple(line for _, line in parts)


def line_of_frame(frame: FrameType) -> int:
    """The line that a frame is at; in a class body from a table that is made once.

    >>> import sys
    >>> frame = sys._getframe()
    >>> line_of_frame(frame) == frame.f_lineno
    True
    """
    body: MutableMapping[str, Any] = frame.f_locals
    if "__qualname__" not in body or "__module__" not in body:
        return frame.f_lineno
    if LINES not in body:
        body[LINES] = _table(frame.f_code)
    starts, lines = body[LINES]
    found: int = lines[bisect_right(starts, frame.f_lasti) - 1]
    return found
