"""Spread: lines that meet a state in the same point are moved apart, so that each has an end of its own.

Graphviz aims every line at the middle of a state; two that come from one side then end in one arrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from visualize.plot import Curve, Point, Rectangle
from visualize.score import sampled

GAP, CORNER = 9.0, 10.0
"""Points between two ends, and between an end and a corner."""
FAR = 36.0
"""So many points from its end a line says from where it comes."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of a curve on a side of a state: where along the side, and from where along it the curve comes."""

    key: str
    last: bool
    across: int
    """The coordinate that runs along the side: 0 for x, 1 for y."""
    at: float
    comes: float

    @property
    def straight(self) -> bool:
        """Whether the curve meets the side at a right angle."""
        return abs(self.at - self.comes) < 1


def spread(curves: Mapping[str, Curve], states: Iterable[Rectangle]) -> dict[str, Curve]:
    """The curves with their ends apart."""
    found = dict(curves)
    for state in states:
        for low, high, ends in _sides(found, state):
            for group in _groups(ends):
                for end, at in _places(group, low + CORNER, high - CORNER):
                    found[end.key] = _shifted(found[end.key], end, at - end.at)
    return found


def _sides(curves: Mapping[str, Curve], state: Rectangle) -> Iterator[tuple[float, float, list[End]]]:
    """The ends on each side, with the reach of the side."""
    left, low, right, high = state
    sides: dict[int, list[End]] = {0: [], 1: [], 2: [], 3: []}
    for key, curve in curves.items():
        points = list(sampled(curve.points))
        both = [(False, points[0], points), (True, curve.tip or points[-1], points[::-1])]
        met = [(last, p, way) for last, p, way in both if left - 2 < p[0] < right + 2 and low - 2 < p[1] < high + 2]
        for last, (x, y), way in met if len(met) == 1 else ():
            distances = [abs(x - left), abs(y - low), abs(x - right), abs(y - high)]
            side = distances.index(min(distances))
            across = 1 - side % 2
            away = next((p for p in way if abs(p[0] - x) + abs(p[1] - y) > FAR), way[-1])
            sides[side].append(End(key, last, across, (x, y)[across], away[across]))
    for side, ends in sides.items():
        yield *((low, high) if side % 2 == 0 else (left, right)), ends


def _groups(ends: Iterable[End]) -> Iterator[list[End]]:
    """Those that are too close to one another, in the order in which they come from afar."""
    group: list[End] = []
    for end in sorted(ends, key=lambda e: e.at):
        if group and end.at - group[-1].at > GAP / 2:
            yield sorted(group, key=lambda e: e.comes)
            group = []
        group.append(end)
    yield sorted(group, key=lambda e: e.comes)


def _places(group: Sequence[End], low: float, high: float) -> Iterator[tuple[End, float]]:
    """A place for each of a group; a straight line stays what it is, and the others make room."""
    if len(group) < 2 or high <= low:
        return
    gap = min(GAP, (high - low) / (len(group) - 1))
    fixed = next((i for i, end in enumerate(group) if end.straight and low <= end.at <= high), None)
    middle = sum(end.at for end in group) / len(group)
    first = group[fixed].at - fixed * gap if fixed is not None else middle - gap * (len(group) - 1) / 2
    first = min(max(first, low), high - gap * (len(group) - 1))
    yield from ((end, first + number * gap) for number, end in enumerate(group))


def _shifted(curve: Curve, end: End, by: float) -> Curve:
    def moved(p: Point) -> Point:
        return (p[0] + by, p[1]) if end.across == 0 else (p[0], p[1] + by)

    points = list(curve.points)
    for index in (-1, -2) if end.last else (0, 1):
        points[index] = moved(points[index])
    tip = moved(curve.tip) if end.last and curve.tip else curve.tip
    return replace(curve, points=tuple(points), tip=tip)
