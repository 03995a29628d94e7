"""The layout: a drawing placed by an engine in two passes, the best of several tries.

The first pass places everything. The second one moves nothing; it adds what DOT has no word for: the rules under
the titles of composites and the dashed lines between regions, from the boxes that the first pass found.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

from fsm.chart.state import Kind
from visualize.dot import Direction, Variant, dot_source
from visualize.drawing import Drawing
from visualize.engine import Engine
from visualize.score import Bounds, Point, bounds, score
from visualize.theme import Theme

PINNED = ("-Kneato", "-n2")
"""Arguments of the second pass: everything stays where its `pos` says."""

_NAME_AT = re.compile(r"(subgraph cluster_name_(\d+) \{\s*graph \[[^\]]*?\blp=\")[-\d.e+]+,", re.DOTALL)
LARGE = 120
"""Boxes from which on every further try would be felt."""


def laid_out(drawing: Drawing, theme: Theme, direction: Direction, engine: Engine) -> str:
    """DOT with all positions and with the added lines, to be run with the arguments PINNED."""
    best: tuple[float, str, dict[str, Any]] | None = None
    for variant in _variants(drawing):
        source = dot_source(drawing, theme, direction=direction, variant=variant)
        data = json.loads(engine.run(source, "json"))
        found = (score(drawing, data, direction), source, data)
        best = found if best is None or found[0] < best[0] else best
    assert best is not None
    body = _centred(engine.run(best[1], "dot").decode().rstrip(), best[2])
    return f"{body[:-1]}{_added(drawing, best[2], theme, direction)}}}\n"


def _variants(drawing: Drawing) -> list[Variant]:
    """The tries: few, as each costs a layout, and fewer for a large chart."""
    flips = (False, True) if any(b.kind is Kind.PARALLEL for b in drawing.boxes) else (False,)
    loops = any(x.route == "loop" and not drawing.boxes[x.source].composite for x in drawing.lines)
    tries = [
        Variant(flip, reverse, across)
        for across in (("e", "w") if loops else ("e",))
        for reverse in (False, True)
        for flip in flips
    ]
    return tries if len(drawing.boxes) <= LARGE else tries[: len(flips)]


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
            rule = f'color="{colour}", penwidth="1", class="rule"'
            lines.append(_stroke(len(lines), (left, top), (right, top), rule))
        if box.kind is Kind.PARALLEL:
            regions = [boxes[c] for c in box.children if c in boxes]
            style = f'color="{colour}", penwidth="1.3", style="dashed", class="separator"'
            for at in _between(regions, direction):
                ends = ((at, top - 1), (at, low + 1)) if direction == "TB" else ((left + 1, at), (right - 1, at))
                lines.append(_stroke(len(lines), *ends, style))
    return "".join(lines)


def _centred(body: str, data: dict[str, Any]) -> str:
    """The names of finals below the middle of their bullseyes: dot widens a cluster for its label on one side."""
    middles = {t["name"]: t["pos"].split(",")[0] for t in data.get("objects", []) if "pos" in t}

    def moved(match: re.Match[str]) -> str:
        return f"{match[1]}{middles[f's{match[2]}']},"

    return _NAME_AT.sub(moved, body)


def _page(data: dict[str, Any], boxes: dict[int, Bounds]) -> Bounds:
    """What a parallel machine covers: all of the page below the title."""
    left, low, right, _ = (float(x) for x in data["bb"].split(","))
    return left, low, right, max((b[3] for b in boxes.values()), default=0.0)


def _between(regions: list[Bounds], direction: Direction) -> list[float]:
    """The middle of each gap between neighbours."""
    if direction == "TB":
        regions = sorted(regions)
        return [(a[2] + b[0]) / 2 for a, b in pairwise(regions)]
    regions = sorted(regions, key=lambda b: -b[3])
    return [(a[1] + b[3]) / 2 for a, b in pairwise(regions)]


def _stroke(number: int, start: Point, end: Point, style: str) -> str:
    ends = ((f"rule{number}a", start), (f"rule{number}b", end))
    points = "".join(
        f'  {name} [label="", shape=point, style=invis, width=0.01, height=0.01, pos="{x:.2f},{y:.2f}"];\n'
        for name, (x, y) in ends
    )
    thirds = [tuple(a + (b - a) * f for a, b in zip(start, end, strict=True)) for f in (0, 1 / 3, 2 / 3, 1)]
    position = " ".join(f"{x:.2f},{y:.2f}" for x, y in thirds)
    return f'{points}  rule{number}a -> rule{number}b [pos="{position}", dir=none, label="", {style}];\n'
