"""Anchors: the nodes of DOT that stand for a box at the ends of a line, for dot joins nodes and never clusters.

A composite's own initial dot or final bullseye costs no extra rank, so it stands for the composite where there is
one; a parallel is left from a hidden node below its regions. `lhead` and `ltail` then cut the edge at the border.
"""

from __future__ import annotations

from dataclasses import dataclass

from fsm.chart.state import Kind
from visualize.drawing import Box, Drawing, Line


def entrance(drawing: Drawing, index: int) -> str:
    """The node that a line to this box points to."""
    box = drawing.boxes[index]
    if not box.composite or not box.children:
        return f"s{index}"
    return f"i{index}" if box.initial else entrance(drawing, box.children[0])


def way_out(drawing: Drawing, index: int) -> str:
    """The node that a line from this box starts at."""
    box = drawing.boxes[index]
    if not box.composite or not box.children:
        return f"s{index}"
    if box.kind is Kind.PARALLEL:
        return f"o{index}"
    states = [drawing.boxes[c] for c in box.children if drawing.boxes[c].kind is not Kind.HISTORY]
    finals = [b.index for b in states if b.kind is Kind.FINAL]
    return way_out(drawing, finals[-1] if finals else _lowest(drawing, box, states))


def _lowest(drawing: Drawing, box: Box, states: list[Box]) -> int:
    """A child that nothing follows lies at the bottom; what is drawn between it and the border is cut off."""
    followed = {
        i
        for line in drawing.lines
        if not line.back and drawing.inside(line.targets[0], box.index)
        for i in (line.source, *drawing.ancestors(line.source))
        if i != line.targets[0] and not drawing.inside(line.targets[0], i)
    }
    lowest = [b.index for b in states if b.index not in followed]
    return (lowest or [b.index for b in states])[-1]


def hidden_ways(drawing: Drawing) -> frozenset[int]:
    """The parallels that need a hidden node as their way out."""
    names = {way_out(drawing, line.source) for line in drawing.lines if line.source}
    return frozenset(int(name[1:]) for name in names if name.startswith("o"))


def border(drawing: Drawing, index: int, attribute: str) -> dict[str, str]:
    """The attribute that ends an edge at the border of a composite; nothing for other boxes."""
    box = drawing.boxes[index]
    return {attribute: f"cluster_{index}"} if index and box.composite and box.children else {}


@dataclass(frozen=True, slots=True)
class Mark:
    """A node that belongs to a line: "pill" for where it starts, "loop", "restart" or "bar" of several targets."""

    kind: str
    home: int
    line: Line

    @property
    def name(self) -> str:
        """Its name in DOT."""
        return f"{self.kind}{self.line.index}"


def marks(drawing: Drawing, *, loops: bool = True) -> tuple[Mark, ...]:
    """All marks, each with the box in which it lies; lines with the same ends share their pill.

    Without `loops` those of composites are left out, for a layout that has composites as nodes.
    """
    found: list[Mark] = []
    pills: set[tuple[int, tuple[int, ...]]] = set()
    for line in drawing.lines:
        source = drawing.boxes[line.source]
        if line.route == "inward" and (line.source, line.targets) not in pills:
            pills.add((line.source, line.targets))
            found.append(Mark("pill", _home(drawing, drawing.around(*line.targets)), line))
        if loops and line.route == "loop" and source.composite and len(line.targets) == 1:
            found.append(Mark("loop", _home(drawing, source.parent), line))
        if line.route == "outward" and drawing.boxes[line.targets[0]].kind is Kind.PARALLEL:
            found.append(Mark("restart", _home(drawing, source.parent), line))
        if len(line.targets) > 1:
            inner = line.targets if line.route == "inward" else (line.source, *line.targets)
            found.append(Mark("bar", _home(drawing, drawing.around(*inner)), line))
    return tuple(found)


def _home(drawing: Drawing, index: int) -> int:
    """Never between two regions, where the dashed line runs: then outside of the parallel."""
    while index and drawing.boxes[index].kind is Kind.PARALLEL:
        index = drawing.boxes[index].parent
    return index
