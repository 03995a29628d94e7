"""The layout: a drawing placed by an engine in two passes, the best of several tries.

The first pass places everything. The second one moves nothing; it adds what DOT has no word for: the rules under
the titles of composites and the dashed lines between regions, from the boxes that the first pass found.
"""

from __future__ import annotations

import json
from typing import Any

from fsm.chart.state import Kind
from visualize.dot import Direction, dot_source
from visualize.drawing import Drawing
from visualize.engine import Engine
from visualize.theme import Theme

PINNED = ("-Kneato", "-n2")
"""Arguments of the second pass: everything stays where its `pos` says."""

Bounds = tuple[float, float, float, float]
Point = tuple[float, float]


def laid_out(drawing: Drawing, theme: Theme, direction: Direction, engine: Engine) -> str:
    """DOT with all positions and with the added lines, to be run with the arguments PINNED."""
    flips = (False, True) if any(b.kind is Kind.PARALLEL for b in drawing.boxes) else (False,)
    sources = [dot_source(drawing, theme, direction=direction, flip=flip) for flip in flips]
    placed = [json.loads(engine.run(source, "json")) for source in sources]
    costs = [cost(drawing, data, direction) for data in placed]
    best = costs.index(min(costs))
    body = engine.run(sources[best], "dot").decode().rstrip()
    extra = _added(drawing, placed[best], theme, direction)
    return f"{body[:-1]}{extra}}}\n"


def bounds(data: dict[str, Any]) -> dict[int, Bounds]:
    """The rectangles of the composites and regions, by the numbers of their boxes."""
    found = {}
    for thing in data.get("objects", []):
        number = thing["name"].removeprefix("cluster_")
        if thing["name"].startswith("cluster_") and number.isdigit() and "bb" in thing:
            left, low, right, high = (float(x) for x in thing["bb"].split(","))
            found[int(number)] = (left, low, right, high)
    return found


def cost(drawing: Drawing, data: dict[str, Any], direction: Direction) -> float:
    """How bad a layout is: regions out of order, crossings, the length of the lines, an uneven page."""
    boxes, total = bounds(data), 0.0
    for box in drawing.boxes:
        if box.kind is Kind.PARALLEL:
            regions = [boxes[c] for c in box.children if c in boxes]
            at = [b[0] if direction == "TB" else -b[3] for b in regions]
            total += 5000 * sum(a > b for a, b in zip(at, at[1:], strict=False))
    paths = [_points(e["pos"]) for e in data.get("edges", []) if e.get("style") != "invis" and "pos" in e]
    for points in paths:
        total += sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in zip(points, points[1:], strict=False))
    width, height = (float(x) for x in data["bb"].split(",")[2:])
    return total + 0.5 * abs(width - height)


def _points(position: str) -> list[Point]:
    """The control points of a spline; the arrow's tip comes first in Graphviz and is left out."""
    found = []
    for part in position.split():
        if part[0] not in "es":
            x, y = part.split(",")
            found.append((float(x), float(y)))
    return found


def _added(drawing: Drawing, data: dict[str, Any], theme: Theme, direction: Direction) -> str:
    """The rules and separators as pinned edges between invisible points."""
    boxes = bounds(data)
    titles = {t["name"]: t for t in data.get("objects", []) if "lp" in t and "lheight" in t}
    lines: list[str] = []
    for box in drawing.boxes:
        if box.index not in boxes and not (box.index == 0 and box.kind is Kind.PARALLEL):
            continue
        left, low, right, high = boxes.get(box.index) or _page(data, boxes)
        colour = {"active": theme.active, "failed": theme.failure}.get(box.look, theme.nest_line)
        title = titles.get(f"cluster_{box.index}")
        top = high
        if title and box.framed and box.composite:
            top = float(title["lp"].split(",")[1]) - float(title["lheight"]) * 36 - 1.5
            lines.append(_stroke(len(lines), (left, top), (right, top), f'color="{colour}", penwidth="1", class="rule"'))
        if box.kind is Kind.PARALLEL:
            regions = [boxes[c] for c in box.children if c in boxes]
            style = f'color="{colour}", penwidth="1.3", style="dashed", class="separator"'
            for at in _between(regions, direction):
                ends = ((at, top - 1), (at, low + 1)) if direction == "TB" else ((left + 1, at), (right - 1, at))
                lines.append(_stroke(len(lines), *ends, style))
    return "".join(lines)


def _page(data: dict[str, Any], boxes: dict[int, Bounds]) -> Bounds:
    """What a parallel machine covers: all of the page below the title."""
    left, low, right, _ = (float(x) for x in data["bb"].split(","))
    return left, low, right, max((b[3] for b in boxes.values()), default=0.0)


def _between(regions: list[Bounds], direction: Direction) -> list[float]:
    """The middle of each gap between neighbours."""
    if direction == "TB":
        regions = sorted(regions)
        return [(a[2] + b[0]) / 2 for a, b in zip(regions, regions[1:], strict=False)]
    regions = sorted(regions, key=lambda b: -b[3])
    return [(a[1] + b[3]) / 2 for a, b in zip(regions, regions[1:], strict=False)]


def _stroke(number: int, start: Point, end: Point, style: str) -> str:
    ends = ((f"rule{number}a", start), (f"rule{number}b", end))
    points = "".join(
        f'  {name} [label="", shape=point, style=invis, width=0.01, height=0.01, pos="{x:.2f},{y:.2f}"];\n'
        for name, (x, y) in ends
    )
    thirds = [tuple(a + (b - a) * f for a, b in zip(start, end, strict=True)) for f in (0, 1 / 3, 2 / 3, 1)]
    position = " ".join(f"{x:.2f},{y:.2f}" for x, y in thirds)
    return f'{points}  rule{number}a -> rule{number}b [pos="{position}", dir=none, label="", {style}];\n'
