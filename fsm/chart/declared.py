"""A declaration: what a class body says about a machine, before it is compiled."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn, Self, overload

from fsm.chart.line import body_of, file_name, line_in
from fsm.errors import HandlerMisuse

DECLARED = "__declared__"
"""The key under which a class body keeps its declarations, so that an unassigned one is not lost."""


def remember(item: object, frame: FrameType) -> tuple[str, int]:
    """Note in the class body that is being run, if any, that something was declared in it; the file and the line."""
    body = body_of(frame)
    if body is not None:
        body.setdefault(DECLARED, []).append(item)
    return frame.f_code.co_filename, line_in(body, frame)


class Declared:
    """Something declared in a class body; knows the line it stands on, for error messages and links."""

    what: str = "declaration"
    function: Callable[..., Any] | None = None
    name: str = ""
    doubled: bool = False
    used: bool = False

    def __init__(self, depth: int = 2) -> None:
        self.file, self.line = remember(self, sys._getframe(depth))
        self.resolved: dict[str, Any] = {}
        """Annotations as they were understood where the declaration stands, for classes that inherit it."""

    @property
    def where(self) -> str:
        """File and line, for a message."""
        return f"{file_name(self.file)}:{self.line}"

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Callable[..., NoReturn]: ...
    def __get__(self, instance: object, owner: type) -> Self | Callable[..., NoReturn]:
        """The declaration, of a class; a machine that moves has nothing to call here."""
        return self if instance is None else self._called

    def _called(self, *given: object, **more: object) -> NoReturn:
        raise HandlerMisuse(
            f"self.{self.name}(…) was called, and is declared with {self.what} at {self.where}: the machine runs it"
            f" by itself. Put what several handlers need into a method without a decorator, and call that."
        )

    def attach(self, function: Callable[..., Any]) -> None:
        """Remember the decorated function; a second one is reported when the class is made."""
        self.doubled = self.doubled or self.function is not None
        self.function = function


def shown(value: object) -> str:
    """Any value as a message can carry it."""
    try:
        text = repr(value)
    except Exception:  # a message must not fail for the sake of somebody's __repr__
        text = f"a {type(value).__name__}"
    return text if len(text) < 80 else text[:77] + "…"
