"""An event in memory: our machines beside the plan engine, code by hand, and `transitions`."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import familiar, floors, machines
from benchmarks.figure import Gate, Outcome
from benchmarks.race import Effort, Side, race, ratio

EVENT = Gate(3.5, 2.5)
"""Of an event in memory, over the plan engine."""

Measure = Callable[[Effort], list[Outcome]]


def _against_plan(case: str, ours: Side, floor: Side) -> Measure:
    def measure(effort: Effort) -> list[Outcome]:
        return [ratio(f"event, {case}, over the plan engine", race([ours, floor], effort), "ours", floor.name, EVENT)]

    return measure


def _with_transitions(case: str, ours: Side, floor: Side, other: Side, gate: Gate) -> Measure:
    def measure(effort: Effort) -> list[Outcome]:
        times = race([ours, floor, other], effort)
        return [
            ratio(f"event, {case}, over the plan engine", times, "ours", floor.name, EVENT),
            ratio(f"event, {case}: faster than transitions", times, other.name, "ours", gate),
        ]

    return measure


def awaited(effort: Effort) -> list[Outcome]:
    """Guard, action, entry and exit asynchronous, none of which waits."""
    times = race([machines.AWAITED, floors.AWAITED], effort)
    return [ratio("event, all callbacks async, over by hand", times, "ours", "by hand", Gate(6, 4))]


flat = _against_plan("flat", machines.FLAT, floors.FLAT)
callbacks = _against_plan("flat with guard, action, entry, exit", machines.CALLBACKS, floors.CALLBACKS)
crossing = _with_transitions(
    "three levels crossed", machines.CROSSING, floors.CROSSING, familiar.CROSSING, Gate(30, 40, at_least=True)
)
regions = _with_transitions(
    "two regions moved", machines.REGIONS, floors.REGIONS, familiar.REGIONS, Gate(50, 80, at_least=True)
)
