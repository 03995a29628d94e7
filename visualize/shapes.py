"""Shapes: how each thing of a drawing looks, as the attributes of a node or a cluster of DOT."""

from __future__ import annotations

from fsm.chart.state import Kind
from visualize import labels
from visualize.anchors import Mark
from visualize.drawing import Box, Drawing
from visualize.strokes import tooltip
from visualize.theme import Theme

Attributes = dict[str, str]

EYE = 0.16
"""Inches across the inner circle of a bullseye."""


def frame(drawing: Drawing, box: Box, theme: Theme) -> Attributes:
    """The border of a composite with its header; a region that has nothing of its own shows neither."""
    fill = behind(drawing, theme, box.index)
    colour = {"active": theme.active, "failed": theme.failure}.get(box.look, theme.nest_line)
    # attributes of a cluster are inherited by the clusters in it: all are said again on each
    look = {
        "label": labels.frame_label(box, theme), "labeljust": "l", "labelloc": "t", "style": "rounded,filled",
        "margin": "14", "fillcolor": fill, "bgcolor": fill, "color": colour, "peripheries": "1",
        "penwidth": "2" if box.look in ("active", "failed") else "1.1", **address(box),
    }  # fmt: skip
    if not box.framed:
        look |= {"label": labels.region_label(box, theme), "peripheries": "0", "style": "filled", "margin": "12"}
    return look


def behind(drawing: Drawing, theme: Theme, index: int) -> str:
    """The colour behind whatever lies directly in this box: one step darker for each level."""
    box = drawing.boxes[index]
    if not index:
        return theme.paper
    if box.region and not box.framed:
        return behind(drawing, theme, box.parent)
    if box.look == "active":
        return theme.active_nest
    depth = sum(drawing.boxes[i].framed for i in (index, *drawing.ancestors(index)) if i)
    return theme.nest[min(depth, len(theme.nest)) - 1]


def state(box: Box, theme: Theme) -> Attributes:
    """A box without others inside: a state, a bullseye or a history."""
    strong = {"active": theme.active, "failed": theme.failure}.get(box.look)
    match box.kind:
        case Kind.FINAL:
            colour = strong or theme.ink
            return {
                "label": "", "shape": "doublecircle", "width": str(EYE), "height": str(EYE), "fixedsize": "true",
                "style": "filled", "fillcolor": colour, "color": colour, "penwidth": "1.2", **address(box),
            }  # fmt: skip
        case Kind.HISTORY:
            letter = labels.painted("H*" if box.deep else "H", theme.ink, size="10", style="B")
            return {
                "label": f"<{letter}>", "shape": "circle", "width": "0.32", "fixedsize": "true", "style": "filled",
                "fillcolor": theme.state, "color": theme.state_line, "penwidth": "1.1", **address(box),
            }  # fmt: skip
        case Kind.CHOICE:
            return {
                "label": labels.choice_label(box, theme), "shape": "diamond", "style": "filled", "margin": "0.02,0.01",
                "fillcolor": theme.visited_fill if box.look == "visited" else theme.state, "color": theme.state_line,
                "penwidth": "1.1", **address(box),
            }  # fmt: skip
        case _:
            fills = {"active": theme.active_fill, "failed": theme.failed_fill, "visited": theme.visited_fill}
            return {
                "label": labels.state_label(box, theme), "shape": "box", "style": "rounded,filled",
                "margin": "0.06,0.02", "fillcolor": fills.get(box.look, theme.state),
                "color": strong or theme.state_line, "penwidth": "2.6" if strong else "1.1", **address(box),
            }  # fmt: skip


def name_below(box: Box, theme: Theme) -> Attributes:
    """The one-node cluster without border that keeps room for the name below a bullseye."""
    # it lies beside others with little room between them: nothing of it may be seen but the name
    return {
        "label": labels.final_label(box, theme), "labelloc": "b", "labeljust": "c", "peripheries": "0", "margin": "2",
        "style": "rounded", "fillcolor": "transparent", "bgcolor": "transparent", "id": tooltip(f"name-{box.id}"),
        "tooltip": " ", "class": "name",
    }  # fmt: skip


def initial(theme: Theme) -> Attributes:
    """The dot where a composite begins."""
    return {
        "label": "", "shape": "circle", "width": "0.13", "fixedsize": "true", "style": "filled", "class": "initial",
        "fillcolor": theme.ink, "color": theme.ink, "tooltip": " ",
    }  # fmt: skip


def initial_line(theme: Theme) -> Attributes:
    """The line from the initial dot."""
    return {"color": theme.line, "arrowsize": "0.6", "weight": "8", "class": "initial", "tooltip": " "}


def mark(drawing: Drawing, one: Mark, theme: Theme, direction: str) -> Attributes:
    """The node that belongs to a line: a bar of several targets, a pill that stands for states."""
    if one.kind == "bar":
        width, height = ("0.62", "0.06") if direction == "TB" else ("0.06", "0.62")
        return {
            "label": "", "shape": "box", "style": "filled", "fillcolor": theme.ink, "color": theme.ink,
            "fixedsize": "true", "width": width, "height": height, "tooltip": " ", "class": "fork",
        }  # fmt: skip
    boxes, line = drawing.boxes, one.line
    if one.kind == "loop":
        text = labels.line_label([line], theme) or " "
        return {
            "label": text, "shape": "box", "style": "rounded", "color": "transparent", "fontsize": "9.5",
            "margin": "0.02,0.02", "height": "0.1", "width": "0.1", "tooltip": " ", "class": "loop",
        }  # fmt: skip
    words = f"any in {boxes[line.source].name}" if line.source else "any state"
    words = f"restart {boxes[line.targets[0]].name}" if one.kind == "restart" else words
    if len(line.targets) > 1 and boxes[one.home].kind is Kind.PARALLEL:
        words += f": {line.event}"  # between the mark and its bar there is no room for a text
    return {
        "label": labels.pill_label(words, theme), "shape": "box", "style": "rounded,dashed", "penwidth": "1",
        "color": theme.nest_line, "margin": "0,0", "height": "0.1", "width": "0.1", "tooltip": " ", "class": one.kind,
    }  # fmt: skip


def address(box: Box) -> Attributes:
    """How a page finds the state, and what it says when the mouse rests on it."""
    words = ["state", box.kind.value, *(["region"] if box.region else []), *([box.look] if box.look else [])]
    words += ["closed"] if box.hidden else []
    link = {"URL": box.url, "target": "_top"} if box.url else {}
    return {
        "id": tooltip(f"state-{box.id}"),
        "class": " ".join(words),
        "tooltip": tooltip(box.id, " ".join(f"#{tag}" for tag in box.tags), box.doc),
        **link,
    }
