"""A figure: one thing that was measured, and the gate that it has to pass."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

TIMES = ("us", "ms", "s")


class Wrong(Exception):
    """A case did not do what it claims: its figure would be worth nothing."""


@dataclass(frozen=True, slots=True)
class Gate:
    """How good a figure must be (`bound`) and how good it should be (`stretch`)."""

    bound: float
    stretch: float
    at_least: bool = False
    """Whether more is better."""

    def excess(self, value: float) -> float:
        """How far a figure is from the bound: 1.0 stands on it, more is broken.

        >>> Gate(4.0, 2.0).excess(6.0), Gate(30, 40, at_least=True).excess(60)
        (1.5, 0.5)
        """
        if self.at_least:
            return self.bound / value if value > 0 else float("inf")
        return value / self.bound

    def holds(self, value: float) -> bool:
        """Whether the figure passes."""
        return self.excess(value) <= 1.0

    def stretched(self, value: float) -> bool:
        """Whether the figure is as good as it should be."""
        return value >= self.stretch if self.at_least else value <= self.stretch

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.bound:g} ({self.stretch:g})"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing: the median, how far the middle half of the rounds spread, and what it came from."""

    case: str
    value: float
    unit: str
    low: float
    high: float
    gate: Gate | None = None
    sides: Mapping[str, float] = field(default_factory=dict)
    """What each side took, in `side_unit`."""
    side_unit: str = "us"
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the figure passes its gate; without a gate it does."""
        return self.gate is None or self.gate.holds(self.value)

    @property
    def broken(self) -> bool:
        """Whether it fails its gate beyond doubt: a ratio or a count, the better quarter of whose rounds does not pass.

        Times are what they are on the machine that the gates come from, so that on others they only inform.

        >>> Figure("a case", 4.1, "x", 3.9, 4.3, Gate(4.0, 2.0)).broken
        False
        """
        if self.gate is None or self.unit in TIMES:
            return False
        return not self.gate.holds(self.high if self.gate.at_least else self.low)

    def as_data(self) -> dict[str, Any]:
        """The figure for JSON."""
        return {**asdict(self), "holds": self.holds}


@dataclass(frozen=True, slots=True)
class Skipped:
    """A case that could not run here, and why."""

    case: str
    why: str


Outcome = Figure | Skipped


def figure(
    case: str,
    values: Sequence[float],
    unit: str = "x",
    gate: Gate | None = None,
    *,
    sides: Mapping[str, float] | None = None,
    side_unit: str = "us",
    note: str = "",
) -> Figure:
    """A figure from what several rounds gave: their median.

    >>> made = figure("a case", [3.0, 1.0, 2.0])
    >>> made.value, made.low, made.high
    (2.0, 1.0, 3.0)
    """
    ordered = sorted(values)
    quarter = len(ordered) // 4
    return Figure(
        case,
        statistics.median(ordered),
        unit,
        ordered[quarter],
        ordered[-1 - quarter],
        gate,
        dict(sides or {}),
        side_unit,
        note,
    )


def best(
    case: str,
    values: Sequence[float],
    unit: str,
    gate: Gate | None = None,
    *,
    sides: Mapping[str, float] | None = None,
    note: str = "",
) -> Figure:
    """A figure of what only this process does and no floor stands beside: the least of the rounds.

    Disturbance makes such work slower and never quicker.

    >>> best("a case", [3.0, 1.0, 2.0], "ms").value
    1.0
    """
    made = figure(case, values, unit, gate, sides=sides, side_unit=unit, note=note)
    return replace(made, value=min(values))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all values does not exceed.

    >>> percentile(range(100), 0.99)
    99
    """
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
