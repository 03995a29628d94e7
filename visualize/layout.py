"""The layout: every composite by itself, from the innermost to the page, then all of it put together.

A box that is laid out becomes a node of a fixed size in the box around it, with a port for every line that passes its
border. So lines end at borders by themselves, regions stand side by side in the order of their declaration, and no
line crosses a region that it has nothing to do with. Boxes of one depth share one run of the engine.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fsm.chart.state import Kind
from visualize.anchors import Mark, marks
from visualize.dot import Direction
from visualize.drawing import Drawing
from visualize.engine import Engine
from visualize.plot import Curve, Plot, Point, Rectangle, joined, plotted
from visualize.regions import moved_history, side_by_side
from visualize.rooms import Site, Try, room_source
from visualize.routes import Piece, Way, pieces, spot, ways
from visualize.score import score
from visualize.spread import spread
from visualize.theme import Theme

LONG = 700.0
"""Points from which on a box is laid out the other way, where that makes it shorter."""
CROWD = 150
"""Lines from which on every further try would be felt."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where everything lies on the page."""

    size: Point
    boxes: Mapping[int, Rectangle]
    titles: Mapping[int, Point]
    rules: Mapping[int, float]
    nodes: Mapping[str, Point]
    names: Mapping[int, tuple[Rectangle, Point]]
    lines: tuple[tuple[Way, Curve], ...]
    separators: tuple[tuple[int, Point, Point], ...]
    marks: tuple[Mark, ...]
    upright: frozenset[int]
    """Boxes that are read from top to bottom."""


def laid_out(drawing: Drawing, theme: Theme, direction: Direction, engine: Engine) -> Placed:
    """Places for all of a drawing. Raises DrawingError when the engine fails."""
    own_marks = marks(drawing, loops=False)
    found = {way: pieces(drawing, way) for way in ways(drawing, own_marks)}
    homed: dict[int, list[Piece]] = {b.index: [] for b in drawing.boxes if _has_room(drawing, b.index)}
    for parts in found.values():
        for piece in parts:
            homed[piece.home].append(piece)
    site = Site(drawing, theme, direction, own_marks, homed)
    depths = {index: drawing.boxes[index].depth for index in homed}
    for depth in range(max(depths.values()), -1, -1):
        _lay_out(site, [index for index in homed if depths[index] == depth], engine)
    _settle_histories(site, found.values())
    return _together(site, found)


def _has_room(drawing: Drawing, index: int) -> bool:
    """Whether a box is laid out by itself: a composite, and a region even when nothing is in it."""
    box = drawing.boxes[index]
    return not index or bool(box.children) or spot(drawing, index).shells[0] == index


def _lay_out(site: Site, level: Sequence[int], engine: Engine) -> None:
    """Lay out the boxes of one depth; those that become too long are turned, where that is shorter."""
    site.plots.update(_best(site, level, engine, site.direction))
    long = [i for i in level if i and site.drawing.boxes[i].children and _is_long(site, i)]
    if long:
        other: Direction = "LR" if site.direction == "TB" else "TB"
        turned = _best(site, long, engine, other)
        site.plots.update({i: p for i, p in turned.items() if _longest(p) < 0.7 * _longest(site.plots[i])})


def _is_long(site: Site, index: int) -> bool:
    """Whether a box is far longer than wide; a region keeps the direction of its neighbours."""
    box, plot = site.drawing.boxes[index], site.plots[index]
    free = box.kind is not Kind.PARALLEL and not box.region
    return free and _longest(plot) > LONG and _longest(plot) > 2.5 * min(plot.width, plot.height)


def _longest(plot: Plot) -> float:
    return max(plot.width, plot.height)


def _best(site: Site, level: Sequence[int], engine: Engine, direction: Direction) -> dict[int, Plot]:
    """The plots of some boxes; one whose lines cross is the best of several tries."""
    first, *others = (Try(direction, reverse, mirror) for mirror in (False, True) for reverse in (False, True))
    found = {index: [data] for index, data in _tried(site, [(index, first) for index in level], engine)}
    tangled = [i for i, (data,) in found.items() if score(data).tangles and len(site.homed[i]) <= CROWD]
    for index, data in _tried(site, [(index, other) for index in tangled for other in others], engine):
        found[index].append(data)
    return {
        index: _plot(site, index, min(tries, key=lambda data: sum(score(data))), direction)
        for index, tries in found.items()
    }


def _tried(site: Site, asked: Sequence[tuple[int, Try]], engine: Engine) -> Iterator[tuple[int, Any]]:
    """The JSON of every layout that is asked for, from one run of the engine."""
    if asked:
        text = "".join(room_source(site, index, attempt) for index, attempt in asked)
        answers = _answers(engine.run(text, "json").decode())
        yield from ((index, data) for (index, _), data in zip(asked, answers, strict=True))


def _plot(site: Site, index: int, data: Any, direction: Direction) -> Plot:
    if site.drawing.boxes[index].kind is Kind.PARALLEL:
        return side_by_side(site, index, data)
    plot = plotted(site.drawing, index, site.homed[index], data, direction == "TB")
    return replace(plot, curves=spread(plot.curves, _states(plot, data)))


def _states(plot: Plot, data: Mapping[str, Any]) -> Iterator[Rectangle]:
    """Where the states lie that have no children, for only those are met by lines without a port."""
    for thing in data.get("objects", []):
        if thing.get("class", "").startswith("state atomic"):
            (x, y), wide, high = plot.nodes[thing["name"]], float(thing["width"]) * 36, float(thing["height"]) * 36
            yield x - wide, y - high, x + wide, y + high


def _answers(text: str) -> Iterator[Any]:
    """The graphs of an output, one JSON document after the other."""
    decoder, rest = json.JSONDecoder(), text.strip()
    while rest:
        data, end = decoder.raw_decode(rest)
        rest = rest[end:].lstrip()
        yield data


def _settle_histories(site: Site, found: Iterable[Sequence[Piece]]) -> None:
    """A history of a parallel has no place of its own: it goes to where the first line to it passes the border."""
    settled: set[str] = set()
    for parts in (p for p in found if len(p) > 1):
        ends = ((parts[-1], parts[-2], parts[-1].head, -1), (parts[0], parts[1], parts[0].tail, 0))
        for inner, outer, node, at in ends:
            plot, around = site.plots[inner.home], site.plots[outer.home]
            parallel = site.drawing.boxes[inner.home].kind is Kind.PARALLEL and inner.home in around.children
            if parallel and isinstance(node, str) and node[0] == "s" and node in plot.nodes and node not in settled:
                settled.add(node)
                (x, y), (a, b) = around.curves[outer.way.key].points[at], around.children[inner.home]
                site.plots[inner.home] = moved_history(plot, inner, (x - a, y - b))


def _together(site: Site, found: Mapping[Way, tuple[Piece, ...]]) -> Placed:
    drawing, plots = site.drawing, site.plots
    origins: dict[int, Point] = {0: (0.0, 0.0)}
    for index in sorted(plots, key=lambda i: drawing.boxes[i].depth):
        x, y = origins[index]
        for child, (left, low) in plots[index].children.items():
            origins[child] = (x + left, y + low)
    nodes: dict[str, Point] = {}
    names: dict[int, tuple[Rectangle, Point]] = {}
    rules: dict[int, float] = {}
    titles: dict[int, Point] = {}
    boxes: dict[int, Rectangle] = {}
    separators: list[tuple[int, Point, Point]] = []
    for index, plot in plots.items():
        x, y = origins[index]
        boxes[index] = (x, y, x + plot.width, y + plot.height)
        rules[index] = y + plot.rule
        if plot.title:
            titles[index] = (x + plot.title[0], y + plot.title[1])
        nodes |= {name: (x + p[0], y + p[1]) for name, p in plot.nodes.items()}
        for number, ((a, b, c, d), (u, v)) in plot.names.items():
            names[number] = (a + x, b + y, c + x, d + y), (u + x, v + y)
        separators += [(index, (x + a, y + b), (x + c, y + d)) for (a, b), (c, d) in plot.separators]
    root = plots[0]
    lines = tuple((way, _whole(way, parts, plots, origins)) for way, parts in found.items())
    upright = frozenset(i for i, plot in plots.items() if plot.down)
    return Placed(
        (root.width, root.height), boxes, titles, rules, nodes, names, lines, tuple(separators), site.marks, upright
    )


def _whole(way: Way, parts: Sequence[Piece], plots: Mapping[int, Plot], origins: Mapping[int, Point]) -> Curve:
    points: list[Point] = []
    tip = text = None
    above = False
    for part in parts:
        curve, (x, y) = plots[part.home].curves[way.key], origins[part.home]
        points = joined(points, [(x + a, y + b) for a, b in curve.points])
        tip = (x + curve.tip[0], y + curve.tip[1]) if curve.tip else tip
        if curve.text:
            text, above = (x + curve.text[0], y + curve.text[1]), curve.above
    return Curve(tuple(points), tip, text, above)
