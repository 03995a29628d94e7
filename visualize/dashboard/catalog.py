"""The catalog: the machines that the page knows by their classes, with all that it asks of a chart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from fsm.chart.chart import Transition
from fsm.chart.event import Event, known_events
from fsm.chart.machine import Machine
from fsm.core.codec import Codec
from fsm.core.step import Recorded
from fsm.core.table import codec_of
from fsm.ports.store import Store
from visualize.dashboard.disclosure import Disclosure
from visualize.dashboard.inlay import inlay, lines_of
from visualize.overlay import transitions_of

MachineClass = type[Machine[Any, Any, Any]]
Reader = Callable[[str], MachineClass]
"""Makes a machine from the document that the store keeps of it."""


class Known:
    """One machine that is known by its class."""

    def __init__(self, machine: MachineClass) -> None:
        """A view of the class; it keeps what it has worked out."""
        self.machine, self.chart = machine, machine.__chart__
        self.codec: Codec = codec_of(machine)
        self.disclosure = Disclosure(self.chart)

    @cached_property
    def svg(self) -> str:
        """Its diagram. Raises MissingExtra, DrawingError."""
        return inlay(self.chart)

    @cached_property
    def _drawn(self) -> tuple[int, ...]:
        return lines_of(self.chart)

    @cached_property
    def tags(self) -> Mapping[str, tuple[str, ...]]:
        """The states of each tag."""
        names = sorted({tag for node in self.chart.nodes for tag in node.tags})
        return {tag: tuple(n.id for n in self.chart.nodes if tag in n.tags) for tag in names}

    def accepted(self, configuration: Iterable[str]) -> list[str]:
        """The events that have an edge in these active states, whatever their guards say."""
        active = {0}
        for leaf in configuration:
            if (number := self.chart.index.get(leaf)) is not None:
                active |= {number, *self.chart.ancestors(number)}
        edges = [t for t in self.chart.transitions if t.source in active and t.trigger.kind == "event"]
        return sorted({name for edge in edges for name in self._names(edge)})

    def _names(self, edge: Transition) -> Iterable[str]:
        if self.chart.named:
            return [word for word in edge.trigger.words if "*" not in word]
        return [name for name, kind in known_events(self.chart.events).items() if edge.trigger.matches(kind)]

    def check(self, event: str, payload: str) -> None:
        """Refuse an event that the machine could not be sent. Raises UnknownEvent, EventInvalid."""
        found: Event = self.codec.decode_event(event, payload)
        self.codec.check_event(found)

    def lines(self, steps: Iterable[Recorded]) -> list[int]:
        """The lines of the diagram that some microsteps took."""
        taken = {i for step in steps for i in transitions_of(self.chart, step)}
        return [line for line, transition in enumerate(self._drawn) if transition in taken]


class Catalog:
    """Finds machines by name: those that were given, and those whose document is in the store."""

    def __init__(self, machines: Iterable[MachineClass], read: Reader) -> None:
        """`read` makes machines of stored documents."""
        self._given = {m.__chart__.name: Known(m) for m in machines}
        self._read = read
        self._made: dict[tuple[str, str], Known] = {}

    def given(self) -> list[Known]:
        """The machines that were given, by name."""
        return [self._given[name] for name in sorted(self._given)]

    async def find(self, store: Store, name: str, version: str) -> Known | None:
        """A machine by its name; None when neither a class nor a document of it is known."""
        if name in self._given:
            return self._given[name]
        if (name, version) not in self._made:
            stored = await store.definition(name, version)
            if stored is None:
                return None
            self._made[name, version] = Known(self._read(stored.document))
        return self._made[name, version]
