"""Traffic: what many instances did, laid over the drawing of their chart: where they stand, how long, which way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from fsm.chart.chart import Chart
from visualize.blame import blamed
from visualize.overlay import Microstep, Overlay, Taken, numbers, span, transitions_of


class Dwelt(Protocol):
    """How long instances stay in a state, in seconds."""

    @property
    def p50(self) -> float: ...
    @property
    def p95(self) -> float: ...


class Raised(Protocol):
    """On which event an incident was raised, and in which leaf states the instance stood."""

    @property
    def event(self) -> str: ...
    @property
    def configuration(self) -> Collection[str]: ...


class Flows(Protocol):
    """What is counted over all instances of a machine, as `persistence.flows` asks it; states by their ids."""

    @property
    def here(self) -> Mapping[str, int]: ...
    @property
    def dwell(self) -> Mapping[str, Dwelt]: ...
    @property
    def steps(self) -> Iterable[tuple[Microstep, int]]: ...
    @property
    def incidents(self) -> Iterable[tuple[Raised, int]]: ...


def crowded(chart: Chart, flows: Flows) -> Overlay:
    """The overlay of many instances. Raises DrawingError for a state that the chart does not know."""
    here = _summed(chart, flows.here)
    counts: dict[int, int] = {}
    for step, count in flows.steps:
        for index in transitions_of(chart, step):
            counts[index] = counts.get(index, 0) + count
    most = max(counts.values(), default=1)
    known = {node.id for node in chart.nodes}
    dwell = {chart.index[i]: d for i, d in flows.dwell.items() if i in known}
    incidents: dict[int, int] = {}
    for raised, count in flows.incidents:
        for index in numbers(chart, blamed(chart, raised.configuration, raised.event)):
            incidents[index] = incidents.get(index, 0) + count
    return Overlay(
        active=frozenset(here),
        failed=frozenset(incidents),
        taken={i: Taken(n) for i, n in sorted(counts.items())},
        shares={i: n / most for i, n in counts.items()},
        notes={i: _note(here.get(i), dwell.get(i), incidents.get(i)) for i in {*here, *dwell, *incidents}},
    )


def _summed(chart: Chart, here: Mapping[str, int]) -> dict[int, int]:
    """The counts of the leaves, and the sums of those around them; a region counts what its parallel does."""
    found: dict[int, int] = {}
    for index, count in ((i, here[chart.nodes[i].id]) for i in numbers(chart, here)):
        for around in (index, *chart.ancestors(index)):
            found[around] = found.get(around, 0) + count
    for index in sorted(found, reverse=True):
        regions = [found[c] for c in chart.nodes[index].children if c in found]
        if regions:
            found[index] = max(regions) if chart.nodes[index].kind == "parallel" else sum(regions)
    return {i: n for i, n in found.items() if i}


def _note(here: int | None, dwell: Dwelt | None, incidents: int | None) -> str:
    parts = [f"{here} here"] if here else []
    parts += [f"p50 {span(dwell.p50)}, p95 {span(dwell.p95)}"] if dwell else []
    parts += [f"{incidents} incident{'s' if incidents != 1 else ''}"] if incidents else []
    return " · ".join(parts)
