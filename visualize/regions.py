"""Regions: the boxes of a parallel, side by side with a dashed line between them.

What lies in a parallel and in none of its regions, its histories and the marks of lines, has a strip of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fsm.chart.state import Kind
from visualize.plot import Curve, Plot, Point, Room, joined, room, title_size
from visualize.rooms import Site
from visualize.routes import Gate, Piece

GAP, FRAME_GAP = 6.0, 14.0
"""Points beside a separator, and more where a region has a border of its own."""
CHANNEL = 22.0
"""Points of height for each line between two regions, below them."""
STRIP, APART = 36.0, 26.0
"""Points of height for the strip, and from one thing in it to the next."""
ROUND = 11.5
"""Points from the middle of a history state to its border."""
ARROW = 7.0
"""Points that the tip of an arrow takes."""


def side_by_side(site: Site, box: int, data: Mapping[str, Any]) -> Plot:
    """The plot of a parallel: its regions in the order of their declaration, its histories in a strip beside them."""
    drawing, homed, plots = site.drawing, site.homed[box], site.plots
    children = [drawing.boxes[c] for c in drawing.boxes[box].children]
    regions = [plots[c.index] for c in children if c.kind is not Kind.HISTORY]
    things = {t["name"]: (float(t["width"]) * 72, float(t["height"]) * 72) for t in data.get("objects", ())}
    loose = {n: size for n, size in things.items() if n != "nothing"}
    down = site.direction == "TB"
    turned = [_turned(p, down) for p in regions]
    starts, edges, along = _row(turned, [drawing.boxes[p.box].framed for p in regions])
    channel = CHANNEL * sum(_own_gate(p, box) is None for p in homed)
    strip = STRIP if loose else 0.0
    ahead = strip if _entered_ahead(homed, box, loose) else 0.0
    behind = channel + strip - ahead
    tall = max(size[1] for size in turned)
    row = sum(size[0 if down else 1] + APART for size in loose.values())
    long, high = max(along, row), tall + strip + channel
    content = (long, high) if down else (high, long)
    gates = [g for g in (_own_gate(p, box) for p in homed) if g is not None and g.first]
    above = [start + p.gates[g.way][1][0] for start, p in zip(starts, regions, strict=True) for g in gates
             if down and g.way in p.gates]  # fmt: skip
    r = room(drawing, box, content, title_size(data), min(above, default=None))
    at: dict[int, Point] = {}
    for start, plot in zip(starts, regions, strict=True):
        if down:
            at[plot.box] = (r.left + start, r.low + behind + tall - plot.height)
        else:
            at[plot.box] = (r.left + ahead, r.low + long - start - plot.height)
    plot = Plot(
        box, r.width, r.height, r.title, r.rule,
        nodes=_in_strip(loose, r, content, down, ahead > 0),
        children=at,
        separators=tuple(_separators(edges, r, content, ahead, behind, down)),
        down=down,
    )  # fmt: skip
    return _with_curves(plot, homed, plots, loose)


def _turned(plot: Plot, down: bool) -> Point:
    """Its size along the row of regions and across it."""
    return (plot.width, plot.height) if down else (plot.height, plot.width)


def _row(sizes: Sequence[Point], framed: Sequence[bool]) -> tuple[list[float], list[float], float]:
    """Where each region starts, where the lines between them are, and how long the row is."""
    starts, edges, here = [], [], 0.0
    for i, (length, _) in enumerate(sizes):
        starts.append(here)
        here += length
        if i + 1 < len(sizes):
            here += FRAME_GAP if framed[i] else GAP
            edges.append(here)
            here += FRAME_GAP if framed[i + 1] else GAP
    return starts, edges, here


def _own_gate(piece: Piece, box: int) -> Gate | None:
    """The gate in the border of the parallel; None for a line between its regions."""
    return next((e for e in (piece.tail, piece.head) if isinstance(e, Gate) and e.box == box), None)


def _entered_ahead(homed: Sequence[Piece], box: int, loose: Collection[str]) -> bool:
    """Whether all lines to what is in the strip come from outside and along the flow."""
    gates = [_own_gate(p, box) for p in homed if {p.head, p.tail} & set(loose)]
    return bool(gates) and all(g is not None and g.first for g in gates)


def _separators(
    edges: Sequence[float], r: Room, content: Point, ahead: float, behind: float, down: bool
) -> list[tuple[Point, Point]]:
    """The dashed lines; they end before a strip, and at the border where there is none."""
    if down:
        high = r.low + content[1] - ahead if ahead else r.rule
        low = r.low + behind if behind else 0.0
        return [((r.left + x, high), (r.left + x, low)) for x in edges]
    start = r.left + ahead if ahead else 0.0
    end = r.left + content[0] - behind if behind else r.width
    return [((start, r.low + content[1] - x), (end, r.low + content[1] - x)) for x in edges]


def _in_strip(loose: Mapping[str, Point], r: Room, content: Point, down: bool, ahead: bool) -> dict[str, Point]:
    """What is loose, in a row below the regions (or above, from the right end, clear of the title), or beside them."""
    found, here = {}, APART / 2
    for name, (width, height) in loose.items():
        length = width if down else height
        at = here + length / 2
        here += length + APART
        if down:
            x = r.left + (content[0] - at if ahead else at)
            found[name] = x, r.low + (content[1] - STRIP / 2 + 4 if ahead else STRIP / 2 - 4)
        else:
            x = r.left + (STRIP / 2 - 4 if ahead else content[0] - STRIP / 2 + 4)
            found[name] = x, r.low + content[1] - at
    return found


def _with_curves(plot: Plot, homed: Sequence[Piece], plots: Mapping[int, Plot], loose: Mapping[str, Point]) -> Plot:
    """Add the pieces of the lines: straight through to the border, and below from one region to another."""
    gates: dict[str, tuple[str, Point]] = {}
    curves: dict[str, Curve] = {}
    depth, down = CHANNEL, plot.down
    floor = (
        min(y for _, y in plot.children.values())
        if down
        else max(x + plots[i].width for i, (x, _) in plot.children.items())
    )
    for piece in homed:
        key, own = piece.way.key, _own_gate(piece, plot.box)
        start, end = (_end(e, piece, plot, plots, homed, loose) for e in (piece.tail, piece.head))
        tip = end if end and piece.head == piece.way.end.node and piece.way.tipped else None
        if own is not None:
            inner = start or end
            assert inner is not None
            side = ("n" if own.first else "s") if down else ("w" if own.first else "e")
            border = _border(plot, side, inner)
            gates[key] = side, border
            curves[key] = _straight(border, inner, tip) if end else _straight(inner, border, None)
        else:
            assert start is not None
            assert end is not None
            curved = _across if {piece.tail, piece.head} & loose.keys() else _below
            curves[key] = curved(start, end, floor, depth, down, tip)
            depth += CHANNEL
    return replace(plot, curves=curves, gates=gates)


def _border(plot: Plot, side: str, inner: Point) -> Point:
    x, y = inner
    return {"n": (x, plot.height), "s": (x, 0.0), "w": (0.0, y), "e": (plot.width, y)}[side]


def _end(
    end: str | Gate,
    piece: Piece,
    plot: Plot,
    plots: Mapping[int, Plot],
    homed: Sequence[Piece],
    loose: Mapping[str, Point],
) -> Point | None:
    """Where a piece ends at something inside; None at the border of the parallel itself."""
    own, down = _own_gate(piece, plot.box), plot.down
    if isinstance(end, Gate):
        if end.box == plot.box:
            return None
        (x, y), (a, b) = plot.children[end.box], plots[end.box].gates[end.way][1]
        return x + a, y + b
    first = own is None or own.first
    if end in plot.nodes:
        x, y = plot.nodes[end]
        wide, high = (length / 2 for length in loose[end])
        return (x, y + (high if first else -high)) if down else (x + (-wide if first else wide), y)
    # a region itself: its lines share its border
    (x, y), size = plot.children[int(end[1:])], plots[int(end[1:])]
    sharing = [p for p in homed if end in (p.tail, p.head)]
    part = (sharing.index(piece) + 1) / (len(sharing) + 1)
    first = own is not None and own.first
    if down:
        return x + size.width * part, y + (size.height if first else 0)
    return x + (0 if first else size.width), y + size.height * part


def moved_history(plot: Plot, piece: Piece, arrival: Point) -> Plot:
    """The plot with a history moved to where the line to or from it passes the border, as far as there is room."""
    node = next(e for e in (piece.tail, piece.head) if isinstance(e, str))
    x, y = plot.nodes[node]
    side = plot.gates[piece.way.key][0]
    left = ROUND + 12 + (2 * plot.title[0] if plot.title and side == "n" else 0)
    across = 0 if side in "ns" else 1
    taken = [at[across] for key, (where, at) in plot.gates.items() if where == side and key != piece.way.key]
    if side in "ns":
        x = _free(arrival[0], left, plot.width - ROUND - 8, taken)
    else:
        y = _free(arrival[1], ROUND + 8, plot.rule - ROUND - 8, taken)
    reach = {"n": (x, y + ROUND), "s": (x, y - ROUND), "w": (x - ROUND, y), "e": (x + ROUND, y)}[side]
    shift = x - plot.nodes[node][0], y - plot.nodes[node][1]
    curves = {key: _followed(curve, plot.nodes[node], shift) for key, curve in plot.curves.items()}
    into = piece.head == node
    curves[piece.way.key] = _straight(arrival, reach, reach) if into else _straight(reach, arrival, None)
    return replace(plot, nodes={**plot.nodes, node: (x, y)}, curves=curves)


def _followed(curve: Curve, middle: Point, shift: Point) -> Curve:
    """A curve whose end at a history goes with it."""

    def near(point: Point) -> bool:
        return max(abs(point[0] - middle[0]), abs(point[1] - middle[1])) < ROUND + ARROW + 1

    def moved(points: Sequence[Point]) -> list[Point]:
        return [(x + shift[0], y + shift[1]) for x, y in points]

    points = list(curve.points)
    if near(points[0]):
        points[:2] = moved(points[:2])
    if near(points[-1]):
        points[-2:] = moved(points[-2:])
    tip = moved([curve.tip])[0] if curve.tip and near(curve.tip) else curve.tip
    return replace(curve, points=tuple(points), tip=tip)


def _free(wish: float, least: float, most: float, taken: Sequence[float]) -> float:
    """The place nearest to the wish that keeps clear of the lines that pass beside."""
    room = ROUND + 6
    places = [wish, least, most, *(t + room for t in taken), *(t - room for t in taken)]
    clear = [p for p in places if least <= p <= most and all(abs(p - t) > room - 0.1 for t in taken)]
    return min(clear or [min(max(wish, least), most)], key=lambda p: abs(p - wish))


def _straight(start: Point, end: Point, tip: Point | None) -> Curve:
    """A straight piece; it ends where the tip of its arrow begins."""
    (x, y), (u, v) = start, end
    if tip:
        length = max(abs(u - x), abs(v - y), ARROW)
        u, v = u + (x - u) * ARROW / length, v + (y - v) * ARROW / length
    return Curve(((x, y), (x + (u - x) / 3, y + (v - y) / 3), (x + 2 * (u - x) / 3, y + 2 * (v - y) / 3), (u, v)), tip)


def _below(start: Point, end: Point, floor: float, depth: float, down: bool, tip: Point | None) -> Curve:
    """Out of one region, below all of them and into the other one."""
    (x, y), (u, v) = start, end
    if tip:
        u, v = (u, v - ARROW) if down else (u + ARROW, v)
    if down:
        bow = [(x, floor), (x, floor - depth), (u, floor - depth), (u, floor)]
    else:
        bow = [(floor, y), (floor + depth, y), (floor + depth, v), (floor, v)]
    return Curve(tuple(joined(joined([(x, y)], bow), [(u, v)])), tip)


def _across(start: Point, end: Point, floor: float, depth: float, down: bool, tip: Point | None) -> Curve:
    """From the strip into a region, or back: as far as the floor of the regions out of each at a right angle."""
    (x, y), (u, v) = start, end
    if down:
        v += 0 if not tip else ARROW if v < y else -ARROW
        one, other = min(y, max(floor, min(y, v))), min(v, max(floor, min(y, v)))
        middle = (one + other) / 2
        bow = [(x, one), (x, middle), (u, middle), (u, other)]
    else:
        u += 0 if not tip else ARROW if u < x else -ARROW
        one, other = max(x, min(floor, max(x, u))), max(u, min(floor, max(x, u)))
        middle = (one + other) / 2
        bow = [(one, y), (middle, y), (middle, v), (other, v)]
    return Curve(tuple(joined(joined([(x, y)], bow), [(u, v)])), tip)
