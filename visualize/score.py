"""The score of a layout: how hard it is to read, so that of several tries the best can be kept; lower is better."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any, NamedTuple

Bounds = tuple[float, float, float, float]
"""Left, low, right, high."""
Point = tuple[float, float]

CROSSING, STRUCK, NEAR = 60.0, 150.0, 40.0
"""In points of line length: two lines that cross, a line through a label, a label on another one."""


class Score(NamedTuple):
    """How bad a layout is: where lines and texts get into each other's way, and how long the lines are."""

    tangles: float
    length: float


def score(data: Mapping[str, Any]) -> Score:
    """The score of the JSON of a layout."""
    lines = [e for e in data.get("edges", []) if e.get("style") != "invis" and "pos" in e]
    paths = [list(sampled(_points(e["pos"]))) for e in lines]
    texts = [(number, text) for number, e in enumerate(lines) for text in _text(e)]
    length = sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for path in paths for a, b in pairwise(path))
    tangles = CROSSING * sum(_crossings(a, b) for a, b in combinations(paths, 2))
    for number, text in texts:
        tangles += STRUCK * sum(_through(path, text) for i, path in enumerate(paths) if i != number)
    tangles += NEAR * sum(not _apart(a, b) for (_, a), (_, b) in combinations(texts, 2))
    width, height = (float(x) for x in data["bb"].split(",")[2:])
    return Score(tangles, length + 0.5 * (width + height))


def _points(position: str) -> list[Point]:
    """The control points of a spline; the arrows' tips are left out."""
    pairs = [part.split(",") for part in position.split() if part[0] not in "es"]
    return [(float(x), float(y)) for x, y in pairs]


def sampled(points: Sequence[Point]) -> Iterator[Point]:
    """Points on a spline, three for each of its cubic pieces."""
    yield points[0]
    for a, b, c, d in zip(points[0::3], points[1::3], points[2::3], points[3::3], strict=False):
        for t in (1 / 3, 2 / 3, 1.0):
            u = 1 - t
            w = (u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t)
            yield (
                sum(k * p[0] for k, p in zip(w, (a, b, c, d), strict=True)),
                sum(k * p[1] for k, p in zip(w, (a, b, c, d), strict=True)),
            )


def _text(edge: Mapping[str, Any]) -> Iterator[Bounds]:
    """The rectangle that an edge's label really covers."""
    size, found = 9.5, []
    for step in edge.get("_ldraw_", ()):
        if step["op"] == "F":
            size = float(step["size"])
        elif step["op"] == "T":
            x, y, width = step["pt"][0], step["pt"][1], step["width"]
            left = x - {"l": 0.0, "c": width / 2, "r": width}[step["align"]]
            found.append((left, y - 0.2 * size, left + width, y + 0.75 * size))
    if found:
        lefts, lows, rights, highs = zip(*found, strict=True)
        yield min(lefts), min(lows), max(rights), max(highs)


def _crossings(one: Sequence[Point], other: Sequence[Point]) -> int:
    if _apart(_around(one), _around(other)):
        return 0
    return sum(_cross(a, b, c, d) for a, b in pairwise(one) for c, d in pairwise(other))


def _around(path: Sequence[Point]) -> Bounds:
    xs, ys = [p[0] for p in path], [p[1] for p in path]
    return min(xs), min(ys), max(xs), max(ys)


def _apart(one: Bounds, other: Bounds) -> bool:
    return one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether two pieces cross; ends that meet do not count, lines of one state often start together."""

    def side(p: Point, q: Point, r: Point) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


def _through(path: Sequence[Point], text: Bounds) -> bool:
    """Whether a line runs through a label."""
    if _apart(_around(path), text):
        return False
    left, low, right, high = text
    corners = ((left, low), (right, high)), ((left, high), (right, low))
    return any(_cross(a, b, *diagonal) for a, b in pairwise(path) for diagonal in corners)
