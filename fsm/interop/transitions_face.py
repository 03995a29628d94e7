"""A face: one of our charts as the settings of a hierarchical machine of `transitions`, for all that looks at it.

History and choice states are no states there: a transition to one leads to the state that it lies in. What is taken
without being told (timers, eventless and done transitions) is there under the words of a diagram, and cannot be sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fsm.chart.chart import Chart, Node, Transition
from fsm.chart.event import Event, known_events
from fsm.chart.state import Kind

SEPARATORS = (".", "_", "/", "↦")
"""What may join the names of states; the first that fits the ids of a chart."""
PSEUDO = (Kind.HISTORY, Kind.CHOICE)


class Face:
    """The names of a chart's states and events as `transitions` has them."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.alone = {n.index for n in chart.nodes if n.index and self._stands_for_parent(n)}
        """States that stand for a composite in which nothing else is active."""
        self.separator, self.local = self._names()
        self.paths: dict[int, tuple[str, ...]] = {0: ()}
        for node in chart.nodes[1:]:
            above = self.paths[node.parent]
            same = node.kind in PSEUDO or node.index in self.alone
            self.paths[node.index] = above if same else (*above, self.local[node.index])

    def name(self, state: int) -> str:
        """The whole name of a state."""
        return self.separator.join(self.paths[state])

    @property
    def triggers(self) -> tuple[str, ...]:
        """The events that can be sent."""
        if not self.chart.named:
            return tuple(known_events(self._events()))
        names = [name for t in self.chart.transitions for name in t.trigger.names]
        return tuple(dict.fromkeys(name for name in names if not name.endswith("*")))

    def _events(self) -> tuple[type[Event], ...]:
        """The classes of events that are declared or taken; any event at all, where a transition takes that."""
        taken = tuple(e for t in self.chart.transitions for e in t.trigger.events if not e.__system__)
        anything = Event in taken
        return tuple(e for e in (*self.chart.events, *taken) if anything or e is not Event)

    def states(self, parent: int = 0) -> list[dict[str, Any]]:
        """The children of a state, as settings."""
        return [self._state(n) for n in self.chart.nodes[1:] if n.parent == parent and self._real(n)]

    def initial(self, node: Node) -> str | list[str] | None:
        """The local names of the states that a composite enters by default."""
        if node.kind is Kind.PARALLEL:
            return [self.local[child] for child in node.children]
        if not node.initial or node.initial[0] in self.alone:
            return None
        return next(self.local[c] for c in node.children if c == node.initial[0] or self._in(node.initial[0], c))

    def transitions(self) -> Iterator[dict[str, Any]]:
        """Every transition, once for each event that takes it."""
        events = known_events(self._events())
        keys: dict[str, Any] = {name: name if self.chart.named else events[name] for name in self.triggers}
        for t in self.chart.transitions:
            heard = [name for name, key in keys.items() if t.trigger.kind == "event" and t.trigger.matches(key)]
            for name in heard or ([t.trigger.label or t.trigger.kind] if t.trigger.kind != "event" else []):
                yield self._transition(t, name)

    def _transition(self, t: Transition, trigger: str) -> dict[str, Any]:
        source = self.name(t.source) if t.source else [self.name(n) for n in self.chart.nodes[0].children]
        label = t.guard.label if t.guard is not None else ""
        return {
            "trigger": trigger,
            "source": source,
            "dest": self.name(t.targets[0]) if t.targets else None,
            "conditions": [label] if label else None,
        }

    def _state(self, node: Node) -> dict[str, Any]:
        children = self.states(node.index)
        state: dict[str, Any] = {"name": self.local[node.index], "final": node.kind is Kind.FINAL}
        if children:
            state |= {"children": children, "initial": self.initial(node)}
        return state

    def _real(self, node: Node) -> bool:
        return node.kind not in PSEUDO and node.index not in self.alone

    def _in(self, inner: int, outer: int) -> bool:
        return self.chart.inside(inner, outer)

    def _stands_for_parent(self, node: Node) -> bool:
        parent = self.chart.nodes[node.parent].id
        return parent.endswith("*") and parent[:-2] == node.id

    def _id(self, node: Node) -> str:
        return node.id[:-2] if any(self.chart.nodes[c].index in self.alone for c in node.children) else node.id

    def _names(self) -> tuple[str, dict[int, str]]:
        """What joins names, and the name of each state within its parent."""
        nodes = [n for n in self.chart.nodes[1:] if self._real(n)]
        for separator in SEPARATORS:
            local: dict[int, str] = {}
            for node in nodes:
                above = self._id(self.chart.nodes[node.parent])
                prefix = f"{above}{separator}" if above else ""
                local[node.index] = self._id(node).removeprefix(prefix) if self._id(node).startswith(prefix) else ""
            if all(name and separator not in name for name in local.values()):
                return separator, local
        ids = {n.index: n.id for n in nodes}  # ids that are no paths, as SCXML has them
        return next((s for s in SEPARATORS if not any(s in id for id in ids.values())), "↦"), ids
