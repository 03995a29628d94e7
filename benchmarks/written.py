"""Bytes written for each durable step with its journal row, beside the floor that writes the same rows."""

from __future__ import annotations

import tempfile
from pathlib import Path

import anyio

from benchmarks import sqlite_floor
from benchmarks.durable_side import ours
from benchmarks.figure import Gate, Outcome, Skipped, figure
from benchmarks.order import Next
from benchmarks.race import Effort

_COUNTER = Path("/proc/self/io")
_STEPS = 500


def bytes_written(effort: Effort) -> list[Outcome]:
    """What this process wrote to files, counted by the kernel; checkpoints included."""
    if not _COUNTER.exists():
        return [Skipped("bytes written for each durable step", "only Linux counts them for a process")]
    return anyio.run(_measure, effort)


async def _measure(effort: Effort) -> list[Outcome]:
    event, values = Next(), []
    sides: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="fsm-bench-") as folder:
        by_hand = sqlite_floor.ByHand(Path(folder) / "by-hand.db")
        name = sqlite_floor.names()[0]
        async with ours(Path(folder) / "ours.db") as our:
            for _ in range(effort.fewer):
                before = _written()
                for _ in range(_STEPS):
                    by_hand.step(name)
                between = _written()
                for _ in range(_STEPS):
                    await our.instances[0].send(event)
                our.done += _STEPS
                floor, mine = (between - before) / _STEPS, (_written() - between) / _STEPS
                values.append(mine / floor)
                sides = {"ours": mine, by_hand.name: floor}
            our.check()
            by_hand.check()
        by_hand.close()
    case = "bytes written for each durable step, over the same rows by hand"
    return [figure(case, values, "x", Gate(1.3, 1.1), sides=sides, side_unit="bytes")]


def _written() -> int:
    for line in _COUNTER.read_text(encoding="ascii").splitlines():
        if line.startswith("wchar:"):
            return int(line.split()[1])
    raise OSError(f"{_COUNTER} does not say what was written")
