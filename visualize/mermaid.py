"""Mermaid: a drawing as the source of a `stateDiagram-v2`, which forges and notebooks draw by themselves.

Mermaid has neither history states nor named finals nor lines between a state and what is around it; a history is a
state named H or H*, a final a state that leads to [*], the compartment of a composite is a note, and a mark `any in
Work` or `restart Work` stands for the composite at that end of a line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fsm.chart.state import Kind
from visualize.drawing import Box, Drawing, Line, Row
from visualize.labels import printable

_UNSAFE = re.compile(r"[#;:<>{}\"&%`\\\[\]]")


@dataclass(frozen=True, slots=True)
class Mark:
    """A state that stands for a composite where a line begins or ends inside of it."""

    name: str
    words: str
    home: int


def mermaid_source(drawing: Drawing, direction: str = "TB") -> str:
    """The source text, with the states that stand out as classes."""
    root = drawing.boxes[0]
    lines = ["---", f"title: {_quoted(drawing.name)}", "---", "stateDiagram-v2", f"    direction {direction}"]
    marks = _marks(drawing)
    lines += _inside(drawing, root, marks, 1)
    lines += [f"    {text}" for line in drawing.lines for text in _arrows(line, marks.get(line.index))]
    lines += _notes(drawing)
    lines += _classes(drawing, sorted({mark.name for mark in marks.values()}))
    return "\n".join(lines) + "\n"


def _marks(drawing: Drawing) -> dict[int, Mark]:
    """The marks by the numbers of their lines; lines with the same ends share one."""
    found: dict[int, Mark] = {}
    shared: dict[tuple[int, tuple[int, ...]], Mark] = {}
    for line in drawing.lines:
        if line.route == "inward":
            words = f"any in {drawing.boxes[line.source].name}" if line.source else "any state"
            new = Mark(f"any{line.index}", words, _home(drawing, drawing.around(*line.targets)))
            found[line.index] = shared.setdefault((line.source, line.targets), new)
        elif line.route == "outward":
            words, source = f"restart {drawing.boxes[line.targets[0]].name}", drawing.boxes[line.source]
            found[line.index] = Mark(f"again{line.index}", words, _home(drawing, source.parent))
    return found


def _home(drawing: Drawing, index: int) -> int:
    """Never between two regions: then outside of the parallel."""
    while index and drawing.boxes[index].kind is Kind.PARALLEL:
        index = drawing.boxes[index].parent
    return index


def _inside(drawing: Drawing, box: Box, marks: Mapping[int, Mark], depth: int) -> list[str]:
    indent, lines = "    " * depth, []
    regions = [c for c in box.children if drawing.boxes[c].region]
    for number, index in enumerate(box.children):
        child = drawing.boxes[index]
        if box.kind is Kind.PARALLEL and number and child.region and index != regions[0]:
            lines.append(f"{indent}--")
        name = _text(child.name)
        if child.kind is Kind.HISTORY:
            lines.append(f'{indent}state "{"H*" if child.deep else "H"}" as {_id(index)}')
        elif child.kind is Kind.CHOICE:
            lines.append(f"{indent}state {_id(index)} <<choice>>")
        elif child.children:
            lines.append(f'{indent}state "{name}" as {_id(index)} {{')
            lines += _inside(drawing, child, marks, depth + 1)
            lines.append(f"{indent}}}")
        else:
            lines.append(f'{indent}state "{name}" as {_id(index)}')
            lines += [f"{indent}{_id(index)} : {row}" for row in _description(child)]
        if child.kind is Kind.FINAL:
            lines.append(f"{indent}{_id(index)} --> [*]")
    # after the states: one that is named before its declaration is drawn as a plain one
    lines += [f"{indent}[*] --> {_id(target)}" for target in box.initial]
    own = dict.fromkeys(mark for mark in marks.values() if mark.home == box.index)
    return lines + [f'{indent}state "{_text(mark.words)}" as {mark.name}' for mark in own]


def _description(box: Box) -> list[str]:
    hidden = [f"+ {box.hidden} states inside"] if box.hidden else []
    return [*([_text(box.note)] if box.note else []), *hidden, *(_row(row) for row in box.rows)]


def _arrows(line: Line, mark: Mark | None) -> list[str]:
    parts = [
        _text(line.event),
        f"#91;{_text(line.guard)}#93;" if line.guard else "",
        f"/ {_text(line.action)}" if line.action else "",
    ]
    label = " ".join(part for part in parts if part)
    text = f" : {label}" if label else ""
    source = mark.name if mark and line.route == "inward" else _id(line.source)
    if len(line.targets) == 1:
        return [f"{source} --> {mark.name if mark and line.route == 'outward' else _id(line.targets[0])}{text}"]
    bar = f"fork{line.index}"
    return [
        f"state {bar} <<fork>>",
        f"{source} --> {bar}{text}",
        *(f"{bar} --> {_id(target)}" for target in line.targets),
    ]


def _notes(drawing: Drawing) -> list[str]:
    """What a composite does, and the name of a choice: Mermaid has no other place for them."""
    lines = []
    for box in drawing.boxes[1:]:
        rows = [_row(row) for row in box.rows] if box.children else []
        rows = [_text(box.name)] if box.kind is Kind.CHOICE else rows
        if rows:
            lines += [f"    note right of {_id(box.index)}", *(f"        {row}" for row in rows), "    end note"]
    return lines


def _row(row: Row) -> str:
    parts = [row.word, row.text, f"[{row.guard}]" if row.guard else "", f"/ {row.action}" if row.action else ""]
    return _text(" ".join(part for part in parts if part))


def _classes(drawing: Drawing, marks: list[str]) -> list[str]:
    styles = {
        "active": "fill:#D6EBF8,stroke:#0072B2,stroke-width:3px,color:#1F2933,font-weight:bold",
        "visited": "fill:#EEF1F4,stroke:#52606D,color:#1F2933",
        "failed": "fill:#FBE3D6,stroke:#B84A00,stroke-width:3px,color:#1F2933",
    }
    lines = (
        ["    classDef mark fill:none,stroke-dasharray:4,font-style:italic", f"    class {','.join(marks)} mark"]
        if marks
        else []
    )
    for look, style in styles.items():
        # Mermaid cannot give a class to a composite: only what has no children is coloured
        marked = [_id(b.index) for b in drawing.boxes[1:] if b.look == look and not b.children]
        if marked:
            lines += [f"    classDef {look} {style}", f"    class {','.join(marked)} {look}"]
    return lines


def _id(index: int) -> str:
    return f"s{index}"


def _text(text: str) -> str:
    """Mermaid has no escape character, only numbered entities."""
    return _UNSAFE.sub(lambda m: f"#{ord(m.group())};", " ".join(printable(text).split()))


def _quoted(text: str) -> str:
    """A YAML string in double quotes."""
    plain = " ".join(printable(text).split())
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
