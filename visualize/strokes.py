"""Strokes: the edges of DOT that draw one line: one in most cases, more where a mark lies between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import graphviz  # type: ignore[import-untyped]

from fsm.chart.state import Kind
from visualize import labels
from visualize.anchors import border, entrance, way_out
from visualize.drawing import Drawing, Line
from visualize.theme import Theme

Stroke = tuple[str, str, dict[str, str]]
Pills = Mapping[tuple[int, tuple[int, ...]], str]


def strokes(drawing: Drawing, line: Line, theme: Theme, *, pills: Pills, across: str) -> Iterator[Stroke]:
    """Tail, head and attributes of each edge; `across` is the side where a loop keeps clear of the flow.

    A line against the flow is declared the other way round and drawn with `dir=back`: `constraint=false` would
    strand its label in a corner of the page.
    """
    look = appearance(drawing, line, theme)
    text = labels.line_label([line], theme, above=across in "ns")
    labelled = {**look, "label": text} if text else look
    first = line.targets[0]
    pill = pills.get((line.source, line.targets)) if line.route == "inward" else None
    tail = pill or way_out(drawing, line.source)
    leave = {} if pill else border(drawing, line.source, "ltail")
    if len(line.targets) > 1 and line.back:
        yield (f"bar{line.index}", tail, {**labelled, **_turned(leave), "arrowhead": "none"})
        for target in line.targets:
            arrive = {} if drawing.inside(line.source, target) else border(drawing, target, "ltail")
            yield (entrance(drawing, target), f"bar{line.index}", {**look, **arrive, "dir": "back"})
    elif len(line.targets) > 1:
        yield (tail, f"bar{line.index}", {**labelled, **leave, "arrowhead": "none"})
        for target in line.targets:
            arrive = {} if drawing.inside(line.source, target) else border(drawing, target, "lhead")
            yield (f"bar{line.index}", entrance(drawing, target), {**look, **arrive})
    elif line.route == "loop" and drawing.boxes[line.source].composite:
        yield (tail, f"loop{line.index}", {**look, **leave, "arrowhead": "none"})
        yield (tail, f"loop{line.index}", {**look, **leave, "dir": "back"})
    elif line.route == "loop":
        yield (f"{tail}:{across}", f"{tail}:{across}", labelled)
    elif line.route == "outward" and drawing.boxes[first].kind is Kind.PARALLEL:
        yield (tail, f"restart{line.index}", {**labelled, **leave})
    elif line.route == "outward":
        yield (entrance(drawing, first), tail, {**labelled, **_turned(leave), "dir": "back"})
    elif line.back:
        swapped = {**border(drawing, first, "ltail"), **_turned(leave)}
        yield (entrance(drawing, first), tail, {**labelled, **swapped, "dir": "back"})
    else:
        ends = {**leave, **border(drawing, first, "lhead"), **_clear(drawing, line)}
        yield (tail, entrance(drawing, first), {**labelled, **ends})


def _turned(leave: Mapping[str, str]) -> dict[str, str]:
    """The border that a line leaves, where it is declared the other way round."""
    return {"lhead": leave["ltail"]} if leave else {}


def _clear(drawing: Drawing, line: Line) -> dict[str, str]:
    """A line out of the box of a state with a loop starts at a corner, or it would cross the loop's label."""
    loops = any(x.route == "loop" and x.source == line.source for x in drawing.lines)
    far = drawing.around(*line.targets) != drawing.boxes[line.source].parent
    return {"tailport": "se"} if loops and far and not drawing.boxes[line.source].composite else {}


def appearance(drawing: Drawing, line: Line, theme: Theme) -> dict[str, str]:
    """How a line looks, and how a page finds it."""
    boxes = drawing.boxes
    ends = f"{boxes[line.source].id or drawing.name} → {', '.join(boxes[i].id or drawing.name for i in line.targets)}"
    tip = tooltip(line.name, ends, line.doc)
    words = ["transition", line.kind, *(["taken"] if line.taken else []), *(["last"] if line.last else [])]
    look = {"id": f"edge-{line.index}", "class": " ".join(words), "tooltip": tip, "labeltooltip": tip}
    if line.kind in ("after", "failed"):
        look["color"] = theme.word(line.kind)
    if line.kind in ("after", "default"):
        look["style"] = "dashed" if line.kind == "after" else "dotted"
    if line.taken:
        look["penwidth"] = "2.1" if line.share is None else f"{1.2 + 3.8 * line.share:.1f}"
    if line.url:
        look |= {"URL": line.url, "target": "_top"}
    if line.last:
        look |= {"color": theme.active, "penwidth": "2.8"}
    return look


def tooltip(*texts: str) -> str:
    """Texts for the mouse, one below the other; backslashes of the user stay backslashes."""
    shown = "\n".join(labels.printable(text.strip()) for text in texts if text.strip())
    return str(graphviz.escape(shown))
