"""A plot: one box laid out by itself, with its children as nodes of a fixed size.

Coordinates are points, counted from the lower left corner of the plot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from visualize.drawing import Drawing
from visualize.routes import Gate, Piece

Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]
"""Left, low, right, high."""

MARGIN, HEADER_GAP, TITLE_PAD = 14.0, 8.0, 3.0
"""Points between border and content, between header and content, above and below a title."""

EYE_REACH = 11.5
"""Points from the middle of a bullseye to where its name may begin."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A piece of a way: control points of Bézier curves (3n + 1), the tip of its arrow, the middle of its text."""

    points: tuple[Point, ...]
    tip: Point | None = None
    text: Point | None = None
    above: bool = False
    """Whether the text stands on the line instead of beside it."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Where everything in a box lies; gates by their ways, each with the side of the border: n, s, w or e."""

    box: int
    width: float
    height: float
    title: Point | None = None
    rule: float = 0.0
    nodes: Mapping[str, Point] = field(default_factory=dict)
    names: Mapping[int, tuple[Rectangle, Point]] = field(default_factory=dict)
    children: Mapping[int, Point] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    gates: Mapping[str, tuple[str, Point]] = field(default_factory=dict)
    separators: tuple[tuple[Point, Point], ...] = ()
    down: bool = True
    """Whether it is read from top to bottom."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a box and its header measure around a content of a given size."""

    width: float
    height: float
    left: float
    low: float
    rule: float
    title: Point | None


def room(drawing: Drawing, box: int, content: Point, title: Point, clear: float | None) -> Room:
    """The room of a box; `clear` is the leftmost line that comes in from above, which must not meet the title."""
    one = drawing.boxes[box]
    margin = 0.0 if not box else MARGIN if one.framed else MARGIN - 4
    header = title[1] + 2 * TITLE_PAD if title[0] else 0.0
    shift = max(0.0, title[0] + 10 - clear) if clear is not None and title[0] else 0.0
    width = max(content[0] + 2 * margin + shift, title[0] + 2 * margin)
    shift += max(0.0, (width - content[0] - 2 * margin - shift) / 2)
    height = content[1] + margin + header + (HEADER_GAP if one.children or not box else margin)
    rule = height - header
    middle = (margin + title[0] / 2, rule + header / 2) if title[0] else None
    return Room(width, height, margin + shift, margin, rule, middle)


def plotted(drawing: Drawing, box: int, homed: Sequence[Piece], data: Mapping[str, Any], down: bool) -> Plot:
    """The plot of a box from the JSON of its layout; `down` when it is read from top to bottom."""
    things = {t["name"]: t for t in data.get("objects", [])}
    centres = {name: _point(t["pos"]) for name, t in things.items() if "pos" in t}
    title = title_size(data)
    width, height = (float(x) for x in data["bb"].split(",")[2:])
    content = (width, height - (title[1] + 8 if title[1] else 0))
    own = [p.head for p in homed if _own(p.head, box)] + [p.tail for p in homed if _own(p.tail, box)]
    gates = [g for g in own if isinstance(g, Gate)]
    above = [centres[g.name][0] for g in gates if down and g.first]
    r = room(drawing, box, content, title, min(above, default=None))

    def moved(p: Point) -> Point:
        return p[0] + r.left, p[1] + r.low

    found: dict[str, tuple[str, Point]] = {}
    for gate in gates:
        side = ("n" if gate.first else "s") if down else ("w" if gate.first else "e")
        x, y = moved(centres[gate.name])
        found[gate.way] = side, {"n": (x, r.height), "s": (x, 0.0), "w": (0.0, y), "e": (r.width, y)}[side]
    children = {}
    for name, thing in things.items():
        if name.startswith("s") and thing.get("class") == "nested":
            x, y = moved(centres[name])
            children[int(name[1:])] = (x - float(thing["width"]) * 36, y - float(thing["height"]) * 36)
    curves = dict(_curves(homed, data, moved, found, down))
    return Plot(
        box, r.width, r.height, r.title, r.rule,
        nodes={n: moved(p) for n, p in centres.items()},
        names=dict(_names(things, moved, [c.tip for c in curves.values() if c.tip])),
        children=children,
        curves=curves,
        gates=found,
        down=down,
    )  # fmt: skip


def title_size(data: Mapping[str, Any]) -> Point:
    """Width and height of the label of a graph."""
    return float(data.get("lwidth", 0)) * 72, float(data.get("lheight", 0)) * 72


def _own(end: str | Gate, box: int) -> bool:
    return isinstance(end, Gate) and end.box == box


def _point(text: str) -> Point:
    x, y = text.split(",")[:2]
    return float(x), float(y)


def _names(
    things: Mapping[str, Any], moved: Any, tips: Sequence[Point]
) -> Iterator[tuple[int, tuple[Rectangle, Point]]]:
    """The names below the middle of bullseyes, beside one that is entered from below.

    dot widens a cluster for its label on one side; here the bullseye is in the middle of it.
    """
    for name, thing in things.items():
        if name.startswith("cluster_name_"):
            number = int(name.removeprefix("cluster_name_"))
            left, low, right, high = (float(x) for x in thing["bb"].split(","))
            middle, eye = _point(things[f"s{number}"]["pos"])
            at = eye - EYE_REACH - float(thing["lheight"]) * 36
            half = max(middle - left, right - middle)
            corner, (x, y) = moved((middle - half, low)), moved((middle, eye))
            text = moved((middle, at))
            if any(abs(u - x) < half and EYE_REACH - 5 < y - v < EYE_REACH + 5 for u, v in tips):
                text = x + EYE_REACH + 2 + float(thing["lwidth"]) * 36, y
            yield number, ((*corner, *moved((middle + half, high))), text)


def _curves(
    homed: Sequence[Piece], data: Mapping[str, Any], moved: Any, gates: Mapping[str, tuple[str, Point]], down: bool
) -> Iterator[tuple[str, Curve]]:
    """The pieces in the direction of their ways, drawn on to the border where they pass it."""
    things = {t["name"]: t for t in data.get("objects", [])}
    for drawn in data.get("edges", []):
        if "pos" not in drawn or not drawn.get("id", "").startswith("piece"):
            continue
        piece = homed[int(drawn["id"].removeprefix("piece"))]
        points, tip = [], None
        for part in drawn["pos"].split():
            if part[0] in "es":
                tip = moved(_point(part[2:]))
            else:
                points.append(moved(_point(part)))
        if piece.way.back:
            points.reverse()
        text = moved(_point(drawn["lp"])) if "lp" in drawn else None
        if piece.tail == piece.head:
            yield piece.way.key, _loop(things[str(piece.tail)], moved, text, down)
            continue
        if isinstance(piece.tail, Gate) and text is None:
            points = _squared(points[::-1], down)[::-1]
        if isinstance(piece.head, Gate) and text is None:
            points = _squared(points, down)
        if _own(piece.tail, piece.home):
            points = joined([gates[piece.way.key][1]], points)
        if _own(piece.head, piece.home):
            points = joined(points, [gates[piece.way.key][1]])
        yield piece.way.key, Curve(tuple(points), tip, text, not down)


def _loop(node: Mapping[str, Any], moved: Any, text: Point | None, down: bool) -> Curve:
    """A small loop on the right of a box, or above it; that of an engine is as high as the highest box beside."""
    x, y = moved(_point(node["pos"]))
    wide, high = float(node["width"]) * 36, float(node["height"]) * 36
    if down:
        at, half = x + wide, min(11.0, high / 2)
        points = (at, y + half), (at + 30, y + 2 * half), (at + 30, y - 2 * half), (at + 6.5, y - half - 1)
        return Curve(points, (at, y - half), text)
    at, half = y + high, min(11.0, wide / 2)
    points = (x - half, at), (x - 2 * half, at + 30), (x + 2 * half, at + 30), (x + half + 1, at + 6.5)
    return Curve(points, (x + half, at), text, above=True)


def _squared(points: list[Point], down: bool) -> list[Point]:
    """The curve with its end at a right angle to the border, so that it goes on without a kink.

    One with a text keeps the bend that the engine gave it, which is clear of the text.
    """
    (a, b), (x, y) = points[-4], points[-1]
    hold = 0.45
    held = (x, y + (b - y) * hold) if down else (x + (a - x) * hold, y)
    return [*points[:-2], held, (x, y)]


def joined(one: list[Point], other: list[Point]) -> list[Point]:
    """Two curves as one, with a straight piece over the gap between them."""
    if not one or not other:
        return one or other
    (x, y), (u, v) = one[-1], other[0]
    return [*one, (x + (u - x) / 3, y + (v - y) / 3), (x + 2 * (u - x) / 3, y + 2 * (v - y) / 3), *other]
