"""DOT: the source from which Graphviz lays a drawing out.

Rules that hold here, each learnt from a bad picture: attributes of a cluster are inherited by the clusters in it
and are said again on each; a `rank=same` group holds nodes only; a name below a bullseye is a cluster's label.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import graphviz  # type: ignore[import-untyped]

from fsm.chart.state import Kind
from visualize import labels
from visualize.anchors import Mark, border, entrance, hidden_ways, marks
from visualize.drawing import Box, Drawing
from visualize.strokes import Stroke, strokes, tooltip
from visualize.theme import Theme

Direction = Literal["TB", "LR"]
FONT = "Arial"
"""One plain name: engines without fontconfig know its metrics, a list falls back to Times."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of saying the same: engines mirror regions and cross lines in one that are right in another."""

    flip: bool = False
    reverse: bool = False
    loops: Literal["e", "w"] = "e"


def dot_source(drawing: Drawing, theme: Theme, *, direction: Direction = "TB", variant: Variant | None = None) -> str:
    """The DOT text of a drawing."""
    return _Sheet(drawing, theme, direction, variant or Variant()).source()


class _Sheet:
    """One DOT text in the making."""

    def __init__(self, drawing: Drawing, theme: Theme, direction: Direction, variant: Variant) -> None:
        self.drawing, self.theme, self.direction, self.variant = drawing, theme, direction, variant
        self.marks = marks(drawing)
        self.hidden = hidden_ways(drawing)
        self.initials: list[Stroke] = []

    def source(self) -> str:
        t = self.theme
        g = graphviz.Digraph("statechart", engine="dot")
        g.attr(
            compound="true", newrank="true", rankdir=self.direction, splines="spline", nodesep="0.38", ranksep="0.34",
            bgcolor=t.paper, fontname=FONT, fontcolor=t.ink, pad="0.25", outputorder="breadthfirst",
            label=labels.page_label(self.drawing.boxes[0], t), labelloc="t", labeljust="l",
        )  # fmt: skip
        g.attr("node", fontname=FONT, fontsize="11", fontcolor=t.ink)
        g.attr("edge", fontname=FONT, fontsize="9.5", color=t.line, arrowhead="normal", arrowsize="0.7", penwidth="1.2")
        self._fill(g, self.drawing.boxes[0])
        for box in self.drawing.boxes:
            self._order(g, box)
        pills = {(m.line.source, m.line.targets): m.name for m in self.marks if m.kind == "pill"}
        across = self.variant.loops if self.direction == "TB" else {"e": "n", "w": "s"}[self.variant.loops]
        drawn = [strokes(self.drawing, x, t, pills=pills, across=across) for x in self.drawing.lines]
        edges = [stroke for line in drawn for stroke in line]
        for tail, head, attributes in [*self.initials, *(reversed(edges) if self.variant.reverse else edges)]:
            g.edge(tail, head, **attributes)
        return str(g.source)

    def _fill(self, g: graphviz.Digraph, box: Box) -> None:
        """Everything that lies directly in a box."""
        if box.initial:
            self._initial(g, box)
        for mark in self.marks:
            if mark.home == box.index:
                self._mark(g, mark)
        children = [self.drawing.boxes[c] for c in box.children]
        for child in reversed(children) if self.variant.flip and box.kind is Kind.PARALLEL else children:
            if child.composite and child.children:
                self._frame(g, child)
            elif child.region:
                with _subgraph(g, name=f"cluster_{child.index}") as k:
                    k.attr(label="", style="", peripheries="0", margin="12")
                    self._node(k, child)
            else:
                self._node(g, child)
        if box.index in self.hidden:
            dot = {"shape": "point", "style": "invis", "width": "0.01", "height": "0.01", "fixedsize": "true"}
            g.node(f"o{box.index}", label="", **dot)

    def _frame(self, g: graphviz.Digraph, box: Box) -> None:
        t, fill = self.theme, self._behind(box.index)
        colour = {"active": t.active, "failed": t.failure}.get(box.look, t.nest_line)
        with _subgraph(g, name=f"cluster_{box.index}") as k:
            k.attr(
                label=labels.frame_label(box, t), labeljust="l", labelloc="t", style="rounded,filled", margin="14",
                fillcolor=fill, bgcolor=fill, color=colour, penwidth="2" if box.look in ("active", "failed") else "1.1",
                peripheries="1", **_address(box),
            )  # fmt: skip
            if not box.framed:
                k.attr(label=labels.region_label(box, t), peripheries="0", style="filled", margin="12")
            self._fill(k, box)

    def _behind(self, index: int) -> str:
        """The colour behind whatever lies directly in this box: one step darker for each level."""
        box = self.drawing.boxes[index]
        if not index:
            return self.theme.paper
        if box.region and not box.framed:
            return self._behind(box.parent)
        if box.look == "active":
            return self.theme.active_nest
        around = [self.drawing.boxes[i] for i in (index, *self.drawing.ancestors(index)) if i]
        depth = sum(b.framed for b in around)
        return self.theme.nest[min(depth, len(self.theme.nest)) - 1]

    def _node(self, g: graphviz.Digraph, box: Box) -> None:
        t, name = self.theme, f"s{box.index}"
        strong = {"active": t.active, "failed": t.failure}.get(box.look)
        fill = {"active": t.active_fill, "failed": t.failed_fill, "visited": t.visited_fill}.get(box.look, t.state)
        match box.kind:
            case Kind.FINAL:
                self._bullseye(g, box, strong or t.ink)
            case Kind.HISTORY:
                letter = labels.painted("H*" if box.deep else "H", t.ink, size="10", style="B")
                g.node(
                    name, label=f"<{letter}>", shape="circle", width="0.32", fixedsize="true", style="filled",
                    fillcolor=t.state, color=t.state_line, penwidth="1.1", **_address(box),
                )  # fmt: skip
            case _:
                g.node(
                    name, label=labels.state_label(box, t), shape="box", style="rounded,filled", margin="0.06,0.02",
                    fillcolor=fill, color=strong or t.state_line, penwidth="2.6" if strong else "1.1", **_address(box),
                )  # fmt: skip

    def _bullseye(self, g: graphviz.Digraph, box: Box, colour: str) -> None:
        behind = self._behind(box.parent)
        # a one-node cluster without border keeps room for the name below the bullseye
        with _subgraph(g, name=f"cluster_name_{box.index}") as c:
            c.attr(
                label=labels.final_label(box, self.theme), labelloc="b", labeljust="c", peripheries="0", margin="2",
                style="filled", fillcolor=behind, bgcolor=behind, id=f"name-{box.index}", tooltip=" ",
                **{"class": "name"},
            )  # fmt: skip
            c.node(
                f"s{box.index}", label="", shape="doublecircle", width="0.16", height="0.16", fixedsize="true",
                style="filled", fillcolor=colour, color=colour, penwidth="1.2", **_address(box),
            )  # fmt: skip

    def _initial(self, g: graphviz.Digraph, box: Box) -> None:
        t, name = self.theme, f"i{box.index}"
        round_ = {"shape": "circle", "width": "0.13", "fixedsize": "true", "style": "filled", "class": "initial"}
        g.node(name, label="", fillcolor=t.ink, color=t.ink, tooltip=" ", **round_)
        look = {"color": t.line, "arrowsize": "0.6", "weight": "8", "class": "initial", "tooltip": " "}
        for target in box.initial:
            head = entrance(self.drawing, target)
            self.initials.append((name, head, {**look, **border(self.drawing, target, "lhead")}))

    def _mark(self, g: graphviz.Digraph, mark: Mark) -> None:
        t, line, boxes = self.theme, mark.line, self.drawing.boxes
        match mark.kind:
            case "bar":
                long, thin = ("0.62", "0.06")
                width, height = (long, thin) if self.direction == "TB" else (thin, long)
                g.node(
                    mark.name, label="", shape="box", style="filled", fillcolor=t.ink, color=t.ink, fixedsize="true",
                    width=width, height=height, tooltip=" ", **{"class": "fork"},
                )  # fmt: skip
            case "loop":
                g.node(
                    mark.name, label=labels.line_label(line, t), shape="box", style="rounded", color="transparent",
                    fontsize="9.5", margin="0.02,0.02", height="0.1", width="0.1", tooltip=" ", **{"class": "loop"},
                )  # fmt: skip
            case _:
                words = f"any in {boxes[line.source].name}" if line.source else "any state"
                words = f"restart {boxes[line.targets[0]].name}" if mark.kind == "restart" else words
                g.node(
                    mark.name, label=labels.pill_label(words, t), shape="box", style="rounded,dashed", penwidth="1",
                    color=t.nest_line, margin="0,0", height="0.1", width="0.1", tooltip=" ", **{"class": mark.kind},
                )  # fmt: skip

    def _order(self, g: graphviz.Digraph, box: Box) -> None:
        """Invisible edges: regions in the order of their declaration, ways out and histories at the bottom."""
        if box.kind is Kind.PARALLEL:
            starts = [entrance(self.drawing, c) for c in box.children if self.drawing.boxes[c].region]
            _level(g, f"level_{box.index}", starts)
            for left, right in pairwise(starts[::-1] if self.variant.flip else starts):
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


def _subgraph(g: graphviz.Digraph, name: str) -> AbstractContextManager[Any]:
    made: AbstractContextManager[Any] | None = g.subgraph(name=name)
    assert made is not None  # only a finished graph passed in gives None
    return made


def _level(g: graphviz.Digraph, name: str, nodes: list[str]) -> None:
    with _subgraph(g, name=name) as same:
        same.attr(rank="same")
        for node in nodes:
            same.node(node)


def _address(box: Box) -> dict[str, str]:
    """How a page finds the state, and what it says when the mouse rests on it."""
    words = ["state", box.kind.value, *(["region"] if box.region else []), *([box.look] if box.look else [])]
    return {
        "id": tooltip(f"state-{box.id}"),
        "class": " ".join(words),
        "tooltip": tooltip(box.id, " ".join(f"#{tag}" for tag in box.tags), box.doc),
    }
