"""Routes: the way of every line through the nest of boxes, one piece for each box that it runs through.

Each composite is laid out by itself, so a line that leaves one passes its border at a gate. Along the flow it leaves
at the last border and enters at the first one (bottom and top in a picture from top to bottom), against it the other
way round.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fsm.chart.state import Kind
from visualize.anchors import Mark
from visualize.drawing import Drawing, Line


@dataclass(frozen=True, slots=True)
class Spot:
    """A node, and the boxes around it from the nearest to the machine itself."""

    node: str
    shells: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One unbroken curve: a line, a part of a line with several targets, or (`line` None) the one of an initial dot."""

    key: str
    line: Line | None
    start: Spot
    end: Spot
    back: bool = False
    tipped: bool = True
    named: bool = True


@dataclass(frozen=True, slots=True)
class Gate:
    """Where a way passes the border of a box; `first` where the flow enters."""

    box: int
    way: str
    first: bool

    @property
    def name(self) -> str:
        """Its name in DOT, as a node inside of the box and as a port outside."""
        return f"g{self.way}"


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of a way inside one box: from a node or the gate of a child to another one, or to the own gate."""

    way: Way
    home: int
    tail: str | Gate
    head: str | Gate


def ways(drawing: Drawing, marks: tuple[Mark, ...]) -> Iterator[Way]:
    """All curves of a drawing."""
    for box in drawing.boxes:
        for number, target in enumerate(box.initial):
            dot = Spot(f"i{box.index}", (box.index, *drawing.ancestors(box.index)))
            yield Way(f"i{box.index}x{number}", None, dot, spot(drawing, target))
    own = {(m.kind, m.line.index): _at(drawing, m) for m in marks}
    pills = {(m.line.source, m.line.targets): _at(drawing, m) for m in marks if m.kind == "pill"}
    for line in (x for x in drawing.lines if drawing.sharing(x)):
        start = pills[line.source, line.targets] if line.route == "inward" else spot(drawing, line.source)
        key, bar = str(line.index), own.get(("bar", line.index))
        if bar is not None:
            yield Way(key, line, start, bar, back=line.back, tipped=False)
            for number, target in enumerate(line.targets):
                yield Way(f"{key}x{number}", line, bar, spot(drawing, target), back=line.back, named=False)
        elif line.route == "outward":
            first = line.targets[0]
            restart = own.get(("restart", line.index))
            dot = Spot(f"i{first}", (first, *drawing.ancestors(first)))
            yield Way(key, line, start, restart or dot, back=restart is None)
        else:
            yield Way(key, line, start, spot(drawing, line.targets[0]), back=line.back)


def spot(drawing: Drawing, index: int) -> Spot:
    """Where a box stands; a region without children stands in a room of its own."""
    box = drawing.boxes[index]
    own = (index,) if box.region and not box.children else ()
    return Spot(f"s{index}", (*own, *drawing.ancestors(index)))


def _at(drawing: Drawing, mark: Mark) -> Spot:
    return Spot(mark.name, (mark.home, *drawing.ancestors(mark.home)))


def pieces(drawing: Drawing, way: Way) -> tuple[Piece, ...]:
    """The pieces of a way, from its start to its end."""
    out, into = way.start.shells, way.end.shells
    around = next(shell for shell in out if shell in into)
    left, entered = out[: out.index(around)], into[: into.index(around)][::-1]
    # between two regions there is no flow: such a way runs below them
    below = drawing.boxes[around].kind is Kind.PARALLEL
    here: str | Gate = way.start.node
    found = []
    for shell in left:
        gate = Gate(shell, way.key, way.back and not below)
        found.append(Piece(way, shell, here, gate))
        here = gate
    doors = [Gate(shell, way.key, not way.back and not below) for shell in entered]
    inner: list[str | Gate] = [*doors, way.end.node]
    found.append(Piece(way, around, here, inner[0]))
    for door, following in zip(doors, inner[1:], strict=True):
        found.append(Piece(way, door.box, door, following))
    return tuple(found)
