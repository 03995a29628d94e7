"""The report: figures as a table for people and as data for programs, with the machine that they belong to."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.figure import Figure, Outcome, Skipped

WIDE = 220
"""Columns of an output that is no terminal."""

_PACKAGES = ("pydantic", "anyio", "sqlalchemy", "sqlmodel", "transitions", "orjson")


def machine() -> dict[str, str]:
    """The machine and the versions that the figures belong to."""
    found = {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": f"{os.cpu_count()} x {_processor()}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def as_data(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Everything, for JSON."""
    return {
        "machine": machine(),
        "figures": [o.as_data() for o in outcomes if isinstance(o, Figure)],
        "skipped": {o.case: o.why for o in outcomes if isinstance(o, Skipped)},
        "verdict": verdict(outcomes),
    }


def show(outcomes: Sequence[Outcome], console: Console) -> None:
    """Print the table."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("case")
    for heading in ("figure", "middle half", "gate (stretch)", ""):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("from", overflow="fold")
    for outcome in outcomes:
        if isinstance(outcome, Figure):
            table.add_row(*_row(outcome))
    console.print(table)
    for outcome in outcomes:
        if isinstance(outcome, Skipped):
            console.print(f"skipped: {outcome.case}: {outcome.why}", markup=False)
    console.print(", ".join(f"{name} {value}" for name, value in machine().items()), markup=False)


def _row(outcome: Figure) -> tuple[str, ...]:
    mark = "" if outcome.gate is None else "holds" if outcome.holds else "BROKEN"
    if outcome.gate is not None and outcome.gate.stretched(outcome.value):
        mark = "stretch"
    sides = ", ".join(f"{name} {short(value)} {outcome.side_unit}" for name, value in outcome.sides.items())
    return (
        outcome.case,
        f"{short(outcome.value)} {outcome.unit}",
        f"{short(outcome.low)}..{short(outcome.high)}",
        str(outcome.gate or ""),
        mark,
        "; ".join(part for part in (sides, outcome.note) if part),
    )


def short(value: float) -> str:
    """A number with three digits that matter.

    >>> short(0.14567), short(12.345), short(98765.4)
    ('0.146', '12.3', '98,765')
    """
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def verdict(outcomes: Sequence[Outcome]) -> str:
    """One sentence: how many gates hold, and the worst of them."""
    gated = [o for o in outcomes if isinstance(o, Figure) and o.gate is not None]
    if not gated:
        return "no gate was measured"
    held = sum(o.holds for o in gated)
    worst = max(gated, key=lambda o: o.gate.excess(o.value) if o.gate is not None else 0.0)
    said = f"{worst.case}: {short(worst.value)} {worst.unit}, gate {worst.gate}"
    return f"{held} of {len(gated)} gates hold; the worst is {said}"
