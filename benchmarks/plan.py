"""The plan engine: what a state machine in pure Python can hope for; a floor, not a library.

Guards, the calls on the way and the next state are worked out ahead, for each leaf and event; one leaf for each region.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Told = tuple[str, Any]
Call = Callable[[Any, Told], object]
Row = tuple[Callable[[Any, Told], bool] | None, Sequence[Call], Sequence[Call], str]
"""Guard, calls before the move, calls after it, next leaf."""


class Plan:
    """One machine: events run to completion, one after the other."""

    __slots__ = ("busy", "ctx", "leaves", "queue", "rows")

    def __init__(self, rows: Mapping[str, Mapping[str, Sequence[Row]]], leaves: Sequence[str], ctx: Any = None) -> None:
        self.rows, self.leaves, self.ctx = rows, list(leaves), ctx
        self.queue: list[Told] = []
        self.busy = False

    def send(self, event: str, payload: Any = None) -> None:
        """Take an event and all that it leads to."""
        self.queue.append((event, payload))
        if self.busy:
            return
        self.busy = True
        ctx, rows, leaves = self.ctx, self.rows, self.leaves
        try:
            while self.queue:
                told = self.queue.pop(0)
                for region, leaf in enumerate(leaves):
                    for guard, before, after, following in rows[leaf].get(told[0], ()):
                        if guard is None or guard(ctx, told):
                            for call in before:
                                call(ctx, told)
                            leaves[region] = following
                            for call in after:
                                call(ctx, told)
                            break
        finally:
            self.busy = False
