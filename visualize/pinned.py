"""Pinned DOT: a drawing whose places are known, which an engine only paints.

Besides the boxes and lines it has what DOT has no word for: the rules below the titles of composites and the dashed
lines between regions, as edges between invisible points.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from fsm.chart.state import Kind
from visualize import labels, shapes
from visualize.dot import Direction, sheet, subgraph
from visualize.drawing import Box, Drawing
from visualize.layout import Placed
from visualize.plot import Curve, Point
from visualize.routes import Way
from visualize.strokes import appearance
from visualize.theme import Theme

PINNED = ("-Kneato", "-n2")
"""Arguments of an engine that paints: everything stays where its `pos` says."""

_POINT = MappingProxyType({"label": "", "shape": "point", "style": "invis", "width": "0.01", "height": "0.01"})


def pinned_source(drawing: Drawing, theme: Theme, direction: Direction, placed: Placed) -> str:
    """The DOT text with all positions, to be run with the arguments PINNED."""
    return _Pinned(drawing, theme, direction, placed).source()


class _Pinned:
    """One DOT text in the making."""

    def __init__(self, drawing: Drawing, theme: Theme, direction: Direction, placed: Placed) -> None:
        self.drawing, self.theme, self.placed = drawing, theme, placed
        self.direction: Direction = direction
        self.strokes = 0

    def source(self) -> str:
        t, root = self.theme, self.drawing.boxes[0]
        size = {"bb": f"0,0,{self.placed.size[0]:.2f},{self.placed.size[1]:.2f}"}
        if 0 in self.placed.titles:
            size["lp"] = _at(self.placed.titles[0])
        g = sheet(t, self.direction, pad="0.25", label=labels.page_label(root, t), **size)
        self._fill(g, root)
        for box in self.drawing.boxes:
            if box.index in self.placed.boxes:
                self._rules(g, box)
        for way, curve in self.placed.lines:
            self._line(g, way, curve)
        return str(g.source)

    def _fill(self, g: Any, box: Box) -> None:
        if box.initial:
            g.node(f"i{box.index}", pos=self._pos(f"i{box.index}"), **shapes.initial(self.theme))
        for mark in self.placed.marks:
            if mark.home == box.index:
                direction: Direction = "TB" if mark.home in self.placed.upright else "LR"
                look = shapes.mark(self.drawing, mark, self.theme, direction)
                g.node(mark.name, pos=self._pos(mark.name), **look)
        for child in (self.drawing.boxes[c] for c in box.children):
            if child.children:
                self._frame(g, child)
            else:
                self._node(g, child)

    def _frame(self, g: Any, box: Box) -> None:
        left, low, right, high = self.placed.boxes[box.index]
        with subgraph(g, f"cluster_{box.index}") as k:
            place = {"bb": f"{left:.2f},{low:.2f},{right:.2f},{high:.2f}", "lp": _at(self.placed.titles[box.index])}
            k.attr(**shapes.frame(self.drawing, box, self.theme), **place)
            k.node(f"c{box.index}", pos=_at(((left + right) / 2, (low + high) / 2)), **_POINT)
            self._fill(k, box)

    def _node(self, g: Any, box: Box) -> None:
        name = f"s{box.index}"
        if box.kind is Kind.FINAL:
            (left, low, right, high), text = self.placed.names[box.index]
            with subgraph(g, f"cluster_name_{box.index}") as below:
                place = {"bb": f"{left:.2f},{low:.2f},{right:.2f},{high:.2f}", "lp": _at(text)}
                below.attr(**shapes.name_below(box, self.theme), **place)
                below.node(name, pos=self._pos(name), **shapes.state(box, self.theme))
        else:
            g.node(name, pos=self._pos(name), **shapes.state(box, self.theme))

    def _pos(self, name: str) -> str:
        return _at(self.placed.nodes[name])

    def _rules(self, g: Any, box: Box) -> None:
        colour = {"active": self.theme.active, "failed": self.theme.failure}.get(box.look, self.theme.nest_line)
        left, _, right, _ = self.placed.boxes[box.index]
        if box.index and box.framed and box.children:
            rule = self.placed.rules[box.index]
            self._stroke(g, (left, rule), (right, rule), color=colour, penwidth="1", **{"class": "rule"})
        for index, start, end in self.placed.separators:
            if index == box.index:
                look = {"color": colour, "penwidth": "1.3", "style": "dashed", "class": "separator"}
                self._stroke(g, start, end, **look)

    def _stroke(self, g: Any, start: Point, end: Point, **look: str) -> None:
        (x, y), (u, v) = start, end
        thirds = [(x + (u - x) * f, y + (v - y) * f) for f in (0, 1 / 3, 2 / 3, 1)]
        names = [f"rule{self.strokes}{letter}" for letter in "ab"]
        self.strokes += 1
        for name, at in zip(names, (start, end), strict=True):
            g.node(name, pos=_at(at), **_POINT)
        g.edge(*names, pos=" ".join(_at(p) for p in thirds), dir="none", tooltip=" ", **look)

    def _line(self, g: Any, way: Way, curve: Curve) -> None:
        ends = self._node_of(way.start.node), self._node_of(way.end.node)
        place = {"pos": " ".join(_at(p) for p in curve.points)}
        if curve.tip:
            place["pos"] = f"e,{_at(curve.tip)} {place['pos']}"
        else:
            place["dir"] = "none"
        if way.line is None:
            g.edge(*ends, **shapes.initial_line(self.theme), **place)
            return
        first, *others = self.drawing.sharing(way.line)
        text = {}
        if way.named and curve.text:
            label = labels.line_label((first, *others), self.theme, above=curve.above)
            text = {"label": label, "lp": _at(curve.text)}
        g.edge(*ends, **appearance(self.drawing, first, self.theme), **place, **text)
        for line in others:
            g.edge(*ends, **appearance(self.drawing, line, self.theme), **place)

    def _node_of(self, name: str) -> str:
        """A node to which an edge can be tied: composites have a point in their middle."""
        framed = name.startswith("s") and self.drawing.boxes[int(name[1:])].children
        return f"c{name[1:]}" if framed else name


def _at(point: Point) -> str:
    return f"{point[0]:.2f},{point[1]:.2f}"
