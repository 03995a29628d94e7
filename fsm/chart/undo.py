"""Undo: how something that a machine has done is taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fsm.chart.declared import Declared


class Undo(Declared):
    """What `@charge.undo` makes: the reverse of an invoke or of the action of an edge; a `compensate` state runs it."""

    what = "undo"

    def __init__(self, subject: Declared, function: Callable[..., Any]) -> None:
        super().__init__(3)
        self.subject = subject
        self.attach(function)
