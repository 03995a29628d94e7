"""The ledger: what the services themselves know, one line for each beginning and each end of a call.

A line is written with one O_APPEND write and fsync before the service goes on: it survives the kill -9 of its process.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a call, as the service saw it."""

    run: str
    life: int
    key: str
    order: str
    method: str
    attempt: int
    outcome: str | None = None
    """None: cut short. Otherwise "ok" or the kind of the failure."""
    number: str = ""
    amount: int = 0
    recognised: bool = False
    """Whether an earlier run of the same key had done the work already."""


class Ledger:
    """Appends lines; each is on the disk when `write` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, **line: Any) -> None:
        """Append one line."""
        os.write(self._fd, json.dumps(line).encode() + b"\n")
        os.fsync(self._fd)


def read_ledger(path: Path) -> list[Run]:
    """Every run of every call, in the order of their beginnings; a last line that is cut short is left out."""
    runs: dict[str, Run] = {}
    for text in path.read_text().splitlines() if path.exists() else ():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        kind = line.pop("line")
        if kind == "began":
            runs[line["run"]] = Run(**line)
        else:
            began = runs[line["run"]]
            runs[line["run"]] = Run(
                began.run,
                began.life,
                began.key,
                began.order,
                began.method,
                began.attempt,
                line["outcome"],
                line["number"],
                began.amount,
                line["recognised"],
            )
    return list(runs.values())
