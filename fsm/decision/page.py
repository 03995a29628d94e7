"""The drawing of a table: one column for each field, one for the answer, and a line for each rule."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from fsm.decision.column import Column
from fsm.decision.domain import spelled
from fsm.decision.inspection import MISSING
from fsm.decision.rule import Rule


def markdown_of(columns: Sequence[Column[Any, Any]], rules: Sequence[Rule[Any, Any]], otherwise: Any) -> str:
    """A table in Markdown."""
    head, *lines = _lines(columns, rules, otherwise)
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(text.replace('|', chr(92) + '|') for text in row)} |" for row in rows)


def html_of(name: str, columns: Sequence[Column[Any, Any]], rules: Sequence[Rule[Any, Any]], otherwise: Any) -> str:
    """A table in HTML, for notebooks."""
    head, *lines = _lines(columns, rules, otherwise)
    rows = [_row(head, "th"), *(_row(line, "td") for line in lines)]
    return f"<table><caption>{escape(name)}</caption>{''.join(rows)}</table>"


def _row(texts: Sequence[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(text)}</{tag}>' for text in texts)}</tr>"


def _lines(columns: Sequence[Column[Any, Any]], rules: Sequence[Rule[Any, Any]], otherwise: Any) -> list[list[str]]:
    lines = [["", *(column.name for column in columns), "then"]]
    for number, rule in enumerate(rules, 1):
        asked = [[c.text for c in rule.cells if c.column.is_like(column)] for column in columns]
        lines.append([str(number), *(" and ".join(texts) for texts in asked), spelled(rule.then)])
    if otherwise is not MISSING:
        lines.append(["", *("" for _ in columns[1:]), "otherwise", spelled(otherwise)])
    return lines
