"""DOT: the source from which Graphviz lays a drawing out.

Rules that hold here, each learnt from a bad picture: an edge joins nodes, so a composite is stood for by its
initial dot (arriving), a final bullseye or a last state (leaving), and `lhead`/`ltail` cut the edge at its border;
attributes of a cluster are inherited by the clusters in it and are said again on each; a line against the flow
is declared the other way round and drawn with `dir=back`; a `rank=same` group holds nodes only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import graphviz

from fsm.chart.state import Kind
from visualize import labels
from visualize.drawing import Box, Drawing, Line
from visualize.theme import Theme

Direction = Literal["TB", "LR"]
FONT = "Arial"
"""One plain name: engines without fontconfig know its metrics, a list falls back to Times."""


class Sheet:
    """One way of writing a drawing as DOT; `flip` declares the regions in reverse for engines that mirror them."""

    def __init__(self, drawing: Drawing, theme: Theme, *, direction: Direction = "TB", flip: bool = False) -> None:
        self.drawing, self.theme, self.direction, self.flip = drawing, theme, direction, flip
        self.pills: dict[tuple[int, tuple[int, ...]], str] = {}
        self.extras: dict[int, list[tuple[str, Line]]] = {}
        self.edges: list[tuple[str, str, dict[str, str]]] = []
        self.exits = {i for b in drawing.boxes if (i := self._exit_of(b)) is not None}
        for line in drawing.lines:
            self._place(line)

    def source(self) -> str:
        """The whole DOT text."""
        t = self.theme
        g = graphviz.Digraph("statechart", engine="dot")
        g.attr(
            compound="true", newrank="true", rankdir=self.direction, splines="spline", nodesep="0.38", ranksep="0.34",
            bgcolor=t.paper, fontname=FONT, fontcolor=t.ink, pad="0.25", outputorder="breadthfirst",
            label=labels.page_label(self.drawing.boxes[0], t), labelloc="t", labeljust="l",
        )  # fmt: skip
        g.attr("node", fontname=FONT, fontsize="11", fontcolor=t.ink)
        g.attr("edge", fontname=FONT, fontsize="9.5", color=t.line, arrowhead="normal", arrowsize="0.7", penwidth="1.2")
        self.edges = []
        self._fill(g, self.drawing.boxes[0])
        self._order(g)
        for line in self.drawing.lines:
            self.edges.extend(self._strokes(line))
        for tail, head, attributes in self.edges:
            g.edge(tail, head, **attributes)
        return str(g.source)

    # what stands for a box at the end of an edge

    def entrance(self, index: int) -> str:
        """The node that an edge to this box points to."""
        box = self.drawing.boxes[index]
        if not box.composite:
            return f"s{index}"
        if box.initial:
            return f"i{index}"
        return self.entrance(next(iter(box.children), index)) if box.children else f"s{index}"

    def exit(self, index: int) -> str:
        """The node that an edge from this box starts at."""
        box = self.drawing.boxes[index]
        if not box.composite:
            return f"s{index}"
        if box.kind is Kind.PARALLEL:
            return f"o{index}"
        states = [self.drawing.boxes[c] for c in box.children if self.drawing.boxes[c].kind is not Kind.HISTORY]
        finals = [b.index for b in states if b.kind is Kind.FINAL]
        return self.exit(finals[-1] if finals else self._last(box, states))

    def _last(self, box: Box, states: list[Box]) -> int:
        """A child that nothing follows, for it will lie at the bottom: the edge is hidden up to the border."""
        drawing = self.drawing
        followed = {
            i
            for line in drawing.lines
            if not line.back and drawing.inside(line.targets[0], box.index)
            for i in (line.source, *drawing.ancestors(line.source))
            if i != line.targets[0] and not drawing.inside(line.targets[0], i)
        }
        sinks = [b.index for b in states if b.index not in followed]
        return (sinks or [b.index for b in states])[-1]

    def _exit_of(self, box: Box) -> int | None:
        """The parallel whose hidden way out an edge from this box needs."""
        name = self.exit(box.index) if any(ln.source == box.index for ln in self.drawing.lines) else ""
        return int(name[1:]) if name.startswith("o") else None

    # nodes that are not states: marks of transitions

    def _place(self, line: Line) -> None:
        """Say where the pill, the bar or the loop of a line lies."""
        drawing, first = self.drawing, line.targets[0]
        home = drawing.around(*line.targets)
        if line.route == "inward" and line.kind != "default":
            key = (line.source, line.targets)
            if key not in self.pills:
                self.pills[key] = f"a{line.index}"
                self._put(home, f"a{line.index}", line)
        if line.route == "loop" and drawing.boxes[line.source].composite and len(line.targets) == 1:
            self._put(drawing.boxes[line.source].parent, f"l{line.index}", line)
        if line.route == "outward" and drawing.boxes[first].kind is Kind.PARALLEL:
            self._put(drawing.boxes[line.source].parent, f"b{line.index}", line)
        if len(line.targets) > 1:
            inner = home if line.route == "inward" else drawing.around(line.source, *line.targets)
            self._put(inner, f"f{line.index}", line)

    def _put(self, home: int, name: str, line: Line) -> None:
        """Never between two regions, where the dashed line runs: then outside of the parallel."""
        while home and self.drawing.boxes[home].kind is Kind.PARALLEL:
            home = self.drawing.boxes[home].parent
        self.extras.setdefault(home, []).append((name, line))

    def _extra(self, g: graphviz.Digraph, name: str, line: Line) -> None:
        t, boxes = self.theme, self.drawing.boxes
        match name[0]:
            case "f":
                size = ("0.62", "0.06") if self.direction == "TB" else ("0.06", "0.62")
                g.node(name, label="", shape="box", style="filled", fillcolor=t.ink, color=t.ink, fixedsize="true",
                       width=size[0], height=size[1], **{"class": "fork"})  # fmt: skip
            case "l":
                g.node(name, label=labels.line_label(line, t) or "", shape="box", style="rounded", color="transparent",
                       fontsize="9.5", margin="0.02,0.02", height="0.1", **{"class": f"transition {line.kind}"})  # fmt: skip
            case _:
                word = "any state" if not line.source else f"any in {boxes[line.source].name}"
                word = word if name[0] == "a" else f"restart {boxes[line.targets[0]].name}"
                g.node(name, label=labels.pill_label(word, t), shape="box", style="rounded,dashed", color=t.nest_line, penwidth="1",
                       margin="0,0", height="0.1", width="0.1", **{"class": "any"})  # fmt: skip

    # boxes

    def fill_of(self, index: int) -> str:
        """The colour behind whatever lies directly in this box."""
        box = self.drawing.boxes[index]
        if not index:
            return self.theme.paper
        if box.region and not box.framed:
            return self.fill_of(box.parent)
        if box.look == "active":
            return self.theme.active_nest
        around = [self.drawing.boxes[i] for i in (index, *self.drawing.ancestors(index)) if i]
        depth = sum(b.framed for b in around)
        return self.theme.nest[min(depth, len(self.theme.nest)) - 1]

    def _fill(self, g: graphviz.Digraph, box: Box) -> None:
        if box.initial:
            self._initial(g, box)
        for name, line in self.extras.get(box.index, ()):
            self._extra(g, name, line)
        children = [self.drawing.boxes[c] for c in box.children]
        for child in reversed(children) if self.flip and box.kind is Kind.PARALLEL else children:
            if child.composite and child.children:
                self._frame(g, child)
            elif child.region:
                with g.subgraph(name=f"cluster_{child.index}") as k:
                    k.attr(label="", style="", peripheries="0", margin="12")
                    self._node(k, child)
            else:
                self._node(g, child)
        if box.index in self.exits:
            g.node(f"o{box.index}", label="", shape="point", style="invis", width="0.01", height="0.01", fixedsize="true")

    def _frame(self, g: graphviz.Digraph, box: Box) -> None:
        t, fill = self.theme, self.fill_of(box.index)
        colour = {"active": t.active, "failed": t.failure}.get(box.look, t.nest_line)
        with g.subgraph(name=f"cluster_{box.index}") as k:
            k.attr(
                label=labels.frame_label(box, t), labeljust="l", labelloc="t", style="rounded,filled", margin="14",
                fillcolor=fill, bgcolor=fill, color=colour, penwidth="2" if box.look in ("active", "failed") else "1.1",
                peripheries="1", **self._address(box),
            )  # fmt: skip
            if not box.framed:
                k.attr(label=labels.region_label(box, t), peripheries="0", style="filled", margin="12")
            self._fill(k, box)

    def _address(self, box: Box) -> dict[str, str]:
        """How a page finds the state, and what it says when the mouse rests on it."""
        words = ["state", box.kind.value, *(["region"] if box.region else []), *([box.look] if box.look else [])]
        tip = "\n".join(x for x in (box.id, " ".join(f"#{tag}" for tag in box.tags), box.doc.strip()) if x)
        return {
            "id": graphviz.escape(f"state-{box.id}"),
            "class": " ".join(words),
            "tooltip": graphviz.escape(labels.printable(tip)),
        }

    def _node(self, g: graphviz.Digraph, box: Box) -> None:
        t, name = self.theme, f"s{box.index}"
        strong = {"active": t.active, "failed": t.failure}.get(box.look)
        fill = {"active": t.active_fill, "failed": t.failed_fill, "visited": t.visited_fill}.get(box.look, t.state)
        match box.kind:
            case Kind.FINAL:
                behind = self.fill_of(box.parent)
                # a one-node cluster without border keeps room for the name below the bullseye
                with g.subgraph(name=f"cluster_name_{box.index}") as c:
                    c.attr(label=labels.final_label(box, t), labelloc="b", labeljust="c", peripheries="0", margin="2",
                           style="filled", fillcolor=behind, bgcolor=behind, id="", tooltip=" ", **{"class": "name"})  # fmt: skip
                    c.node(name, label="", shape="doublecircle", width="0.16", height="0.16", fixedsize="true",
                           style="filled", fillcolor=strong or t.ink, color=strong or t.ink, penwidth="1.2",
                           **self._address(box))  # fmt: skip
            case Kind.HISTORY:
                letter = labels.painted("H*" if box.deep else "H", t.ink, size="10", style="B")
                g.node(name, label=f"<{letter}>", shape="circle", width="0.32", fixedsize="true", style="filled",
                       fillcolor=t.state, color=t.state_line, penwidth="1.1", **self._address(box))  # fmt: skip
            case _:
                g.node(name, label=labels.state_label(box, t), shape="box", style="rounded,filled", margin="0.06,0.02",
                       fillcolor=fill, color=strong or t.state_line, penwidth="2.6" if strong else "1.1",
                       **self._address(box))  # fmt: skip

    def _initial(self, g: graphviz.Digraph, box: Box) -> None:
        t = self.theme
        g.node(f"i{box.index}", label="", shape="circle", width="0.13", fixedsize="true", style="filled",
               fillcolor=t.ink, color=t.ink, tooltip=" ", **{"class": "initial"})  # fmt: skip
        for target in box.initial:
            look = {"color": t.line, "arrowsize": "0.6", "weight": "8", "class": "initial", **self._border(target, "lhead")}
            self.edges.append((f"i{box.index}", self.entrance(target), look))

    def _border(self, index: int, attribute: str) -> dict[str, str]:
        box = self.drawing.boxes[index]
        return {attribute: f"cluster_{index}"} if box.composite and box.children and index else {}

    # edges

    def _strokes(self, line: Line) -> Iterator[tuple[str, str, dict[str, str]]]:
        """The edges of one line: one in most cases, more where a bar or a loop lies between."""
        boxes, first = self.drawing.boxes, line.targets[0]
        look, text = self._look(line), labels.line_label(line, self.theme)
        label = {"label": text} if text else {}
        pill = self.pills.get((line.source, line.targets)) if line.route == "inward" else None
        tail = pill or self.exit(line.source)
        leave = {} if pill else self._border(line.source, "ltail")
        if len(line.targets) > 1:
            bar = f"f{line.index}"
            yield (tail, bar, {**look, **label, **leave, "arrowhead": "none"})
            for target in line.targets:
                arrive = {} if self.drawing.inside(line.source, target) else self._border(target, "lhead")
                yield (bar, self.entrance(target), {**look, **arrive})
        elif line.route == "loop" and boxes[line.source].composite:
            loop = f"l{line.index}"
            yield (tail, loop, {**look, **leave, "arrowhead": "none"})
            yield (tail, loop, {**look, **leave, "dir": "back"})
        elif line.route == "loop":
            # a loop across the flow keeps clear of it
            side = "e" if self.direction == "TB" else "n"
            yield (f"{tail}:{side}", f"{tail}:{side}", {**look, **label})
        elif line.route == "outward":
            yield from self._upward(line, tail, {**look, **label})
        else:
            arrive = self._border(first, "lhead")
            if line.back:
                swapped = {"ltail": arrive.get("lhead", ""), "lhead": leave.get("ltail", "")}
                back = {k: v for k, v in swapped.items() if v}
                yield (self.entrance(first), tail, {**look, **label, **back, "dir": "back"})
            else:
                yield (tail, self.entrance(first), {**look, **label, **leave, **arrive})

    def _upward(self, line: Line, tail: str, look: dict[str, str]) -> Iterator[tuple[str, str, dict[str, str]]]:
        """A line to an ancestor ends at its initial dot, or in a pill that says what begins again."""
        leave = self._border(line.source, "ltail")
        if self.drawing.boxes[line.targets[0]].kind is Kind.PARALLEL:
            yield (tail, f"b{line.index}", {**look, **leave})
            return
        back = {"lhead": leave["ltail"]} if leave else {}
        yield (self.entrance(line.targets[0]), tail, {**look, **back, "dir": "back"})

    def _look(self, line: Line) -> dict[str, str]:
        t, boxes = self.theme, self.drawing.boxes
        ends = f"{boxes[line.source].name} → {', '.join(boxes[i].id or boxes[i].name for i in line.targets)}"
        tip = graphviz.escape(labels.printable("\n".join(x for x in (line.name, ends, line.doc.strip()) if x)))
        words = ["transition", line.kind, *(["taken"] if line.taken else []), *(["last"] if line.last else [])]
        look = {"id": f"edge-{line.index}", "class": " ".join(words), "tooltip": tip, "labeltooltip": tip}
        if line.kind in ("after", "failed"):
            look["color"] = t.word(line.kind)
        if line.kind in ("after", "default"):
            look["style"] = "dashed" if line.kind == "after" else "dotted"
        if line.taken:
            look["penwidth"] = "2.1"
        if line.last:
            look |= {"color": t.active, "penwidth": "2.8"}
        return look

    # invisible edges: the order of regions, what lies at the bottom

    def _order(self, g: graphviz.Digraph) -> None:
        for box in self.drawing.boxes:
            if box.kind is Kind.PARALLEL:
                self._level(g, box)
            low = [f"o{box.index}"] if box.index in self.exits else []
            low += [f"s{c}" for c in box.children if self._sinks(c)]
            inside = self.drawing.within(box.index)
            bottom = [b for b in inside if b.kind is Kind.FINAL] or [b for b in inside if b.kind is Kind.ATOMIC]
            for name in low:
                for above in bottom:
                    if f"s{above.index}" != name:
                        g.edge(f"s{above.index}", name, style="invis", weight="0", minlen="1")
            if len(low) > 1:
                with g.subgraph(name=f"low_{box.index}") as r:
                    r.attr(rank="same")
                    for name in low:
                        r.node(name)

    def _level(self, g: graphviz.Digraph, box: Box) -> None:
        """Regions start on one level, in the order of their declaration."""
        regions = [c for c in box.children if self.drawing.boxes[c].region]
        starts = [self.entrance(c) for c in regions]
        with g.subgraph(name=f"level_{box.index}") as r:
            r.attr(rank="same")
            for name in starts:
                r.node(name)
        ordered = starts[::-1] if self.flip else starts
        for left, right in zip(ordered, ordered[1:], strict=False):
            g.edge(left, right, style="invis", weight="0")

    def _sinks(self, index: int) -> bool:
        """Whether a history state goes to the bottom: only when every line to it comes back from below."""
        if self.drawing.boxes[index].kind is not Kind.HISTORY:
            return False
        return all(line.back for line in self.drawing.lines if index in line.targets)


def dot_source(drawing: Drawing, theme: Theme, *, direction: Direction = "TB", flip: bool = False) -> str:
    """The DOT text of a drawing."""
    return Sheet(drawing, theme, direction=direction, flip=flip).source()
