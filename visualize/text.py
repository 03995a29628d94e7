"""The text tree: a chart for terminals, ● on what is active, √ on what was visited, ! on what failed."""

from __future__ import annotations

from fsm.chart.state import Kind
from visualize.drawing import Box, Drawing, Line, Row
from visualize.labels import printable

MARKS = {"active": "● ", "visited": "√ ", "failed": "! ", "": ""}


def tree(drawing: Drawing, *, transitions: bool = True) -> str:
    """One state a line, its transitions below it; ends without a line end."""
    lines = [printable(drawing.name)]
    lines += _details(drawing, drawing.boxes[0], "" if not drawing.boxes[0].children else "│ ", transitions)
    lines += _children(drawing, transitions)
    return "\n".join(line.rstrip() for line in lines)


def _children(drawing: Drawing, transitions: bool) -> list[str]:
    """The states in document order, each with the lines of its tree in front; no recursion for deep charts."""
    found: list[str] = []
    front: dict[int, str] = {0: ""}
    for box in drawing.boxes[1:]:
        siblings = drawing.boxes[box.parent].children
        last = box.index == siblings[-1]
        before = front[box.parent]
        front[box.index] = before + ("   " if last else "│  ")
        found.append(f"{before}{'└─ ' if last else '├─ '}{_title(drawing, box)}")
        below = front[box.index] + ("│ " if box.children else "  ")
        found += _details(drawing, box, below, transitions)
    return found


def _title(drawing: Drawing, box: Box) -> str:
    parent = drawing.boxes[box.parent]
    notes = ["initial"] if box.index in parent.initial and len(parent.children) > 1 else []
    match box.kind:
        case Kind.PARALLEL:
            notes.append("parallel")
        case Kind.FINAL:
            notes.append("final")
        case Kind.CHOICE:
            notes.append("choice")
        case Kind.HISTORY:
            notes.append("deep history" if box.deep else "history")
    notes += [f"#{tag}" for tag in box.tags] + [f"{box.hidden} states inside"] * bool(box.hidden)
    notes += [box.note] if box.note else []
    return f"{MARKS[box.look]}{printable(box.name)}{'  (' + ', '.join(notes) + ')' if notes else ''}"


def _details(drawing: Drawing, box: Box, front: str, transitions: bool) -> list[str]:
    if not transitions:
        return []
    rows = [f"{front}{_row(row)}" for row in box.rows]
    return rows + [f"{front}{_line(drawing, line)}" for line in drawing.lines if line.source == box.index]


def _row(row: Row) -> str:
    parts = [row.word, row.text, f"[{row.guard}]" if row.guard else "", f"/ {row.action}" if row.action else ""]
    return printable(" ".join(part for part in parts if part))


def _line(drawing: Drawing, line: Line) -> str:
    targets = ", ".join(drawing.boxes[i].id or drawing.name for i in line.targets)
    parts = [
        line.event or {"default": "by default", "choose": "or"}.get(line.kind, "always"),
        f"[{line.guard}]" if line.guard else "",
        f"→ {targets}",
        f"/ {line.action}" if line.action else "",
        f"(taken {line.taken}×{', last' if line.last else ''})" if line.taken else "",
    ]
    return printable(" ".join(part for part in parts if part))
