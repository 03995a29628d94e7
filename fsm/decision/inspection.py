"""The inspection of a table: everything that is wrong with it, in the order of its rules, with a case that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_json

from fsm.chart.declared import shown
from fsm.decision.axis import Axis
from fsm.decision.column import Cell, Column
from fsm.decision.domain import spelled
from fsm.decision.proof import Box, ProofTooLong, common, gaps, holes, overlaps
from fsm.decision.rule import Rule
from fsm.limits import PROBLEMS_MAX, PROOF_STEPS_MAX

HITS = ("unique", "any", "first", "collect")
MISSING = object()
"""Stands for an `otherwise` that was not given."""

AnyRule = Rule[Any, Any]


@dataclass(frozen=True)
class Sheet:
    """The rules of a table as boxes over the axes of its columns."""

    rules: tuple[AnyRule, ...]
    columns: tuple[Column[Any, Any], ...]
    axes: tuple[Axis, ...]
    boxes: tuple[Box, ...]

    @classmethod
    def of(cls, rules: tuple[AnyRule, ...]) -> Sheet:
        """Cut every column where some cell of it cuts."""
        cells: dict[tuple[str, ...], list[Cell[Any]]] = {}
        for cell in (cell for rule in rules for cell in rule.cells):
            cells.setdefault(cell.column.path, []).append(cell)
        columns = tuple(found[0].column for found in cells.values())
        axes = tuple(
            Axis(column.domain, [point for cell in cells[column.path] for point in cell.mentions])
            for column in columns
            if column.domain is not None
        )
        return cls(rules, columns, axes, tuple(_box(rule, columns, axes) for rule in rules))

    @property
    def whole(self) -> Box:
        """All cases."""
        return tuple((1 << len(axis.witnesses)) - 1 for axis in self.axes)

    def example(self, box: Box) -> str:
        """One case of a box, as the values of its columns."""
        return ", ".join(
            f"{column.name}={spelled(axis.witnesses[(slots & -slots).bit_length() - 1])}"
            for column, axis, slots in zip(self.columns, self.axes, box, strict=True)
        )

    def text(self, box: Box) -> str:
        """All cases of a box, as cells."""
        told = [(c.name, axis.text(slots)) for c, axis, slots in zip(self.columns, self.axes, box, strict=True)]
        return ", ".join(f"{name} {text}" for name, text in told if text) or "any case"


def mistakes_of(model: type[BaseModel], rules: Sequence[object], hits: str, otherwise: Any) -> list[str]:
    """What is wrong with the parts of a table, before anything can be proved."""
    mistakes = [] if hits in HITS else [f"hits={hits!r} is unknown; it is one of {', '.join(HITS)}"]
    if not rules:
        mistakes.append("it has no rules; write rule(…, then=…)")
    for number, rule in enumerate(rules, 1):
        if not isinstance(rule, Rule):
            mistakes.append(f"{shown(rule)} is not a rule; write rule(…, then=…)")
            continue
        told = dict.fromkeys(_mistakes_of_rule(model, rule))
        mistakes += [f"{rule.where}: rule {number}: {mistake}" for mistake in told]
    if otherwise is not MISSING and hits == "collect" and not isinstance(otherwise, list | tuple):
        mistakes.append("with hits='collect' otherwise is a list, as its answers are")
    if problem := _unwritable(otherwise):
        mistakes.append(f"otherwise={shown(otherwise)} {problem}")
    return mistakes


def _mistakes_of_rule(model: type[BaseModel], rule: AnyRule) -> Iterator[str]:
    if not rule.cells:
        yield "it asks nothing, so that it would hold for every case; write otherwise=… of the table"
    for cell in rule.cells:
        if not isinstance(cell, Cell):
            yield (
                f"{shown(cell)} is not a cell; compare a column with a constant, so that it can be proved, and work"
                f" out anything else in a field of the case"
            )
            continue
        if not issubclass(model, cell.column.model):
            yield f"column {cell.column.name} is of {cell.column.model.__name__}, the table of {model.__name__}"
        yield from cell.problems
    if problem := _unwritable(rule.then):
        yield f"then={shown(rule.then)} {problem}"


def _unwritable(output: Any) -> str:
    if output is MISSING:
        return ""
    try:
        to_json(output)
    except (PydanticSerializationError, ValueError):
        return "cannot be written to a journal; answer with values that JSON can carry"
    return ""


def _box(rule: AnyRule, columns: tuple[Column[Any, Any], ...], axes: tuple[Axis, ...]) -> Box:
    box = []
    for column, axis in zip(columns, axes, strict=True):
        slots = (1 << len(axis.witnesses)) - 1
        for cell in rule.cells:
            slots &= axis.mask(cell.holds) if cell.column.is_like(column) else slots
        box.append(slots)
    return tuple(box)


def problems_of(sheet: Sheet, hits: str, otherwise: Any) -> list[str]:
    """What cannot be proved of a table: holes, overlaps, and rules that never count."""
    found: list[tuple[int, str]] = []
    problems = [_empty(sheet), _clashes(sheet, hits), _hidden(sheet, hits), _open(sheet, otherwise)]
    try:
        for kind in problems:
            found += islice(kind, PROBLEMS_MAX)
            if next(kind, None) is not None:
                found.append((len(sheet.rules), "… and more of this kind"))
    except ProofTooLong:
        more = f"its rules overlap so much that {PROOF_STEPS_MAX:,} steps prove nothing; split the table"
        found.append((len(sheet.rules), more))
    return [text for _, text in sorted(found, key=lambda problem: problem[0])]


def _empty(sheet: Sheet) -> Iterator[tuple[int, str]]:
    for number, (rule, box) in enumerate(zip(sheet.rules, sheet.boxes, strict=True)):
        if not all(box):
            column = sheet.columns[[bool(slots) for slots in box].index(False)]
            cells = " and ".join(cell.text for cell in rule.cells if cell.column.is_like(column))
            yield number, f"{_rule(sheet, number)} never holds, no {column.name} is {cells}; mend it, or remove it"


def _clashes(sheet: Sheet, hits: str) -> Iterator[tuple[int, str]]:
    if hits not in ("unique", "any"):
        return
    for i, j, shared in overlaps(sheet.boxes):
        one, other = sheet.rules[i].then, sheet.rules[j].then
        if hits == "unique" or one != other:
            said = f"say {spelled(one)} and {spelled(other)}" if one != other else f"both say {spelled(one)}"
            yield (
                i,
                f"{_rule(sheet, i)} and {_rule(sheet, j)} both hold for {sheet.example(shared)}, and {said}; narrow"
                f" one of them, or say which counts with hits=…",
            )


def _hidden(sheet: Sheet, hits: str) -> Iterator[tuple[int, str]]:
    if hits != "first":
        return
    for number, box in enumerate(sheet.boxes):
        if all(box) and next(gaps(box, sheet.boxes[:number]), None) is None:
            before = [n + 1 for n in range(number) if common(box, sheet.boxes[n]) is not None]
            rules = f"rule{'s' * (len(before) > 1)} {', '.join(map(str, before))}"
            yield number, f"{_rule(sheet, number)} is never reached behind {rules}; move it up, or remove it"


def _open(sheet: Sheet, otherwise: Any) -> Iterator[tuple[int, str]]:
    last = len(sheet.rules)
    rules = [box for box in sheet.boxes if all(box)]
    found = holes(sheet.whole, rules, apart=next(overlaps(rules), None) is None)
    if otherwise is MISSING:
        for hole in found:
            yield last, f"no rule for {sheet.text(hole)}, such as {sheet.example(hole)}; add one, or otherwise=…"
    elif next(found, None) is None:
        yield last, "otherwise is never used, since the rules answer every case; remove it"


def _rule(sheet: Sheet, number: int) -> str:
    rule = sheet.rules[number]
    return f"{rule.where}: rule {number + 1} ({', '.join(map(str, rule.cells))})"
