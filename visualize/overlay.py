"""An overlay: where an instance stands and which way it came, laid over the drawing of its chart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from fsm.chart.chart import Chart, Transition
from fsm.errors import DrawingError


@runtime_checkable
class Charted(Protocol):
    """A snapshot, or whatever else knows its chart and its active leaf states."""

    @property
    def chart(self) -> Chart: ...
    @property
    def configuration(self) -> Collection[str]: ...


class Microstep(Protocol):
    """One step of the path: the names of the transitions taken, the ids of the states left and entered."""

    @property
    def transitions(self) -> Sequence[str | int]: ...
    @property
    def exited(self) -> Sequence[str]: ...
    @property
    def entered(self) -> Sequence[str]: ...


class Turn(Protocol):
    """An entry of the journal."""

    @property
    def steps(self) -> Iterable[Microstep]: ...


@runtime_checkable
class Rehearsed(Protocol):
    """A rehearsal: a machine in memory that remembers its path."""

    @property
    def trace(self) -> Iterable[Microstep]: ...
    def snapshot(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Taken:
    """How often a transition was taken, and whether in the last step."""

    count: int
    last: bool = False


@dataclass(frozen=True, slots=True)
class Overlay:
    """What stands out, by the numbers of the chart's nodes and transitions; empty for the chart alone."""

    active: frozenset[int] = frozenset()
    visited: frozenset[int] = frozenset()
    failed: frozenset[int] = frozenset()
    taken: Mapping[int, Taken] = field(default_factory=dict)
    notes: Mapping[int, str] = field(default_factory=dict)
    """What stands beside the names of states."""
    shares: Mapping[int, float] = field(default_factory=dict)
    """How much of the traffic each transition has, from 0 to 1."""


def overlaid(
    chart: Chart,
    *,
    configuration: Iterable[str] = (),
    visited: Iterable[str] = (),
    failed: Iterable[str] = (),
    path: Iterable[Microstep] = (),
    entered_at: Mapping[str, float] | None = None,
    now: float | None = None,
) -> Overlay:
    """The overlay of a chart; a state is active when one inside it is, visited when the path entered it.

    With `now` and the times of entry the active leaf states say for how long they have been so.

    Raises DrawingError for an id that the chart does not know.
    """
    leaves = numbers(chart, configuration)
    active = leaves.union(*(chart.ancestors(i) for i in leaves)) if leaves else leaves
    taken, entered = _walk(chart, path)
    notes = {}
    if now is not None and entered_at:
        notes = {i: span(now - at) for i in leaves if (at := entered_at.get(chart.nodes[i].id)) is not None}
    return Overlay(active, (numbers(chart, visited) | entered) - active, numbers(chart, failed), taken, notes)


def entries(history: Iterable[Turn]) -> dict[str, float]:
    """When each state was entered last, from turns that know their time."""
    found: dict[str, float] = {}
    for turn in history:
        at = getattr(turn, "at", None)
        if isinstance(at, int | float):
            found |= {state: float(at) for step in turn.steps for state in step.entered}
    return found


def span(seconds: float) -> str:
    """A length of time in its largest unit, as short as a picture needs it.

    >>> span(0.4), span(75), span(7_300), span(200_000)
    ('0s', '1m', '2h', '2d')
    """
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(int(seconds), 0)}s"


def numbers(chart: Chart, ids: Iterable[str]) -> frozenset[int]:
    """The numbers of some states. Raises DrawingError for one that the chart does not know."""
    wanted = frozenset(ids)
    unknown = sorted(wanted - chart.index.keys())
    if unknown:
        raise DrawingError(
            f"{chart.name}: no state {', '.join(map(repr, unknown))} to mark."
            f" The chart has {', '.join(n.id for n in chart.nodes[1:])}. Draw it with the version that wrote it."
        )
    return frozenset(chart.index[i] for i in wanted)


def _walk(chart: Chart, path: Iterable[Microstep]) -> tuple[dict[int, Taken], frozenset[int]]:
    """Count the transitions of a path; a name shared by several sources is told by the states active before."""
    counts: dict[int, int] = {}
    latest: set[int] = set()
    active: set[int] = {0}
    entered: set[int] = set()
    for step in path:
        found = {i for name in step.transitions for i in _meant(chart, name, active, step)}
        for i in found:
            counts[i] = counts.get(i, 0) + 1
        latest = found or latest
        active -= {chart.index[i] for i in step.exited if i in chart.index}
        now = {chart.index[i] for i in step.entered if i in chart.index}
        active |= now
        entered |= now
    return {i: Taken(n, i in latest) for i, n in sorted(counts.items())}, frozenset(entered - {0})


def transitions_of(chart: Chart, step: Microstep) -> list[int]:
    """The transitions of one microstep by itself; a name shared by several sources is told by the states left."""
    left = {chart.index[i] for i in step.exited if i in chart.index}
    return [i for name in step.transitions for i in _meant(chart, name, left, step)]


def _meant(chart: Chart, name: str | int, active: set[int], step: Microstep) -> list[int]:
    if isinstance(name, int):
        return [name] if 0 <= name < len(chart.transitions) else []
    named = [t for t in chart.transitions if t.name == name]
    if len(named) < 2:
        return [t.index for t in named]
    exited = {chart.index[i] for i in step.exited if i in chart.index}

    def likely(t: Transition) -> tuple[bool, bool]:
        return t.source in active, t.source in exited or any(chart.inside(i, t.source) for i in exited)

    return [max(named, key=likely).index]
