"""The domain of a transition, and the states that it leaves and enters.

Written after the SCXML Recommendation, appendix D (computeExitSet, computeEntrySet), with one rule of our own: a
transition from a compound source to its own descendants does not leave the source unless it says `reenter`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fsm.chart.chart import Chart, Transition
from fsm.chart.state import Kind

Histories = Mapping[int, tuple[int, ...]]
"""Recorded past: number of the history state -> states to restore."""


def effective_targets(chart: Chart, targets: Sequence[int], histories: Histories) -> list[int]:
    """The targets with every history state replaced by what it stands for now."""
    found: list[int] = []
    for target in targets:
        if chart.nodes[target].kind is Kind.HISTORY:
            found += effective_targets(chart, restored(chart, target, histories), histories)
        else:
            found.append(target)
    return found


def restored(chart: Chart, history: int, histories: Histories) -> tuple[int, ...]:
    """The recorded states of a history, else its default, else what its parent enters by default."""
    node = chart.nodes[history]
    parent = chart.nodes[node.parent]
    return histories.get(history) or node.default or parent.initial or parent.children


def domain(chart: Chart, transition: Transition, histories: Histories) -> int | None:
    """The state whose active descendants a transition leaves; None when it has no target."""
    if not transition.targets:
        return None
    targets = effective_targets(chart, transition.targets, histories)
    source = transition.source
    local = not transition.reenter and chart.nodes[source].kind is Kind.COMPOUND
    if local and all(chart.inside(t, source) for t in targets):
        return source
    for ancestor in chart.ancestors(source):
        if chart.nodes[ancestor].kind is Kind.COMPOUND and all(chart.inside(t, ancestor) for t in targets):
            return ancestor
    return 0


def exit_set(chart: Chart, states: Sequence[int], within: int | None) -> list[int]:
    """The active proper descendants of a domain, in document order."""
    if within is None:
        return []
    end = chart.nodes[within].end
    return [s for s in states if within < s < end]


@dataclass(slots=True)
class EntrySet:
    """The states to enter, and the histories whose default content runs (by parent)."""

    chart: Chart
    histories: Histories
    staying: frozenset[int] = frozenset()
    """Active states that are not left: what is above them is complete already."""
    states: set[int] = field(default_factory=set)
    defaults: dict[int, int] = field(default_factory=dict)
    entered_by_default: set[int] = field(default_factory=set)
    """Composites whose initial transition has content to run."""

    def add(self, targets: Sequence[int], within: int) -> None:
        """Add the targets of one transition with everything that becomes active with them."""
        for target in targets:
            self._down(target)
        for target in effective_targets(self.chart, targets, self.histories):
            self._up(target, within)

    def _down(self, state: int) -> None:
        chart, node = self.chart, self.chart.nodes[state]
        match node.kind:
            case Kind.HISTORY:
                if state not in self.histories and node.default_actions:
                    self.defaults[node.parent] = state
                self._all(restored(chart, state, self.histories), node.parent)
            case Kind.COMPOUND:
                self.states.add(state)
                if node.initial_actions:
                    self.entered_by_default.add(state)
                self._all(node.initial, state)
            case Kind.PARALLEL:
                self.states.add(state)
                self._regions(state)
            case _:
                self.states.add(state)

    def _all(self, targets: Sequence[int], within: int) -> None:
        for target in targets:
            self._down(target)
        for target in targets:
            self._up(target, within)

    def _up(self, state: int, within: int) -> None:
        for ancestor in self.chart.ancestors(state):
            if ancestor == within or ancestor in self.staying:
                return
            self.states.add(ancestor)
            if self.chart.nodes[ancestor].kind is Kind.PARALLEL:
                self._regions(ancestor)

    def _regions(self, parallel: int) -> None:
        for region in self.chart.nodes[parallel].children:
            if not any(self.chart.inside(s, region) for s in self.states):
                self._down(region)
