"""DOT: the source of a drawing for any Graphviz, with clusters for composites.

Rules that hold here, each learnt from a bad picture: attributes of a cluster are inherited by the clusters in it
and are said again on each; a `rank=same` group holds nodes only; a name below a bullseye is a cluster's label.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from itertools import pairwise
from typing import Any, Literal

import graphviz  # type: ignore[import-untyped]

from fsm.chart.state import Kind
from visualize import labels, shapes
from visualize.anchors import border, entrance, hidden_ways, marks
from visualize.drawing import Box, Drawing
from visualize.strokes import Stroke, strokes
from visualize.theme import Theme

Direction = Literal["TB", "LR"]
FONT = "Arial"
"""One plain name: engines without fontconfig know its metrics, a list falls back to Times."""


def sheet(theme: Theme, direction: Direction, **attributes: str) -> Any:
    """An empty graph with the fonts and distances of all pictures."""
    g = graphviz.Digraph("statechart", engine="dot")
    g.attr(
        compound="true", rankdir=direction, splines="spline", nodesep="0.38", ranksep="0.34", bgcolor=theme.paper,
        fontname=FONT, fontcolor=theme.ink, outputorder="breadthfirst", labelloc="t", labeljust="l", **attributes,
    )  # fmt: skip
    g.attr("node", fontname=FONT, fontsize="11", fontcolor=theme.ink)
    g.attr("edge", fontname=FONT, fontsize="9.5", color=theme.line, arrowhead="normal", arrowsize="0.7", penwidth="1.2")
    return g


def subgraph(g: Any, name: str) -> AbstractContextManager[Any]:
    """A part of a graph, to be filled in a `with` block."""
    made: AbstractContextManager[Any] | None = g.subgraph(name=name)
    assert made is not None  # only a finished graph passed in gives None
    return made


def dot_source(drawing: Drawing, theme: Theme, *, direction: Direction = "TB") -> str:
    """The DOT text of a drawing."""
    return _Sheet(drawing, theme, direction).source()


class _Sheet:
    """One DOT text in the making."""

    def __init__(self, drawing: Drawing, theme: Theme, direction: Direction) -> None:
        self.drawing, self.theme = drawing, theme
        self.direction: Direction = direction
        self.marks = marks(drawing)
        self.hidden = hidden_ways(drawing)
        self.initials: list[Stroke] = []

    def source(self) -> str:
        t, root = self.theme, self.drawing.boxes[0]
        g = sheet(t, self.direction, newrank="true", pad="0.25", label=labels.page_label(root, t))
        self._fill(g, root)
        for box in self.drawing.boxes:
            self._order(g, box)
        pills = {(m.line.source, m.line.targets): m.name for m in self.marks if m.kind == "pill"}
        across = "e" if self.direction == "TB" else "n"
        edges = [s for x in self.drawing.lines for s in strokes(self.drawing, x, t, pills=pills, across=across)]
        for tail, head, attributes in [*self.initials, *edges]:
            g.edge(tail, head, **attributes)
        return str(g.source)

    def _fill(self, g: Any, box: Box) -> None:
        """Everything that lies directly in a box."""
        if box.initial:
            g.node(f"i{box.index}", **shapes.initial(self.theme))
            for target in box.initial:
                look = {**shapes.initial_line(self.theme), **border(self.drawing, target, "lhead")}
                self.initials.append((f"i{box.index}", entrance(self.drawing, target), look))
        for mark in self.marks:
            if mark.home == box.index:
                g.node(mark.name, **shapes.mark(self.drawing, mark, self.theme, self.direction))
        for child in (self.drawing.boxes[c] for c in box.children):
            if child.composite and child.children:
                with subgraph(g, f"cluster_{child.index}") as k:
                    k.attr(**shapes.frame(self.drawing, child, self.theme))
                    self._fill(k, child)
            elif child.region:
                with subgraph(g, f"cluster_{child.index}") as k:
                    k.attr(label="", style="", peripheries="0", margin="12")
                    self._node(k, child)
            else:
                self._node(g, child)
        if box.index in self.hidden:
            dot = {"shape": "point", "style": "invis", "width": "0.01", "height": "0.01", "fixedsize": "true"}
            g.node(f"o{box.index}", label="", **dot)

    def _node(self, g: Any, box: Box) -> None:
        if box.kind is Kind.FINAL:
            with subgraph(g, f"cluster_name_{box.index}") as below:
                below.attr(**shapes.name_below(box, self.theme))
                below.node(f"s{box.index}", **shapes.state(box, self.theme))
        else:
            g.node(f"s{box.index}", **shapes.state(box, self.theme))

    def _order(self, g: Any, box: Box) -> None:
        """Invisible edges: regions in the order of their declaration, ways out and histories at the bottom."""
        if box.kind is Kind.PARALLEL:
            starts = [entrance(self.drawing, c) for c in box.children if self.drawing.boxes[c].region]
            _level(g, f"level_{box.index}", starts)
            for left, right in pairwise(starts):
                g.edge(left, right, style="invis", weight="0")
        for name in self._floating(box):
            g.edge(f"i{box.index}", name, style="invis", weight="0")
        low = [f"o{box.index}"] if box.index in self.hidden else []
        low += [f"s{c}" for c in box.children if self._comes_last(c)]
        inside = self.drawing.within(box.index) if low else ()
        bottom = [b for b in inside if b.kind is Kind.FINAL] or [b for b in inside if b.kind is Kind.ATOMIC]
        for name in low:
            for above in bottom:
                g.edge(f"s{above.index}", name, style="invis", weight="0", minlen="1")
        if len(low) > 1:
            _level(g, f"low_{box.index}", low)

    def _floating(self, box: Box) -> list[str]:
        """What nothing in the box leads to would rise above its initial dot, where the box is entered."""
        drawing, reached = self.drawing, {box.index, *box.initial}
        for line in drawing.lines:
            if line.route == "across" and not line.back:
                reached.update(t for t in line.targets if drawing.inside(line.source, box.index))
        if not box.initial:
            return []
        names = [m.name for m in self.marks if m.kind == "pill" and m.home == box.index]
        for child in (drawing.boxes[c] for c in box.children):
            known = child.index in reached or any(drawing.inside(i, child.index) for i in reached)
            if not known and child.kind is not Kind.HISTORY:
                names.append(entrance(drawing, child.index))
        return names

    def _comes_last(self, index: int) -> bool:
        """Whether a history state goes to the bottom: only when every line to it comes back from below."""
        if self.drawing.boxes[index].kind is not Kind.HISTORY:
            return False
        return all(line.back for line in self.drawing.lines if index in line.targets)


def _level(g: Any, name: str, nodes: list[str]) -> None:
    with subgraph(g, name) as same:
        same.attr(rank="same")
        for node in nodes:
            same.node(node)
