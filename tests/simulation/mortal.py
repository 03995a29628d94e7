"""Mortal lives: something is done in a forked process that is killed at its n-th place of a kind, and done again.

Places are "boundary": before a transaction begins and before it is committed, of whatever connection; "statement":
before any statement; "call": inside a service, before its work, and "called": after it. A life that is not killed says
how many places of each kind it came by.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import anyio

from fsm.service import current_call
from persistence.databases.sqlite import SQLite

ROOT = Path(__file__).parents[2]
Death = tuple[str, int]
"""A kind of place, and which one of it."""


class Reaper:
    """Counts places, and kills the process at one of them."""

    def __init__(self, death: Death | None) -> None:
        self.death, self.counts = death, Counter[str]()

    def pass_by(self, place: str) -> None:
        """One more place."""
        self.counts[place] += 1
        if (place, self.counts[place]) == self.death:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """Watch every connection that this process makes from now on."""
        connect = SQLite.connect

        def watched(file: SQLite, **more: Any) -> sqlite3.Connection:
            connection = connect(file, **more)
            connection.set_trace_callback(self._statement)
            return connection

        SQLite.connect = watched  # type: ignore[method-assign,assignment]

    def _statement(self, sql: str) -> None:
        self.pass_by("statement")
        if sql in ("BEGIN IMMEDIATE", "COMMIT"):
            self.pass_by("boundary")


class Ledger:
    """What services did, in a file that nobody rolls back."""

    def __init__(self, path: Path, reaper: Reaper) -> None:
        self._file, self._reaper = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), reaper

    def work(self, what: str) -> None:
        """Do something outside that cannot be taken back."""
        self._reaper.pass_by("call")
        line = {"what": what, "key": current_call().idempotency_key}
        os.write(self._file, json.dumps(line).encode() + b"\n")
        self._reaper.pass_by("called")


Life = Callable[[Path, Reaper], Awaitable[Any]]
"""What is done in a folder, from the beginning, however often that was done before; it tells how it ended."""


@dataclass
class Lived:
    """How it ended, and what it took."""

    told: Any = None
    counts: dict[str, int] = field(default_factory=dict)
    deaths: int = 0
    ledger: list[dict[str, str]] = field(default_factory=list)
    error: str = ""


def live(life: Life, folder: Path, deaths: Sequence[Death] = (), *, backend: str = "asyncio") -> Lived:
    """Live, die these deaths one after the other, and live on in peace until the end."""
    lived = Lived()
    for death in (*deaths, None):
        code = _fork(life, folder, Reaper(death), backend)
        if code != -signal.SIGKILL:
            break
        lived.deaths += 1
    ended = folder / "ended"
    if ended.exists():
        lived.told, lived.counts, lived.error = json.loads(ended.read_text())
    if (folder / "ledger").exists():
        lived.ledger = [json.loads(line) for line in (folder / "ledger").read_text().splitlines()]
    return lived


def _fork(life: Life, folder: Path, reaper: Reaper, backend: str) -> int:
    """One life in a process of its own; its exit code, negative for a signal."""
    child = os.fork()
    if child == 0:
        try:
            reaper.watch()
            told, error = anyio.run(life, folder, reaper, backend=backend), ""
        except BaseException as problem:
            told, error = None, f"{type(problem).__name__}: {problem} {getattr(problem, 'exceptions', '')}"
        (folder / "ended").write_text(json.dumps([told, reaper.counts, error]))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def places(counts: dict[str, int], *kinds: str) -> list[Death]:
    """Every place of these kinds that a life came by."""
    return [(kind, number) for kind in kinds for number in range(1, counts[kind] + 1)]


def live_everywhere(life: Life, folder: Path, first: int, every: int) -> None:
    """Print an undisturbed life, then one for each boundary and call to die at; one of so many from the first on."""

    def lived(*deaths: Death) -> dict[str, int]:
        name = "-".join(f"{kind}{number}" for kind, number in deaths) or "whole"
        (folder / name).mkdir(parents=True)
        made = live(life, folder / name, deaths)
        print(json.dumps({"deaths_wanted": deaths, **asdict(made)}), flush=True)
        return made.counts

    (folder / "before").mkdir(parents=True)
    anyio.run(life, folder / "before", Reaper(None))  # what is compiled and cached now need not be in every life
    for death in places(lived(), "boundary", "call", "called")[first::every]:
        lived(death)


def all_lives(module: str, folder: Path, drivers: int = 2) -> list[dict[str, Any]]:
    """What drivers of a module print, each in a process of its own: the undisturbed life, then the others."""
    commands = [[sys.executable, "-m", module, str(folder / str(n)), str(n), str(drivers)] for n in range(drivers)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for command in commands]
    found: list[dict[str, Any]] = []
    for driver in running:
        told = [json.loads(line) for line in driver.communicate(timeout=300)[0].splitlines()]
        assert driver.returncode == 0
        found += told if not found else told[1:]
    return found
