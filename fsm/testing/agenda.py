"""The agenda of a rehearsal: what the virtual clock has still to bring."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fsm.chart.chart import Chart, Invocation
from fsm.chart.event import Event, wire_name
from fsm.core.calendar import Calendar, due_at
from fsm.core.codec import Codec, event_payload
from fsm.core.effect import Effects
from fsm.core.snapshot import PendingEvent, PendingInvoke
from fsm.core.step import Taken, event_name
from fsm.errors import NothingPending


@dataclass(frozen=True, slots=True)
class TimerDue:
    """A timer of a state."""

    key: str
    generation: int


Due = TimerDue | PendingEvent | PendingInvoke


@dataclass(slots=True)
class Agenda:
    """Timers, waiting events and pending invokes of one rehearsal."""

    chart: Chart
    timers: dict[tuple[str, int], float] = field(default_factory=dict)
    invokes: dict[str, PendingInvoke] = field(default_factory=dict)
    events: list[PendingEvent] = field(default_factory=list)
    calendar: Calendar | None = None

    def apply(self, begun: Effects, trace: list[Taken], context: str, now: float) -> None:
        """Note what a turn began and ended."""
        for key, generation in begun.timers_cleared:
            self.timers.pop((key, generation), None)
        for key, generation, after_ms in begun.timers_set:
            self.timers[key, generation] = due_at(self.calendar, key, now, after_ms)
        for id, _ in begun.invokes_ended:
            self.invokes.pop(id, None)
        for index, generation, number in begun.invokes_started:
            invocation = self.chart.invokes[index]
            due = None if invocation.timeout_ms is None else now + invocation.timeout_ms / 1000
            name, payload = event_name(trace[number][0]), event_payload(trace[number][2])
            items = begun.items.get(index, "")
            self.invokes[invocation.id] = PendingInvoke(
                invocation.id, generation, context, name, payload, due, items=items, at=now
            )

    def expect(self, event: Event, codec: Codec, due: float | None = None, id: str = "", to: str = "") -> None:
        """Note an event that comes when it is due; without a time it waits until a state takes it."""
        self.events.append(PendingEvent(wire_name(event), codec.encode_event(event), due, id, to))

    def drop(self, timers: Iterable[tuple[str, int]]) -> None:
        """Take timers off the agenda."""
        for timer in timers:
            self.timers.pop(timer, None)

    def generation(self, invoke: str) -> int:
        """The generation of a pending invoke; 0 when there is none."""
        pending = self.invokes.get(invoke)
        return 0 if pending is None else pending.generation

    def clear(self) -> None:
        """The machine has ended: nothing is left to come."""
        self.timers.clear()
        self.invokes.clear()
        self.events.clear()

    def next(self, until: float) -> tuple[float, Due] | None:
        """What happens first until then; at a tie events go before timers, timers in the order they were set."""
        return min((d for d in self._all() if d[0] <= until + 1e-9), key=_order, default=None)

    def event_due(self, now: float) -> PendingEvent | None:
        """The first event whose time has come."""
        return next((e for e in self.events if e.due is not None and e.due <= now), None)

    def workable(self) -> list[str]:
        """Pending invokes that are work to be done, not children or people that go on by themselves."""
        others = {i.id for i in self.chart.invokes if i.aside}
        return [id for id in self.invokes if id not in others]

    def _all(self) -> Iterator[tuple[float, Due]]:
        yield from ((e.due, e) for e in self.events if e.due is not None)
        yield from ((due, TimerDue(*key)) for key, due in self.timers.items())
        yield from ((i.due, i) for i in self.invokes.values() if i.due is not None)

    def take(self, name: str) -> tuple[Invocation, PendingInvoke]:
        """Take a pending invoke off the agenda, by its name or id. Raises NothingPending."""
        for id, pending in self.invokes.items():
            invocation = next(i for i in self.chart.invokes if i.id == id)
            if name in (id, invocation.name):
                del self.invokes[id]
                return invocation, pending
        raise NothingPending(
            f"{self.chart.name}: no pending invoke {name!r}. Pending now: {', '.join(self.invokes) or 'none'}."
        )

    def put_back(self, pending: PendingInvoke) -> None:
        """Return an invoke to its place: they stand in the order in which they were started."""
        self.invokes[pending.id] = pending
        self.invokes = dict(sorted(self.invokes.items(), key=lambda item: item[1].generation))

    def deferred(self) -> list[PendingEvent]:
        """Events that wait for a state that takes them."""
        return [e for e in self.events if e.due is None]


def _order(item: tuple[float, Due]) -> tuple[float, int]:
    due, what = item
    return due, 0 if isinstance(what, PendingEvent) else what.generation
