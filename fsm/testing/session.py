"""A session: one machine in memory, taking its turns synchronously; a rehearsal is a family of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from fsm.chart.chart import Invocation
from fsm.chart.event import Event, Started, key_of, wire_name
from fsm.chart.machine import Machine, handle
from fsm.core.codec import event_payload
from fsm.core.effect import Effects, effects
from fsm.core.heed import heed
from fsm.core.live import Live, Sent, Spawned, child_id
from fsm.core.occurrence import action_failed, invoke_failed
from fsm.core.snapshot import PendingEvent, PendingInvoke
from fsm.core.step import Step, Taken, event_name
from fsm.core.table import codec_of, table_of
from fsm.core.turn import as_problem, leave, possible, start, turn
from fsm.errors import (
    EventError,
    FsmError,
    HandlerMisuse,
    InstanceEnded,
    NotAccepted,
    Refused,
    RehearsalSuspended,
    TurnError,
    UnhandledError,
)
from fsm.testing.agenda import Agenda, Due, TimerDue
from fsm.testing.scripted import Scripted, private_handle, suspended

Birth = tuple[Invocation, int, type[Machine[Any, Any, Any]], Any]
"""A child machine to begin: its invoke, the generation, the class, the data."""


class Household(Protocol):
    """What a session reaches of the family that it lives in."""

    now: float

    def knows(self, id: str) -> bool: ...
    def route(self, sender: Session, event: Event, to: str) -> bool: ...
    def post(self, sender: Session, due: PendingEvent) -> None: ...
    def bear(self, parent: Session, births: Sequence[Birth]) -> None: ...
    def bury(self, child: str) -> None: ...
    def ended(self, child: Session) -> None: ...
    def stir(self) -> None: ...


class Session:
    """One machine in memory. A turn that fails leaves everything as it was."""

    def __init__(
        self,
        machine: type[Machine[Any, Any, Any]],
        services: dict[Any, Any],
        id: str,
        family: Household,
        trace_max: int,
    ) -> None:
        self.machine, self.chart, self.family = machine, machine.__chart__, family
        self.codec = codec_of(machine)
        self.events, self._named = frozenset(self.chart.events), self.chart.named
        self.live = Live(id, table_of(machine))
        self.services = Scripted(self.chart, services, self.live)
        self.handle = self.live.machine = handle(machine, self.live, self.services.proxies)
        self.trace: deque[Taken] = deque(maxlen=trace_max)
        self.agenda = Agenda(self.chart)
        self.status = "running"
        self.shown = False
        """Whether somebody outside holds the context and may change it."""
        self.sent: list[Sent] = []
        self.spawned: list[Spawned] = []
        self._strict = self.chart.unhandled != "ignore"
        self._defers = self.live.table.deferring
        self._turn = heed if self.live.table.heeding else turn
        self._moving = bool(self.chart.invokes or self.live.table.timers_of)
        self._local = bool(self.live.table.local)
        self._offering = False

    # ---- turns

    def begin(self, data: Any) -> None:
        """Enter the initial states."""
        checked = self.codec.encode_context(data if data is not None else self.codec.default_context())
        vars(self.handle)["ctx"] = self.codec.decode_context(checked)
        self.live.begin_turn("start", self.family.now)
        self._run("start", start(self.live, Started()), Started())

    def take(self, event: Any) -> Step:
        """Take an event from outside. Raises NotAccepted, Refused, InstanceEnded, TurnError."""
        if self.status != "running":
            raise self._ended()
        live = self.live
        key = event.name if self._named else event.__class__
        strict = self._strict or (self._defers and live.table.defers(live.at, key))
        live.begin_turn("event", self.family.now)
        try:
            return self._run(key, self._turn(live, key, event, strict=strict), event)
        except (NotAccepted, Refused) as refusal:
            if not live.table.keeps(live.at, key, refusal):
                raise
            self.agenda.events.append(PendingEvent(wire_name(event), self.codec.encode_event(event)))
            return Step(key, live.at, (), live.seq, False, None)

    def can(self, event: Event) -> bool:
        """Whether an event would be taken now. Raises GuardFailed."""
        if self.status != "running":
            return False
        self.live.begin_turn("event", self.family.now)
        return bool(self._now_or_never(possible(self.live, key_of(event), event), "a guard"))

    def cancel(self) -> None:
        """Leave every state in exit order; the machine takes no more events."""
        live = self.live
        trace: list[Taken] = []
        live.begin_turn(f"cancel:{live.seq}", self.family.now)
        self._now_or_never(leave(live, Started(), trace), "an exit action")
        self.status = "cancelled"
        live.seq += 1
        self.trace.extend(trace)
        self._committed(trace, effects(live, trace) if live.moved else None, ())

    def _ended(self) -> InstanceEnded:
        live = self.live
        return InstanceEnded(
            f"{self.chart.name} {live.id!r} is {self.status} in {sorted(live.at.ids)}; it takes no events.",
            instance=live.id,
        )

    def _run(self, key: Any, coroutine: Coroutine[Any, Any, list[Taken]], event: Event) -> Step:
        """One turn, undone when it fails."""
        live = self.live
        at, histories = live.at, live.histories
        moving = (dict(live.timers), dict(live.invokes), live.generation) if self._moving else None
        if self.shown:  # whoever holds the context may have changed it since
            live.saved = None
        begun: Effects | None = None
        births: Sequence[Birth] = ()
        kept: dict[str, Any] | None = None
        try:
            try:
                coroutine.send(None)
            except StopIteration as stop:
                trace: list[Taken] = stop.value
            else:
                raise self._suspended(coroutine, f"a handler of {self.chart.name} on {event_name(key)!r}")
            if live.moved:
                begun = effects(live, trace)
                births = self._births(begun, trace)
            if live.touched:
                live.saved = self.codec.encode_context(self.handle.ctx, live.saved)
                if self._local:
                    kept = live.keep_locals()
                if live.finished:
                    self.codec.encode_output(live.output)
        except BaseException:
            live.at, live.histories, live.finished, live.output = at, histories, False, None
            if moving is not None:
                live.timers, live.invokes, live.generation = moving
            if live.saved is not None:
                vars(self.handle)["ctx"] = self.codec.decode_context(live.saved)
            if self._local:
                live.restore_locals(live.saved_locals)
            raise
        if kept is not None:
            live.saved_locals = kept
        live.seq += 1
        self.trace.extend(trace)
        step = Step(key, live.at, trace, live.seq, live.finished, live.output)
        if live.sending or live.finished or begun is not None or self.agenda.events:
            self._committed(trace, begun, births)
        return step

    def _births(self, begun: Effects, trace: list[Taken]) -> list[Birth]:
        """The children that a turn begins, with the data that they get."""
        found: list[Birth] = []
        for index, generation, number in begun.invokes_started:
            invocation = self.chart.invokes[index]
            if invocation.child is None:
                continue
            try:
                machine, data = invocation.child(self.handle, trace[number][2])
                codec = codec_of(machine)
                data = codec.decode_context(codec.encode_context(codec.default_context() if data is None else data))
                found.append((invocation, generation, machine, data))
            except Exception as problem:
                if not self.chart.forgiving:
                    raise (
                        problem if isinstance(problem, FsmError) else self._without_data(invocation, problem)
                    ) from problem
                del self.live.invokes[invocation.id]
                key, event = action_failed(self.chart, f"invoke {invocation.id}", as_problem(problem))
                self.agenda.events.append(PendingEvent(str(key), event_payload(event), self.family.now))
        return found

    def _without_data(self, invocation: Invocation, problem: Exception) -> UnhandledError:
        kind, detail = type(problem).__name__, str(problem)
        return UnhandledError(
            f"{self.chart.name} {self.live.id!r}: the data of child {invocation.id} cannot be made: {kind}:"
            f" {detail}. Nothing was changed; mend {invocation.work.name}, then retry.",
            kind=kind,
            detail=detail,
        )

    def _committed(self, trace: list[Taken], begun: Effects | None, births: Sequence[Birth]) -> None:
        """Let out what a turn led to."""
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
        told = bool(live.sent or live.spawned or live.withdrawn)
        if told:
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

    def _now_or_never(self, coroutine: Coroutine[Any, Any, Any], what: str) -> Any:
        """Drive a coroutine that never really waits. Raises RehearsalSuspended when it does."""
        try:
            coroutine.send(None)
        except StopIteration as stop:
            return stop.value
        raise self._suspended(coroutine, what)

    def _suspended(self, coroutine: Coroutine[Any, Any, Any], what: str) -> RehearsalSuspended:
        waiting, self.services.waiting = self.services.waiting, ""
        coroutine.close()
        return suspended(waiting or what)

    # ---- events that were sent, and deferred ones

    def _deliver(self) -> None:
        """Hand on what the turn sent: to itself and its family at once or by the clock, to others into `sent`."""
        live, agenda = self.live, self.agenda
        sent, self.spawned = list(live.sent), [*self.spawned, *live.spawned]
        agenda.events = [e for e in agenda.events if e.generation or e.id not in live.withdrawn]
        self.sent = [s for s in self.sent if not s.delay_ms or s.id not in live.withdrawn]
        live.withdrawn.clear()
        live.sent.clear()
        live.spawned.clear()
        live.sending = False
        for item in sent:
            own = item.to is None or item.to == live.id
            if own or (item.delay_ms and self.family.knows(str(item.to))):
                self._later(item, "" if own else str(item.to))
            elif not self.family.route(self, item.event, str(item.to)):
                self.sent.append(item)

    def _later(self, item: Sent, to: str) -> None:
        payload = self.codec.encode_event(item.event)
        due = self.family.now + item.delay_ms / 1000
        self.agenda.events.append(PendingEvent(wire_name(item.event), payload, due, item.id, to))

    def receive(self, event: Event) -> None:
        """Put an event of another session into the queue; one that this machine cannot read is let go."""
        try:
            name, payload = wire_name(event), self.codec.encode_event(event)
            self.codec.decode_event(name, payload)
        except EventError:
            return
        self.agenda.events.append(PendingEvent(name, payload, self.family.now))

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
            return
        if not due.to:
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

    def _fire(self, due: TimerDue) -> None:
        live, event = self.live, Started()
        when = self.agenda.timers.pop((due.key, due.generation))
        generation = live.timers.pop(due.key)
        live.begin_turn("timer", self.family.now)
        try:
            self._run(due.key, turn(live, due.key, event, strict=False), event)
        except BaseException:
            live.timers[due.key] = generation
            self.agenda.timers[due.key, due.generation] = when
            raise

    # ---- invokes

    def work(self, invocation: Invocation, pending: PendingInvoke) -> Any:
        """Run an invoke on its private copy of the context."""
        context = self.codec.decode_context(pending.context)
        before = self.codec.encode_context(context)
        cause = f"invoke:{pending.id}#{pending.generation}"
        machine = private_handle(self.machine, self.live, context, self.services, cause, self.family.now)
        given = invocation.work.call(machine, self.codec.restore_event(pending.event, pending.payload))
        if hasattr(given, "__await__"):
            given = self._now_or_never(given, f"invoke {invocation.name}")
        if self.codec.encode_context(context) != before:
            raise HandlerMisuse(
                f"invoke {invocation.name} changed its private copy of the context, which is thrown away; return the"
                f" result and keep it in a .done handler"
            )
        return given

    def answered(self, invocation: Invocation, result: Any) -> Event:
        """The event of an answer, decoded as the durable runtime does. Raises CallInvalid."""
        return self.codec.done(invocation, self.codec.encode_result(invocation, result))

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
        self.family.bury(child_id(live.id, invocation.id, generation))
        return step
