"""The score of a layout: how hard it is to read, so that of several tries the best can be kept; lower is better."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

from fsm.chart.state import Kind
from visualize.drawing import Drawing

Bounds = tuple[float, float, float, float]
"""Left, low, right, high."""
Point = tuple[float, float]

DISORDER, CROSSING, STRUCK, BORDER = 5000.0, 60.0, 150.0, 200.0
"""In points of line length: a region out of order, two lines that cross, a line or a border through a label."""


def score(drawing: Drawing, data: Mapping[str, Any], direction: str) -> float:
    """How bad the JSON of a layout is."""
    boxes = bounds(data)
    lines = [e for e in data.get("edges", []) if e.get("style") != "invis" and "pos" in e]
    paths = [list(_sampled(e["pos"])) for e in lines]
    texts = [(number, text) for number, e in enumerate(lines) for text in _text(e)]
    total = DISORDER * _disorder(drawing, boxes, direction)
    total += sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for path in paths for a, b in pairwise(path))
    total += CROSSING * sum(_crossings(a, b) for a, b in combinations(paths, 2))
    for number, text in texts:
        total += STRUCK * sum(_through(path, text) for i, path in enumerate(paths) if i != number)
        total += BORDER * sum(_astride(text, box) for box in boxes.values())
    width, height = (float(x) for x in data["bb"].split(",")[2:])
    return total + 0.5 * abs(width - height)


def bounds(data: Mapping[str, Any]) -> dict[int, Bounds]:
    """The rectangles of the composites and regions, by the numbers of their boxes."""
    found = {}
    for thing in data.get("objects", []):
        number = thing["name"].removeprefix("cluster_")
        if thing["name"].startswith("cluster_") and number.isdigit() and "bb" in thing:
            left, low, right, high = (float(x) for x in thing["bb"].split(","))
            found[int(number)] = (left, low, right, high)
    return found


def _disorder(drawing: Drawing, boxes: Mapping[int, Bounds], direction: str) -> int:
    """How many neighbours among the regions are not in the order of their declaration."""
    found = 0
    for box in drawing.boxes:
        if box.kind is Kind.PARALLEL:
            regions = [boxes[c] for c in box.children if c in boxes]
            at = [b[0] if direction == "TB" else -b[3] for b in regions]
            found += sum(a > b for a, b in pairwise(at))
    return found


def _sampled(position: str) -> Iterator[Point]:
    """Points on a spline, three for each of its cubic pieces; the arrows' tips are left out."""
    points = []
    for part in position.split():
        if part[0] not in "es":
            x, y = part.split(",")
            points.append((float(x), float(y)))
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


def _astride(text: Bounds, box: Bounds) -> bool:
    """Whether the border of a box runs through a label."""
    inside = box[0] <= text[0] and text[2] <= box[2] and box[1] <= text[1] and text[3] <= box[3]
    return not inside and not _apart(text, box)
