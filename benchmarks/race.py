"""A race: several sides do the same work by turns in one process, so that what disturbs one disturbs all.

Every round runs each side several times for a moment, every second time in reverse order; a ratio is taken between
neighbours, and the median of all counts. The clock is the processor time of this thread: what else the machine does is
not ours.
"""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import thread_time

from benchmarks.figure import Figure, Gate, figure

Step = Callable[[int], None]
"""Does the work so many times."""
Check = Callable[[int], None]
"""Raises Wrong unless the work was done so many times in all."""


@dataclass(frozen=True, slots=True)
class Side:
    """One competitor: makes itself ready, and says how to work and how to prove it."""

    name: str
    make: Callable[[], tuple[Step, Check]]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure."""

    rounds: int = 15
    round_seconds: float = 0.02
    """For one side in one round."""

    @property
    def fewer(self) -> int:
        """Rounds of what takes long."""
        return max(3, self.rounds // 3)


TURNS_A_ROUND = 4

Times = dict[str, list[float]]
"""Seconds for each unit of work, by side, a value a turn."""


def race(sides: Sequence[Side], effort: Effort) -> Times:
    """Run the sides by turns. Raises Wrong when one of them did not do the work."""
    lanes = [(side.name, *side.make()) for side in sides]
    gc.collect()
    gc.freeze()  # what is loaded here is not searched for garbage at every turn
    try:
        return _run(lanes, effort)
    finally:
        gc.unfreeze()


def _run(lanes: Sequence[tuple[str, Step, Check]], effort: Effort) -> Times:
    counts: dict[str, int] = {}
    done: dict[str, int] = {}
    for name, step, check in lanes:
        step(300)
        begun = thread_time()
        step(300)
        took = max(thread_time() - begun, 1e-6)
        check(600)
        counts[name] = max(10, int(effort.round_seconds / TURNS_A_ROUND * 300 / took))
        done[name] = 600
    times: Times = {name: [] for name in counts}
    for turn in range(effort.rounds * TURNS_A_ROUND):
        for name, step, check in lanes if turn % 2 else reversed(lanes):
            gc.collect()
            begun = thread_time()
            step(counts[name])
            times[name].append((thread_time() - begun) / counts[name])
            done[name] += counts[name]
            check(done[name])
    return times


def ratio(case: str, times: Times, over: str, under: str, gate: Gate | None = None, note: str = "") -> Figure:
    """The time of one side over that of another, turn by turn."""
    values = [a / b for a, b in zip(times[over], times[under], strict=True)]
    sides = {name: statistics.median(times[name]) * 1e6 for name in (over, under)}
    return figure(case, values, "x", gate, sides=sides, note=note)
