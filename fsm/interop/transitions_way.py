"""A way: one transition of our chart that stands for an arrow of `transitions`, with what it always leaves and enters.

A chart of `transitions` has no histories, so that what a transition enters does not depend on the past. The script is
what all ways of one machine share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from transitions import EventData

from fsm.chart.chart import Chart
from fsm.core.domain import EntrySet, domain
from fsm.interop.transitions_reading import Arrow, Place, Reading


class Way:
    """One transition of the chart; `index` is its number there."""

    __slots__ = ("arrow", "domain", "entered", "index", "inside", "last", "outside")

    def __init__(self, arrow: Arrow, index: int, inside: Iterable[str], outside: Iterable[str]) -> None:
        self.arrow, self.index, self.inside, self.outside = arrow, index, tuple(inside), tuple(outside)
        self.domain: int | None = None
        """The state below which everything is left; None when nothing is."""
        self.entered: frozenset[int] = frozenset()
        self.last = -1
        """The state that is entered last."""

    def settle(self, chart: Chart) -> None:
        """Work out what it leaves and enters, now that there is a chart."""
        transition = chart.transitions[self.index]
        self.domain = domain(chart, transition, {})
        if self.domain is not None:
            entry = EntrySet(chart, {})
            entry.add(transition.targets, self.domain)
            self.entered = frozenset(entry.states)
            self.last = max(entry.states)

    def fits(self, states: frozenset[str]) -> bool:
        """Whether it may be asked at all in a configuration, given by the ids of its states."""
        return states.issuperset(self.inside) and states.isdisjoint(self.outside)


class Script:
    """What the passages of one machine share: the reading, the chart, the way from callbacks to callables."""

    def __init__(
        self,
        reading: Reading,
        model_of: Callable[[Any], Any],
        callable_of: Callable[[Any, EventData], Callable[..., Any]],
    ) -> None:
        self.reading, self.model_of, self.callable_of = reading, model_of, callable_of
        self.nested = bool(reading.separator)
        self.ways: list[Way] = []
        self.chart: Any = None
        self.places: dict[int, Place] = {}
        """The places that stand for states of transitions, by number."""

    def compiled(self, chart: Chart, places: dict[str, Place]) -> None:
        """Take in the chart, and which place each of its states stands for."""
        self.chart = chart
        self.places = {chart.index[id]: place for id, place in places.items()}
        for way in self.ways:
            way.settle(chart)

    def leaves(self, states: Iterable[int]) -> list[Place]:
        """The innermost of some states, in document order."""
        found = [self.places[s] for s in sorted(states) if s in self.places]
        return [p for p in found if not any(other.parent is p for other in found)]

    def states_of(self, states: Iterable[int], name: str = "") -> Any:
        """The state of transitions that is named, or the innermost ones of a set."""
        if name in self.reading.places:
            return self.reading.places[name].state
        found = [place.state for place in self.leaves(states)]
        return found[0] if len(found) == 1 else found

    def below(self, states: Iterable[int], within: int) -> list[int]:
        """Those of some states that lie inside of a state."""
        return [s for s in states if self.chart.inside(s, within)]

    def preempted(self, taken: Sequence[Way]) -> list[Way]:
        """Resolve conflicts as the core does: inner beats outer, then the earlier region wins."""
        kept: list[Way] = []
        for new in taken:
            rivals = [old for old in kept if self._overlap(new, old)]
            sources = [self.chart.transitions[way.index].source for way in (new, *rivals)]
            if all(self.chart.inside(sources[0], other) for other in sources[1:]):
                kept = [old for old in kept if old not in rivals]
                kept.append(new)
        return kept

    def _overlap(self, one: Way, other: Way) -> bool:
        a, b = one.domain, other.domain
        return a is not None and b is not None and (a == b or self.chart.inside(a, b) or self.chart.inside(b, a))
