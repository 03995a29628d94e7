"""What a peer's process tells: one line of JSON with its figures, and what failed."""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

from benchmarks.sqlite_floor import ByHand, names, timed

PER_RUN, AT_ONCE = 10, 100


class Durable(Protocol):
    """A peer that keeps what it does."""

    def one_after_the_other(self, steps: int) -> float:
        """Steps of one instance; seconds."""
        ...

    def at_once(self) -> float:
        """Ten steps of each of 100 instances; seconds."""
        ...

    def check(self) -> None:
        """Raises Wrong unless what was done is in the database."""
        ...


def rounds() -> int:
    """How many rounds were asked for."""
    return int(sys.argv[1]) if len(sys.argv) > 1 else 5


def tell(figures: Sequence[dict[str, Any]], failed: dict[str, str]) -> None:
    """Print the line and end, whatever threads a library keeps."""
    print(json.dumps({"figures": figures, "failed": failed}), flush=True)
    os._exit(0)


def told(case: str, times: dict[str, list[float]], over: str, under: str) -> dict[str, Any]:
    """The time of one side over that of another, round by round."""
    values = [a / b for a, b in zip(times[over], times[under], strict=True)]
    sides = {name: statistics.median(times[name]) * 1e6 for name in (over, under)}
    return {"case": case, "values": values, "unit": "x", "sides": sides, "side_unit": "us"}


def durable(name: str, make: Callable[[Path], Durable], folder: Path, steps: int) -> list[dict[str, Any]]:
    """Race a peer's durable steps, as it is shipped, with the same step by hand and an fsync for each commit."""
    peer, floor = make(folder), ByHand(folder / "by-hand.db", "FULL")
    first = names()[0]
    alone: dict[str, list[float]] = {name: [], ByHand.name: []}
    crowd: dict[str, list[float]] = {name: [], ByHand.name: []}
    for number in range(max(3, rounds() // 3) + 1):
        mine = peer.one_after_the_other(steps) / steps
        theirs = statistics.fmean(timed(lambda: floor.step(first), 0.1))
        together = peer.at_once() / (AT_ONCE * PER_RUN)
        groups = statistics.fmean(timed(floor.group, 0.1)) / AT_ONCE
        if number:  # the first round warms up
            for times, peers_own, floors in ((alone, mine, theirs), (crowd, together, groups)):
                times[name].append(peers_own)
                times[ByHand.name].append(floors)
    peer.check()
    floor.check()
    return [
        told(f"durable step, one instance: {name} as shipped, over by hand", alone, name, ByHand.name),
        told(f"durable step, 100 instances at once: {name} as shipped, over groups by hand", crowd, name, ByHand.name),
    ]


def every(makers: dict[str, Callable[[Path], Durable]], steps: int = 100) -> None:
    """Measure each peer and tell; one that fails does not take the others with it."""
    figures: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="fsm-bench-", ignore_cleanup_errors=True) as folder:
        for number, (name, make) in enumerate(makers.items()):
            own = Path(folder) / str(number)
            own.mkdir()
            try:
                figures += durable(name, make, own, steps)
            except Exception as problem:
                failed[name] = f"{type(problem).__name__}: {problem}"[:300]
    tell(figures, failed)


def since(begun: float) -> float:
    """Seconds since then."""
    return perf_counter() - begun
