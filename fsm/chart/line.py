"""Lines: where in its file something stands.

`frame.f_lineno` reads the table of lines from its beginning every time; in the body of a large class that would be most
of the work of defining it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import MutableMapping
from functools import lru_cache
from inspect import CO_OPTIMIZED
from pathlib import PurePath
from types import CodeType, FrameType
from typing import Any

LINES = "__lines__"
"""The key under which a class body keeps its table while it is run."""


def _table(code: CodeType) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where the parts of a code begin, and the line of each."""
    parts = [(start, line or 0) for start, _, line in code.co_lines()]
    return tuple(start for start, _ in parts), tuple(line for _, line in parts)


def body_of(frame: FrameType) -> MutableMapping[str, Any] | None:
    """The names of the class body that a frame runs; None when it runs something else."""
    if frame.f_code.co_flags & CO_OPTIMIZED:  # a function, whose names would have to be copied
        return None
    names: MutableMapping[str, Any] = frame.f_locals
    return names if "__qualname__" in names and "__module__" in names else None


def line_of_frame(frame: FrameType) -> int:
    """The line that a frame is at.

    >>> import sys
    >>> frame = sys._getframe()
    >>> line_of_frame(frame) == frame.f_lineno
    True
    """
    return line_in(body_of(frame), frame)


def line_in(body: MutableMapping[str, Any] | None, frame: FrameType) -> int:
    """The same; in a class body, if it is one, from a table that is made once."""
    if body is None:
        return frame.f_lineno
    if LINES not in body:
        body[LINES] = _table(frame.f_code)
    starts, lines = body[LINES]
    found: int = lines[bisect_right(starts, frame.f_lasti) - 1]
    return found


@lru_cache(maxsize=256)
def file_name(path: str) -> str:
    """The last part of a path.

    >>> file_name("/srv/orders.py")
    'orders.py'
    """
    return PurePath(path).name
