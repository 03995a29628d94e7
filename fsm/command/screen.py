"""The screen: tables, times and JSON as the commands print them."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

COLORS = {
    "running": "cyan",
    "paused": "yellow",
    "parked": "bold red",
    "done": "green",
    "failed": "red",
    "cancelled": "dim",
}
WIDE = 10_000
"""Columns of an output that is no terminal: nothing is cut off that a program may read."""


def console(*, stderr: bool = False) -> Console:
    """Where people look; NO_COLOR and pipes are respected."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else WIDE, highlight=False, soft_wrap=False)


def emit(data: Any) -> None:
    """Print data as JSON."""
    print(json.dumps(data, indent=2, ensure_ascii=False))


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Print rows under their headings."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    out = console()
    with out.capture() as captured:
        out.print(made)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))


def colored(status: str) -> Text:
    """A status in its colour."""
    return Text(status, style=COLORS.get(status, ""))


def moment(seconds: float | None) -> str | None:
    """A time as ISO text in UTC.

    >>> moment(0.5), moment(None)
    ('1970-01-01T00:00:00.500Z', None)
    """
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ago(seconds: float) -> str:
    """How long ago a time was, or how far it is.

    >>> ago(time.time() - 125), ago(time.time() + 7300)
    ('2m ago', 'in 2h')
    """
    distance = time.time() - seconds
    return f"{span(distance)} ago" if distance >= 0 else f"in {span(-distance)}"


def span(seconds: float) -> str:
    """A length of time in its largest unit.

    >>> span(0.25), span(61), span(90_000)
    ('250ms', '1m', '1d')
    """
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds * 1000:.0f}ms"


def parsed(text: str | bytes | None) -> Any:
    """Stored JSON as data; what is not JSON stays text."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text if isinstance(text, str) else text.decode(errors="replace")
