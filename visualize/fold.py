"""A fold: a drawing in which some composites are closed, so that a large chart stays readable.

A closed composite is one box that says how many states are in it. Lines to and from its inside end at its border,
those that run inside of it alone are gone, equal ones are drawn once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from fsm.errors import DrawingError
from visualize.drawing import Box, Drawing, Line, Route


def folded(drawing: Drawing, *, collapse: Iterable[str] | int = (), focus: str | None = None) -> Drawing:
    """The drawing with the composites in `collapse` closed; a number closes everything below that level.

    `focus` opens only the way to one state and what is in it. Raises DrawingError for an id that the chart lacks.
    """
    numbers = {box.id: box.index for box in drawing.boxes}
    closed: set[int] = set()
    if isinstance(collapse, int):
        closed |= {b.index for b in drawing.boxes if b.index and b.depth >= max(collapse, 1)}
    else:
        closed |= {_number(drawing, numbers, i) for i in ([collapse] if isinstance(collapse, str) else collapse)}
    if focus is not None:
        closed |= _aside(drawing, _number(drawing, numbers, focus))
    closed = {i for i in closed if drawing.boxes[i].children}
    return _closed(drawing, closed) if closed else drawing


def _number(drawing: Drawing, numbers: dict[str, int], id: str) -> int:
    if not numbers.get(id):
        known = ", ".join(b.id for b in drawing.boxes if b.index and b.children) or "none"
        raise DrawingError(f"{drawing.name}: no state {id!r} to collapse or to focus on. Composites: {known}.")
    return numbers[id]


def _aside(drawing: Drawing, focus: int) -> set[int]:
    """Everything that is neither around the state in focus nor in it."""
    way = {focus, *drawing.ancestors(focus)}
    return {b.index for b in drawing.boxes if b.index not in way and not drawing.inside(b.index, focus)}


def _closed(drawing: Drawing, closed: set[int]) -> Drawing:
    shown = [b for b in drawing.boxes if not closed.intersection(drawing.ancestors(b.index))]
    place = {b.index: i for i, b in enumerate(shown)}

    def seen(index: int) -> int:
        while index not in place:
            index = drawing.boxes[index].parent
        return place[index]

    boxes = tuple(_box(drawing, b, i, place, b.index in closed, seen) for i, b in enumerate(shown))
    made = replace(drawing, boxes=boxes, lines=())
    lines = _merged(x for line in drawing.lines if (x := _line(drawing, made, line, seen)) is not None)
    return replace(made, lines=tuple(replace(x, index=i) for i, x in enumerate(lines)))


def _box(
    drawing: Drawing, box: Box, index: int, place: dict[int, int], closed: bool, seen: Callable[[int], int]
) -> Box:
    moved = replace(box, index=index, parent=place.get(box.parent, -1))
    if not closed:
        initial = tuple(dict.fromkeys(seen(i) for i in box.initial))
        return replace(moved, children=tuple(place[c] for c in box.children), initial=initial)
    inner = drawing.within(box.index)
    look = "failed" if any(b.look == "failed" for b in inner) else box.look
    return replace(moved, children=(), initial=(), hidden=len(inner), look=look, framed=True)


def _line(old: Drawing, made: Drawing, line: Line, seen: Callable[[int], int]) -> Line | None:
    """The line between what is left of its ends; None when both are in the same closed box."""
    source, targets = seen(line.source), tuple(dict.fromkeys(seen(i) for i in line.targets))
    box = made.boxes[source]
    if box.hidden and targets == (source,) and old.boxes[line.source].id != box.id:
        return None
    route: Route = "across"
    if source in targets:
        route = "loop"
    elif all(made.inside(t, source) for t in targets):
        route = "inward"
    elif len(targets) == 1 and made.inside(source, targets[0]):
        route = "outward"
    return replace(line, source=source, targets=targets, route=route)


def _merged(lines: Iterable[Line]) -> list[Line]:
    """Lines that say the same between the same boxes are one line."""
    found: dict[tuple[object, ...], Line] = {}
    for line in lines:
        key = (line.source, line.targets, line.kind, line.event, line.guard, line.action)
        if key in found:
            line = replace(found[key], taken=found[key].taken + line.taken, last=found[key].last or line.last)
        found[key] = line
    return list(found.values())
