"""The view: the orders as they stand, live on a terminal, in plain lines everywhere else."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from fsm.demo.script import Script
from fsm.ports.store import Record

PLACES = {
    "Open.Cart": ("cart", "dim"),
    "Open.Paying": ("paying", "yellow"),
    "Open.Pausing": ("bank down, waiting", "magenta"),
    "Fulfil.Parcel.Packing": ("packing", "cyan"),
    "Fulfil.Parcel.Packed": ("packed", "cyan"),
    "Fulfil.Parcel.Gone": ("on its way", "blue"),
    "Fulfil.Bill.Resting": ("bill rests", "cyan"),
    "Fulfil.Bill.Writing": ("writing the bill", "cyan"),
    "Fulfil.Bill.Sent": ("bill sent", "blue"),
    "Shipped": ("shipped", "bold green"),
    "Cancelled": ("cancelled: card declined", "bold red"),
    "Rejected": ("rejected: not trusted", "bold red"),
}
"""How the states of an order are called on the screen."""

ROWS_MAX = 40
"""Orders that are shown one by one."""


class View(Protocol):
    """Where people look."""

    def show(self, records: Sequence[Record], headline: str) -> None:
        """The orders as they stand."""

    def note(self, text: str) -> None:
        """Something happened."""

    def close(self) -> None:
        """Give the terminal back."""


class Plain:
    """Lines, for pipes and logs."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def show(self, records: Sequence[Record], headline: str) -> None:
        """Only what happens is printed."""

    def note(self, text: str) -> None:
        """A line with the time since the beginning."""
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", flush=True)

    def close(self) -> None:
        """Nothing to give back."""


class Screen:
    """A live table on a terminal; what happened stays above it."""

    def __init__(self, script: Script, console: Console) -> None:
        self._plans = {plan.id: plan for plan in script.orders}
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._began = time.monotonic()
        self._live.start()

    def show(self, records: Sequence[Record], headline: str) -> None:
        """Draw the table anew."""
        head = Text(f"{time.monotonic() - self._began:6.1f} s  {headline}", style="bold")
        body = self._table(records) if len(records) <= ROWS_MAX else self._counts(records)
        self._live.update(Group(head, body), refresh=True)

    def note(self, text: str) -> None:
        """A line above the table."""
        self._live.console.print(f"{time.monotonic() - self._began:6.1f} s  {text}", markup=False, highlight=False)

    def close(self) -> None:
        """Take the table away; what happened stays."""
        self._live.stop()

    def _table(self, records: Sequence[Record]) -> Table:
        made = Table.grid(padding=(0, 2))
        half = (len(records) + 1) // 2
        for number in range(half):
            cells: list[Text] = []
            for record in records[number::half]:
                kind = self._plans[record.id].kind if record.id in self._plans else ""
                cells += [Text(record.id), Text(kind, style="dim"), standing(record)]
            made.add_row(*cells)
        return made

    def _counts(self, records: Sequence[Record]) -> Table:
        made = Table.grid(padding=(0, 2))
        counts: dict[str, int] = {}
        for record in records:
            text = standing(record).plain
            counts[text] = counts.get(text, 0) + 1
        for text, count in sorted(counts.items(), key=lambda item: -item[1])[:ROWS_MAX]:
            made.add_row(Text(str(count), justify="right"), Text(text))
        return made


def standing(record: Record) -> Text:
    """The active states of an order, in words."""
    found = Text()
    for state in json.loads(record.config):
        words, style = PLACES.get(state, (state, ""))
        found.append(f"{' · ' if found else ''}{words}", style=style)
    if record.status == "parked":
        found.append(" parked", style="bold red reverse")
    return found or Text("starting", style="dim")


def open_view(script: Script) -> View:
    """The live table on a terminal, else lines."""
    console = Console()
    return Screen(script, console) if console.is_terminal and sys.stdout.isatty() else Plain()
