"""A family: a machine in memory with the child machines that it runs, on one virtual clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fsm.chart.event import Event, Signal
from fsm.chart.machine import Machine
from fsm.core.calendar import Calendar
from fsm.core.live import child_id
from fsm.core.snapshot import PendingEvent, Snapshot
from fsm.errors import EventError, MicrostepsExceeded, RehearsalSuspended, ServiceMissing
from fsm.limits import MICROSTEPS_MAX
from fsm.testing import exact
from fsm.testing.agenda import Due
from fsm.testing.birth import Birth
from fsm.testing.session import Session


class Family:
    """The sessions of one rehearsal, by id; the first is the machine that is rehearsed."""

    def __init__(self, services: dict[Any, Any], now: float, trace_max: int, calendar: Calendar | None = None) -> None:
        self.now, self.calendar = now, calendar
        self._services, self._trace_max = services, trace_max
        self._sessions: dict[str, Session] = {}
        self._places: dict[str, tuple[Session, str, int]] = {}
        """Of each child: its parent, the invoke and the generation that it answers."""
        self._stirring = False

    def found(self, machine: type[Machine[Any, Any, Any]], id: str) -> Session:
        """A new session, not begun yet."""
        session = self._sessions[id] = Session(machine, self._services, id, self, self._trace_max)
        return session

    # ---- what sessions ask for

    def knows(self, id: str) -> bool:
        """Whether there is a member of this id."""
        return id in self._sessions

    def route(self, sender: Session, event: Event, to: str) -> bool:
        """Hand an event to a member of the family; False when there is none of this id."""
        receiver = self._sessions.get(to)
        if receiver is None:
            return False
        place = self._places.get(sender.live.id)
        if place is None and sender.live.parent == to:
            return True  # what a cancelled child still says is not heard
        if place is not None and place[0] is receiver and isinstance(event, Signal):
            event = event.model_copy(update={"invoke": place[1]})
        receiver.receive(event)
        return True

    def post(self, sender: Session, due: PendingEvent) -> None:
        """Hand on an event whose delay is over; one that its receiver cannot read is let go."""
        receiver = self._sessions.get(due.to)
        if receiver is not None:
            try:
                self.route(sender, receiver.codec.decode_event(due.event, due.payload), due.to)
            except EventError:
                return

    def bear(self, parent: Session, births: Sequence[Birth]) -> None:
        """Begin child machines: all of them before anything that they say is heard."""
        held, self._stirring = self._stirring, True
        try:
            for invocation, generation, machine, data in births:
                id = child_id(parent.live.id, invocation.id, generation)
                child = self.found(machine, id)
                child.live.parent = parent.live.id
                self._places[id] = (parent, invocation.id, generation)
                try:
                    child.begin(data)
                except BaseException:  # it never was; its invoke waits for an answer by hand
                    del self._sessions[id], self._places[id]
                    raise
        finally:
            self._stirring = held

    def bury(self, child: str) -> None:
        """A child's state was left: it is cancelled, and nothing of it arrives any more."""
        session = self._sessions.pop(child, None)
        if session is not None:
            del self._places[child]
            if session.status == "running":
                session.cancel()

    def ended(self, child: Session) -> None:
        """A session has reached its end: its parent gets the output, its own children end."""
        for id, (parent, _, _) in list(self._places.items()):
            if parent is child:
                self.bury(id)
        place = self._places.get(child.live.id)
        if place is None or child.status != "done":
            return
        parent, invoke, generation = place
        payload = child.codec.encode_output(child.live.output)
        parent.agenda.events.append(
            PendingEvent(f"done.invoke.{invoke}", payload, self.now, invoke, generation=generation)
        )
        self.stir()

    def stir(self) -> None:
        """Let everybody take what is due now; whoever is at it already goes on with it."""
        if self._stirring:
            return
        self._stirring = True
        try:
            for _ in range(MICROSTEPS_MAX):
                if not any(self._taken(session) for session in list(self._sessions.values())):
                    return
        finally:
            self._stirring = False
        raise self._endless()

    def _taken(self, session: Session) -> bool:
        first = session.agenda.event_due(self.now) if session.status == "running" else None
        if first is not None:
            session.bring(first)
        return first is not None

    # ---- time

    def settle(self, *, keep_missing: bool = False) -> None:
        """Run pending invokes until none is pending; with `keep_missing` those without a service stay."""
        for _ in range(MICROSTEPS_MAX):
            ready = (
                (session, name)
                for session in self._sessions.values()
                for name in session.agenda.workable()
                if not (keep_missing and name in session.services.missing)
            )
            first = next(ready, None)
            if first is None:
                return
            self._work(*first, keep_missing=keep_missing)
        raise self._endless()

    def _work(self, session: Session, name: str, *, keep_missing: bool) -> None:
        invocation, pending = session.agenda.take(name)
        try:
            given = session.bench.work(invocation, pending)
        except (ServiceMissing, RehearsalSuspended) as problem:
            session.agenda.put_back(pending)
            if isinstance(problem, RehearsalSuspended) or not keep_missing:
                raise
            session.services.missing.add(name)
        except Exception as problem:
            session.fail(invocation, pending, problem)
        else:
            session.finish(invocation, pending, lambda: session.answered(invocation, given))

    def advance(self, until: float) -> None:
        """Let time pass: settle, then what is due in order, settling after each."""
        self.settle(keep_missing=True)
        standing = 0
        while (first := self._next(until)) is not None:
            due, session, what = first
            standing = 0 if due > self.now else standing + 1
            if standing > MICROSTEPS_MAX:
                raise self._endless()
            self.now = max(self.now, due)
            session.bring(what)
            self.settle(keep_missing=True)
        self.now = until

    def _next(self, until: float) -> tuple[float, Session, Due] | None:
        found: tuple[float, Session, Due] | None = None
        for session in self._sessions.values():
            first = session.agenda.next(until) if session.status == "running" else None
            if first is not None and (found is None or first[0] < found[0]):
                found = (first[0], session, first[1])
        return found

    def _endless(self) -> MicrostepsExceeded:
        name = next(iter(self._sessions.values())).chart.name
        return MicrostepsExceeded(
            f"{name}: {MICROSTEPS_MAX} invokes or timers in a row without any time between them, each one begun by the"
            f" one before; let one of them lead to a state that waits."
        )

    # ---- snapshots

    def snapshot(self, session: Session) -> Snapshot[Any]:
        """A session with its children, as a value."""
        children = {
            invoke: self.snapshot(self._sessions[id]).to_json()
            for id, (parent, invoke, _) in self._places.items()
            if parent is session and id in self._sessions
        }
        return exact.take(session.live, session.agenda, session.codec, session.status, self.now, children)

    def restore(self, session: Session, snapshot: Snapshot[Any]) -> None:
        """Bring a session and its children to what a snapshot says. Raises SnapshotError, ContextInvalid."""
        exact.restore(snapshot, session.live, session.agenda, session.codec)
        session.status = snapshot.status
        for pending in snapshot.invokes:
            if not pending.child:
                continue
            invocation = next(i for i in session.chart.invokes if i.id == pending.id)
            machine, inner = exact.child(session.chart, invocation, pending.child)
            child = self.found(machine, inner.id)
            child.live.parent = session.live.id
            self._places[inner.id] = (session, pending.id, pending.generation)
            self.restore(child, inner)
