"""The environments of the peers: made from pinned requirements, used once, thrown away."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import child, resume
from benchmarks.figure import Gate, Outcome, Skipped, figure
from benchmarks.race import Effort

REQUIREMENTS = Path(__file__).parent.parent / "peers.txt"
EVERY = "every"
SECONDS_MAX = 1_200.0
"""DBOS takes minutes to get 10,000 workflows under way, and again to go on with them."""


def groups(text: str) -> Mapping[str, tuple[str, ...]]:
    """The requirements of each group, those of all groups included.

    >>> groups("# words\\n[every]\\norjson==1\\n\\n[burr]\\nburr==2\\n")
    {'burr': ('orjson==1', 'burr==2')}
    """
    found: dict[str, list[str]] = {}
    name = EVERY
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("["):
            name = line.strip("[]")
            found[name] = []
        elif line and not line.startswith("#"):
            found[name].append(line)
    every = found.pop(EVERY, [])
    return {group: (*every, *own) for group, own in found.items()}


def measured(group: str, effort: Effort) -> list[Outcome]:
    """What a group measured of itself, or why it could not."""
    with tempfile.TemporaryDirectory(prefix="fsm-peers-") as folder:
        told = said(Path(folder), group, f"benchmarks.peers.{group}_side", str(effort.rounds))
    if isinstance(told, Skipped):
        return [told]
    made = [
        figure(f["case"], f["values"], f["unit"], sides=f["sides"], side_unit=f["side_unit"]) for f in told["figures"]
    ]
    return [*made, *(Skipped(case, why) for case, why in told["failed"].items())]


def said(folder: Path, group: str, module: str, *arguments: str, killed: bool = False) -> dict[str, Any] | Skipped:
    """Make an environment in a folder, run a module in it; its last line, nothing when it was to be killed."""
    python = str(folder / "bin" / "python")
    if not Path(python).exists():
        requirements = groups(REQUIREMENTS.read_text(encoding="utf-8"))[group]
        install = [python, "-m", "pip", "install", "--quiet", *requirements]
        for command in ([sys.executable, "-m", "venv", str(folder)], install):
            made = _run(group, command, 0)
            if isinstance(made, Skipped):
                return made
    told = _run(group, [python, "-m", module, *arguments], -9 if killed else 0)
    if isinstance(told, Skipped):
        return told
    return {} if killed else dict(json.loads(told.splitlines()[-1]))


def _run(group: str, command: list[str], code: int) -> str | Skipped:
    """What a command printed, or why it did not end as it should."""
    what = " ".join(command[1:4])
    try:
        done = child.run(command, SECONDS_MAX)
    except subprocess.TimeoutExpired as late:
        return Skipped(group, f"{what} took longer than {late.timeout:g} s")
    if done.returncode != code:
        lines = done.stderr.strip().splitlines() or ["no message"]
        return Skipped(group, f"{what} ended with {done.returncode}: {lines[-1][:200]}")
    return done.stdout


def resumed(effort: Effort) -> list[Outcome]:
    """How much sooner our killed instances have gone on than as many workflows of DBOS, in one run."""
    case, count = f"resume after kill -9, {resume.COUNT:,} instances", str(resume.COUNT)
    with tempfile.TemporaryDirectory(prefix="fsm-peers-") as folder, tempfile.TemporaryDirectory() as data:
        made, path = Path(folder), str(Path(data) / "dbos.db")
        filled = said(made, "dbos", "benchmarks.peers.dbos_resume", "fill", path, count, killed=True)
        theirs = filled or said(made, "dbos", "benchmarks.peers.dbos_resume", "go-on", path, count)
        if isinstance(theirs, Skipped):
            return [Skipped(case, theirs.why)]
    found: list[Outcome] = []
    for what, kind in resume.KINDS.items():
        _, ours = resume.killed_and_resumed(kind, resume.COUNT)
        faster, sides = theirs["seconds"] / ours, {"DBOS": theirs["seconds"], "ours": ours}
        whole = f"{case} with {what}: faster than DBOS"
        found.append(figure(whole, [faster], "x", Gate(80, 80, at_least=True), sides=sides, side_unit="s"))
    return found
