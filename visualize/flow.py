"""The flow of a picture: which lines run against the reading direction, so that ranks come from the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arc:
    """A line between two siblings: the box around them, and its two children at the ends."""

    around: int
    source: int
    target: int


def against_the_flow(arcs: Sequence[Arc | None], initials: Mapping[int, Iterable[int]]) -> frozenset[int]:
    """The positions of the arcs that lead back to where the flow came from.

    The flow starts at the initial children, to which every arc leads back, and follows the arcs to the earliest
    sibling of the document first; an arc to a box that is still being followed closes a circle, hence leads back.
    What is left has no circle.
    """
    back: set[int] = set()
    for around in sorted({a.around for a in arcs if a}):
        mine = [(i, a) for i, a in enumerate(arcs) if a and a.around == around]
        back |= _closing(mine, list(initials.get(around, ())))
    return frozenset(back)


def _closing(arcs: list[tuple[int, Arc]], initial: list[int]) -> set[int]:
    leaving: dict[int, list[tuple[int, int]]] = {}
    for i, arc in arcs:
        leaving.setdefault(arc.source, []).append((arc.target, i))
    for ends in leaving.values():
        ends.sort()
    back = {i for i, arc in arcs if arc.target in initial and arc.source not in (arc.target, *initial)}
    done: set[int] = set()
    for start in [*initial, *sorted(leaving)]:
        if start not in done:
            _follow(start, leaving, done, back)
    return back


def _follow(start: int, leaving: dict[int, list[tuple[int, int]]], done: set[int], back: set[int]) -> None:
    """Depth first with an explicit stack: a chain of a thousand states must not meet the recursion limit."""
    open_now = {start}
    stack = [(start, iter(leaving.get(start, ())))]
    while stack:
        state, ends = stack[-1]
        target, index = next(ends, (-1, -1))
        if target < 0:
            stack.pop()
            open_now.discard(state)
            done.add(state)
        elif target in open_now:
            if target != state:
                back.add(index)
        elif target not in done:
            open_now.add(target)
            stack.append((target, iter(leaving.get(target, ()))))
