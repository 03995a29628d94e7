"""A session: one machine in memory, taking its turns synchronously; a rehearsal is a family of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from fsm.chart.chart import Invocation
from fsm.chart.event import Event, key_of, wire_name
from fsm.chart.machine import Machine
from fsm.core.calendar import Calendar
from fsm.core.effect import Effects, overtaken
from fsm.core.heed import heed
from fsm.core.live import child_id
from fsm.core.moving import Sent, Spawned
from fsm.core.occurrence import invoke_failed
from fsm.core.snapshot import PendingEvent, PendingInvoke
from fsm.core.step import Step, Taken
from fsm.core.turn import as_problem, turn
from fsm.errors import EventError, InstanceEnded, NotAccepted, Refused, TurnError
from fsm.testing.agenda import Due, TimerDue
from fsm.testing.birth import Birth
from fsm.testing.single import Single


class Household(Protocol):
    """What a session reaches of the family that it lives in."""

    now: float
    calendar: Calendar | None

    def knows(self, id: str) -> bool: ...
    def route(self, sender: Session, event: Event, to: str) -> bool: ...
    def post(self, sender: Session, due: PendingEvent) -> None: ...
    def bear(self, parent: Session, births: Sequence[Birth]) -> None: ...
    def bury(self, child: str) -> None: ...
    def ended(self, child: Session) -> None: ...
    def stir(self) -> None: ...


class Session(Single):
    """One machine of a family: what it sends, what it keeps for later, what arrives and what its invokes answer."""

    def __init__(
        self,
        machine: type[Machine[Any, Any, Any]],
        services: dict[Any, Any],
        id: str,
        family: Household,
        trace_max: int,
    ) -> None:
        super().__init__(machine, services, id, family, trace_max)
        self.family = family
        self.events, self._named = frozenset(self.chart.events), self.chart.named
        self.sent: list[Sent] = []
        self.spawned: list[Spawned] = []
        self.executed: list[object] = []
        self._strict = self.chart.unhandled != "ignore"
        self._defers = self.live.table.deferring
        self._turn = heed if self.live.table.heeding else turn
        self._offering = False

    # ---- turns

    def take(self, event: Any) -> Step:
        """Take an event from outside. Raises NotAccepted, Refused, InstanceEnded, TurnError."""
        live = self.live
        if self.status != "running":
            what = f"{self.chart.name} {live.id!r} is {self.status} in {sorted(live.at.ids)}"
            raise InstanceEnded(f"{what}; it takes no events.", instance=live.id)
        key = event.name if self._named else event.__class__
        strict = self._strict or (self._defers and live.table.defers(live.at, key))
        live.begin_turn("event", self.family.now)
        try:
            return self._run(key, self._turn(live, key, event, strict=strict), event)
        except (NotAccepted, Refused) as refusal:
            if not live.table.keeps(live.at, key, refusal):
                raise
            self.agenda.expect(event, self.codec)
            return Step(key, live.at, (), live.seq, False, None)

    def _committed(self, trace: list[Taken], begun: Effects | None, births: Sequence[Birth]) -> None:
        live, agenda = self.live, self.agenda
        if begun is not None:
            context = self.codec.encode_context(self.handle.ctx).decode() if begun.invokes_started else ""
            for id, generation in begun.invokes_ended:
                child = child_id(live.id, id, generation)
                self.family.bury(child)
                live.sent = [s for s in live.sent if s.to != child]
            agenda.apply(begun, trace, context, self.family.now)
            agenda.invokes = {id: i for id, i in agenda.invokes.items() if id in live.invokes}
        if live.finished:
            self.status = "done"
        if told := live.sending:
            self._deliver()
        if self.status != "running":
            agenda.clear()
            self.family.ended(self)
        if births:
            self.family.bear(self, births)
        offered = bool(agenda.events) and any(plan.entered for _, plan, _ in trace)
        if offered:
            self._retry_deferred()
        if not self._offering and (offered or told or begun is not None or agenda.events):
            self.family.stir()

    # ---- events that were sent, and deferred ones

    def _deliver(self) -> None:
        """Hand on what the turn sent: to itself and its family at once or by the clock, to others into `sent`."""
        live, agenda = self.live, self.agenda
        sent, self.spawned = list(live.sent), [*self.spawned, *live.spawned]
        agenda.events = [e for e in agenda.events if e.generation or e.id not in live.withdrawn]
        self.sent = [s for s in self.sent if not s.delay_ms or s.id not in live.withdrawn]
        live.withdrawn, live.sent, live.spawned = [], [], []
        self.executed, live.executed = [*self.executed, *live.executed], []
        live.sending = False
        for item in sent:
            own = item.to is None or item.to == live.id
            if own or (item.delay_ms and self.family.knows(str(item.to))):
                due = self.family.now + item.delay_ms / 1000
                agenda.expect(item.event, self.codec, due, item.id, "" if own else str(item.to))
            elif not self.family.route(self, item.event, str(item.to)):
                self.sent.append(item)

    def receive(self, event: Event) -> None:
        """Put an event of another session into the queue; one that this machine cannot read is let go."""
        try:
            self.codec.decode_event(wire_name(event), self.codec.encode_event(event))
        except EventError:
            return
        self.agenda.expect(event, self.codec, self.family.now)

    def _heard(self, event: Event) -> None:
        """An event that the machine or one of its family sent; one that is refused, and not kept, is let go."""
        if self.status == "running":
            try:
                self.take(event)
            except (NotAccepted, Refused):
                pass

    def _inner(self, event: Event, *, strict: bool) -> None:
        """An event that was deferred, or the late answer of a child."""
        if self.status == "running":
            live, key = self.live, key_of(event)
            live.begin_turn("event", self.family.now)
            self._run(key, heed(live, key, event, strict=strict), event)

    def _retry_deferred(self) -> None:
        """Offer deferred events again, oldest first, from the beginning whenever one was taken."""
        if self._offering:
            return
        self._offering = True
        try:
            while self.status == "running" and any(self._taken_now(w) for w in self.agenda.deferred()):
                pass
        finally:
            self._offering = False

    def _taken_now(self, waiting: PendingEvent) -> bool:
        place = self.agenda.events.index(waiting)
        del self.agenda.events[place]
        try:
            self._inner(self.codec.decode_event(waiting.event, waiting.payload), strict=True)
        except (NotAccepted, Refused, TurnError):
            self.agenda.events.insert(place, waiting)
            return False  # it stays, and does not concern the sender of the event that came before
        return True

    # ---- what time brings

    def bring(self, due: Due) -> None:
        """Let a thing happen whose time has come."""
        match due:
            case PendingEvent():
                self.agenda.events.remove(due)
                seq = self.live.seq
                try:
                    self._arrived(due)
                except EventError:
                    raise  # nobody can read it
                except BaseException:
                    if self.live.seq == seq:  # its turn failed, so that it is still due
                        self.agenda.events.insert(0, due)
                    raise
            case PendingInvoke():
                invocation, pending = self.agenda.take(due.id)
                limit = (invocation.timeout_ms or 0) / 1000
                self.fail(invocation, pending, TimeoutError(f"no answer within {limit:g} s"))
            case TimerDue():
                self._fire(due)

    def _arrived(self, due: PendingEvent) -> None:
        if due.generation:
            self._answered(due)
        elif not due.to:
            self._heard(self.codec.decode_event(due.event, due.payload))
        else:
            self.family.post(self, due)
            self.family.stir()

    def _answered(self, due: PendingEvent) -> None:
        """A child machine has ended; in SCXML its answer counts even when its state was left meanwhile."""
        invocation = next(i for i in self.chart.invokes if i.id == due.id)
        if self.agenda.generation(due.id) == due.generation:
            _, pending = self.agenda.take(due.id)
            self.finish(invocation, pending, lambda: self.codec.done(invocation, due.payload))
        elif self.chart.forgiving:
            self._inner(self.codec.done(invocation, due.payload), strict=False)

    # ---- invokes

    def fail(self, invocation: Invocation, pending: PendingInvoke, error: BaseException) -> Step:
        """The turn of a failure; when it fails, the invoke is still pending."""
        told = invoke_failed(self.chart, invocation, as_problem(error))[1]
        return self.finish(invocation, pending, lambda: told, error)

    def finish(
        self,
        invocation: Invocation,
        pending: PendingInvoke,
        answer: Callable[[], Event],
        failure: BaseException | None = None,
    ) -> Step:
        """The turn of an answer, or of a failure; when it fails, the invoke is still pending."""
        live = self.live
        generation = live.invokes.pop(invocation.id)
        live.begin_turn(f"invoke:{invocation.id}#{generation}", self.family.now)
        try:
            key, event = f"{'done' if failure is None else 'error'}.invoke.{invocation.id}", answer()
            step = self._run(key, heed(live, key, event, failure=failure, strict=False), event)
        except BaseException:
            live.invokes[invocation.id] = generation
            self.agenda.put_back(pending)
            raise
        self.agenda.drop(overtaken(live, invocation.id))
        self.family.bury(child_id(live.id, invocation.id, generation))
        return step
