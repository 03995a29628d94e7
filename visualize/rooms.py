"""Rooms: the DOT text that lays one box out by itself.

What lies in a child that was laid out before is not told again: the child is a node of its size, with ports on its
border where lines go through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from fsm.chart.state import Kind
from visualize import labels, shapes
from visualize.anchors import Mark
from visualize.dot import Direction, sheet, subgraph
from visualize.drawing import Drawing
from visualize.plot import Plot
from visualize.routes import Gate, Piece, Way
from visualize.theme import Theme


@dataclass(frozen=True, slots=True)
class Try:
    """One way of saying the same: engines cross lines in one that are apart in another."""

    direction: Direction
    reverse: bool = False
    mirror: bool = False


_UNSEEN = MappingProxyType({"label": "", "shape": "point", "style": "invis", "width": "0.01", "height": "0.01"})


@dataclass(frozen=True, slots=True)
class Site:
    """What the layouts of all boxes share: the pieces of lines by their boxes, and the plots made so far."""

    drawing: Drawing
    theme: Theme
    direction: Direction
    marks: tuple[Mark, ...]
    homed: Mapping[int, Sequence[Piece]]
    plots: dict[int, Plot] = field(default_factory=dict)


def room_source(site: Site, box: int, attempt: Try) -> str:
    """The DOT text of one box; its edges are named piece0, piece1, … in the order of its pieces."""
    theme, one, homed = site.theme, site.drawing.boxes[box], site.homed[box]
    g = sheet(theme, attempt.direction, label=_title(site.drawing, box, theme), pad="0")
    if one.kind is Kind.PARALLEL:
        for child in (site.drawing.boxes[c] for c in one.children):
            if child.kind is Kind.HISTORY:
                g.node(f"s{child.index}", **shapes.state(child, theme))
        for mark in site.marks:
            if mark.home == box:
                g.node(mark.name, **shapes.mark(site.drawing, mark, theme, attempt.direction))
        g.node("nothing", **_UNSEEN)
        return str(g.source)
    _nodes(g, site, box, attempt)
    gates = sorted({e.name: e for p in homed for e in (p.tail, p.head) if isinstance(e, Gate) and e.box == box}.items())
    for first in (True, False):
        with subgraph(g, f"gates_{first}") as level:
            level.attr(rank="source" if first else "sink")
            for name, gate in gates:
                if gate.first is first:
                    level.node(name, **_UNSEEN)
    edges = [_edge(site, box, i, piece, attempt.direction) for i, piece in enumerate(homed)]
    for tail, head, look in reversed(edges) if attempt.reverse else edges:
        g.edge(tail, head, **look)
    if one.initial:
        for name in _unreached(site, box, edges):
            g.edge(f"i{box}", name, style="invis", weight="0")
    return str(g.source)


def _title(drawing: Drawing, box: int, theme: Theme) -> str:
    one = drawing.boxes[box]
    if not box:
        return labels.page_label(one, theme)
    if not one.children:
        return ""
    return labels.frame_label(one, theme) if one.framed else labels.region_label(one, theme)


def _nodes(g: Any, site: Site, box: int, attempt: Try) -> None:
    one, theme = site.drawing.boxes[box], site.theme
    if one.initial:
        g.node(f"i{box}", **shapes.initial(theme))
    for mark in site.marks:
        if mark.home == box:
            g.node(mark.name, **shapes.mark(site.drawing, mark, theme, attempt.direction))
    # a region without children is alone in its room
    children = one.children or ((box,) if box else ())
    for child in (site.drawing.boxes[c] for c in (children[::-1] if attempt.mirror else children)):
        if child.children:
            g.node(f"s{child.index}", **_nested(site.plots[child.index]))
        elif child.kind is Kind.FINAL:
            with subgraph(g, f"cluster_name_{child.index}") as below:
                below.attr(**shapes.name_below(child, theme))
                below.node(f"s{child.index}", **shapes.state(child, theme))
        else:
            g.node(f"s{child.index}", **shapes.state(child, theme))


def _nested(plot: Plot) -> dict[str, str]:
    """A child that was laid out: a node of its size, with a cell for each gate."""
    return {
        "shape": "box", "fixedsize": "true", "margin": "0", "width": f"{plot.width / 72:.4f}",
        "height": f"{plot.height / 72:.4f}", "label": _doors(plot), "class": "nested",
    }  # fmt: skip


def _doors(plot: Plot) -> str:
    """The ports of a node: rows of cells along its borders."""
    wide, high = round(plot.width), round(plot.height)
    at = {side: sorted((p, f"g{way}") for way, (s, p) in plot.gates.items() if s == side) for side in "nswe"}
    if not plot.gates:
        return ""
    across = {s: _cells([(x, n) for (x, _), n in at[s]], wide, 'HEIGHT="1" WIDTH', "<TR>{}</TR>") for s in "ns"}
    down = {
        s: _cells(sorted((high - y, n) for (_, y), n in at[s]), high - 2, 'WIDTH="1" HEIGHT', "{}", "<TR>{}</TR>")
        for s in "we"
    }
    side = '<TD WIDTH="1">{}</TD>'
    middle = f'{side.format(down["w"])}<TD FIXEDSIZE="TRUE" WIDTH="{wide - 2}" HEIGHT="{high - 2}"></TD>'
    inner = f"<TR>{middle}{side.format(down['e'])}</TR>"
    rows = f"<TR><TD>{across['n']}</TD></TR><TR><TD>{_table(inner)}</TD></TR><TR><TD>{across['s']}</TD></TR>"
    return f"<{_table(rows)}>"


def _cells(gates: Sequence[tuple[float, str]], length: int, size: str, outer: str, each: str = "{}") -> str:
    """A strip of cells, those of the gates two points long and the others between them."""
    cells, here = [], 0
    for at, name in gates:
        start = max(round(at) - 1, here)
        if start > here:
            cells.append(f'<TD FIXEDSIZE="TRUE" {size}="{start - here}"></TD>')
        cells.append(f'<TD FIXEDSIZE="TRUE" PORT="{name}" {size}="2"></TD>')
        here = start + 2
    if length > here:
        cells.append(f'<TD FIXEDSIZE="TRUE" {size}="{length - here}"></TD>')
    return _table(outer.format("".join(each.format(c) for c in cells)))


def _table(rows: str) -> str:
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">{rows}</TABLE>'


def _edge(site: Site, box: int, number: int, piece: Piece, direction: Direction) -> tuple[str, str, dict[str, str]]:
    """Tail, head and attributes; a piece against the flow is declared the other way round, so that ranks follow it."""
    way, line = piece.way, piece.way.line
    look = {"id": f"piece{number}"}
    if line is None:
        look |= {"weight": "8", "arrowsize": "0.6"}
    elif way.named and _bears_text(site.drawing, piece):
        text = labels.line_label(site.drawing.sharing(line), site.theme, above=direction == "LR")
        look |= {"label": text} if text else {}
    arrives = way.tipped and piece.head == way.end.node
    look["arrowtail" if way.back else "arrowhead"] = "normal" if arrives else "none"
    look["dir"] = "back" if way.back else "forward"
    if piece.tail == piece.head:
        side = "e" if direction == "TB" else "n"
        return f"{piece.tail}:{side}", f"{piece.head}:{side}", look
    tail, head = (_port(site, end, way, box) for end in (piece.tail, piece.head))
    if direction == "LR" and not way.back and arrives and _is_final(site.drawing, head):
        head += ":w"  # its name stands below it
    return (head, tail, look) if way.back else (tail, head, look)


def _is_final(drawing: Drawing, node: str) -> bool:
    return node.startswith("s") and ":" not in node and drawing.boxes[int(node[1:])].kind is Kind.FINAL


def _bears_text(drawing: Drawing, piece: Piece) -> bool:
    """The text stands where both ends meet; of a line between regions, in the region that is left, or entered."""
    out, into = piece.way.start.shells, piece.way.end.shells
    meet = next(shell for shell in out if shell in into)
    homes = [meet, *out[: out.index(meet)], *into[: into.index(meet)][::-1]]
    return piece.home == next((i for i in homes if drawing.boxes[i].kind is not Kind.PARALLEL), meet)


def _port(site: Site, end: str | Gate, way: Way, box: int) -> str:
    if isinstance(end, str):
        return end
    if end.box == box:
        return end.name
    plot = site.plots[end.box]
    parallel = site.drawing.boxes[end.box].kind is Kind.PARALLEL
    if parallel and {way.start.node, way.end.node} & plot.nodes.keys():
        return f"s{end.box}"  # a history of a parallel goes to where the line arrives
    return f"s{end.box}:{end.name}:{plot.gates[end.way][0]}"


def _unreached(site: Site, box: int, edges: Sequence[tuple[str, str, dict[str, str]]]) -> Iterator[str]:
    """What nothing leads to: it would rise above the initial dot, where the box is entered."""
    ends = [(tail.partition(":")[0], head.partition(":")[0]) for tail, head, _ in edges]
    reached = {head for tail, head in ends if tail != head}
    names = [f"s{c}" for c in site.drawing.boxes[box].children] + [m.name for m in site.marks if m.home == box]
    yield from (name for name in names if name not in reached)
