"""A rehearsal: a machine run in memory, synchronously, on a virtual clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, Generic, cast, overload

from fsm.chart.chart import Invocation
from fsm.chart.delay import Delay, delay_ms
from fsm.chart.event import Event, Signal, Started, key_of, wire_name
from fsm.chart.machine import C, E, Machine, O, handle
from fsm.core.effect import effects
from fsm.core.live import Live, Sent, Spawned
from fsm.core.occurrence import invoke_failed
from fsm.core.snapshot import PendingEvent, PendingInvoke, Snapshot
from fsm.core.step import Microstep, Step, Taken, event_name
from fsm.core.table import codec_of, table_of
from fsm.core.turn import as_problem, leave, start, turn
from fsm.errors import (
    HandlerMisuse,
    InstanceEnded,
    MicrostepsExceeded,
    NotAccepted,
    Refused,
    RehearsalSuspended,
    ServiceMissing,
    TurnError,
)
from fsm.limits import MICROSTEPS_MAX, TRACE_MAX
from fsm.testing import exact
from fsm.testing.agenda import Agenda, Due, TimerDue
from fsm.testing.scripted import Scripted, private_handle, suspended

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""Where the virtual clock begins unless told otherwise."""


class Rehearsal(Generic[C, E, O]):
    """A machine in memory: `send` runs one macrostep, `settle` the pending invokes, `advance` the clock."""

    def __init__(
        self,
        machine: type[Machine[C, E, O]],
        data: C | None = None,
        *,
        services: Mapping[Any, Any] | None = None,
        snapshot: Snapshot[Any] | str | bytes | None = None,
        id: str = "rehearsal",
        now: datetime = EPOCH,
        trace_max: int = TRACE_MAX,
    ) -> None:
        self._class, self._chart = machine, machine.__chart__
        self._codec = codec_of(machine)
        self._events, self._strict = frozenset(self._chart.events), self._chart.unhandled != "ignore"
        self._live = Live(id, table_of(machine))
        self._services = Scripted(self._chart, dict(services or {}), self._live)
        self._machine = handle(machine, self._live, self._services.proxies)
        self._live.machine = self._machine
        self._trace: deque[Taken] = deque(maxlen=trace_max)
        self._now = now.timestamp()
        self._agenda = Agenda(self._chart)
        self._offering = self._shown = False
        self.status = "running"
        self.sent: list[Sent] = []
        """Events sent to other instances."""
        self.spawned: list[Spawned] = []
        """Instances that the machine started."""
        if snapshot is not None:
            self._restore(snapshot)
        else:
            self._begin(data)

    # ---- looking

    @property
    def id(self) -> str:
        """The id that handlers see as `self.id`."""
        return self._live.id

    @property
    def configuration(self) -> frozenset[str]:
        """Ids of the active leaf states."""
        return self._live.at.ids

    @property
    def active(self) -> frozenset[str]:
        """Ids of all active states."""
        return self._live.at.active

    @property
    def ctx(self) -> C:
        """The context; what a test changes here, the machine sees."""
        self._shown = True
        return self._machine.ctx

    @property
    def done(self) -> bool:
        """Whether a final state at the top level was reached."""
        return self._live.finished

    @property
    def output(self) -> O:
        """The output of the final state; None before."""
        return cast(O, self._live.output)

    @property
    def now(self) -> datetime:
        """The virtual time."""
        return datetime.fromtimestamp(self._now, UTC)

    @property
    def trace(self) -> list[Microstep]:
        """The microsteps so far, oldest first, bounded."""
        return [Microstep(key, plan) for key, plan, _ in self._trace]

    @property
    def pending(self) -> tuple[str, ...]:
        """Ids of the invokes that wait for an answer."""
        return tuple(self._agenda.invokes)

    # ---- doing

    @overload
    def send(self, event: E, /) -> Step: ...
    @overload
    def send(self, event: str, /, **payload: Any) -> Step: ...
    def send(self, event: Any, /, **payload: Any) -> Step:
        """Take one event and run the macrostep; invokes that it starts stay pending.

        Raises UnknownEvent, EventInvalid, NotAccepted, Refused, InstanceEnded; and the TurnError of a turn that
        failed, which leaves everything as it was.
        """
        if isinstance(event, str):
            event = self._codec.make_event(event, payload)
        elif event.__class__ not in self._events:
            self._codec.check_event(event)
        if self.status != "running":
            raise self._ended()
        live, key = self._live, event.__class__ if event.__class__ is not Signal else event.name
        live.begin_turn("event", self._now)
        try:
            return self._run(key, turn(live, key, event, strict=self._strict), event)
        except NotAccepted:
            if self._chart.unhandled != "defer":
                raise
            self._agenda.events.append(PendingEvent(wire_name(event), self._codec.encode_event(event)))
            return Step(key, live.at, (), live.seq, False, None)

    def settle(self) -> Rehearsal[C, E, O]:
        """Run pending invokes with the given services until none is pending; no time passes."""
        for _ in range(MICROSTEPS_MAX):
            if not self._agenda.invokes:
                return self
            self._answer(next(iter(self._agenda.invokes)))
        raise self._endless()

    def advance(self, delay: Delay) -> Rehearsal[C, E, O]:
        """Let time pass: settle, then fire due timers in order, settling after each."""
        until = self._now + delay_ms(delay) / 1000
        self._settle_possible()
        standing = 0
        while (first := self._agenda.next(until)) is not None:
            standing = 0 if first[0] > self._now else standing + 1
            if standing > MICROSTEPS_MAX:
                raise self._endless()
            self._now = max(self._now, first[0])
            self._bring(first[1])
            self._settle_possible()
        self._now = until
        return self

    def resolve(self, invoke: str, result: Any = None) -> Step:
        """Answer a pending invoke by hand. Raises NothingPending."""
        return self._finish(*self._agenda.take(invoke), result, None)

    def reject(self, invoke: str, error: BaseException) -> Step:
        """Let a pending invoke fail by hand. Raises NothingPending."""
        return self._finish(*self._agenda.take(invoke), None, error)

    def cancel(self) -> None:
        """Leave every state in exit order; the machine takes no more events."""
        live = self._live
        trace: list[Taken] = []
        live.begin_turn(f"cancel:{live.seq}", self._now)
        self._now_or_never(leave(live, Started(), trace), "an exit action")
        self.status = "cancelled"
        self._committed("cancel", trace)

    # ---- snapshots

    def snapshot(self) -> Snapshot[C]:
        """Everything, as a value."""
        return exact.take(self._live, self._agenda, self._codec, self.status, self._now)

    def _restore(self, snapshot: Snapshot[Any] | str | bytes) -> None:
        if not isinstance(snapshot, Snapshot):
            snapshot = Snapshot.from_json(self._chart, snapshot)
        exact.restore(snapshot, self._live, self._agenda, self._codec)
        self._now, self.status = snapshot.now, snapshot.status

    # ---- turns

    def _begin(self, data: C | None) -> None:
        checked = self._codec.encode_context(data if data is not None else self._codec.default_context())
        vars(self._machine)["ctx"] = self._codec.decode_context(checked)
        self._live.begin_turn("start", self._now)
        self._run("start", start(self._live, Started()), Started())

    def _ended(self) -> InstanceEnded:
        return InstanceEnded(
            f"{self._chart.name} {self.id!r} is {self.status} in {sorted(self.configuration)}; it takes no events.",
            instance=self.id,
        )

    def _run(self, key: Any, coroutine: Coroutine[Any, Any, list[Taken]], event: Event) -> Step:
        """One turn, undone when it fails."""
        live = self._live
        at, histories = live.at, live.histories
        if self._shown:  # whoever holds the context may have changed it since
            live.saved = None
        try:
            try:
                coroutine.send(None)
            except StopIteration as stop:
                trace: list[Taken] = stop.value
            else:
                raise self._suspended(coroutine, f"a handler of {self._chart.name} on {event_name(key)!r}")
            if live.touched:
                live.saved = self._codec.encode_context(self._machine.ctx, live.saved)
            if live.finished:
                self._codec.encode_output(live.output)
        except BaseException:
            live.at, live.histories, live.finished, live.output = at, histories, False, None
            if live.saved is not None:
                vars(self._machine)["ctx"] = self._codec.decode_context(live.saved)
            raise
        return self._committed(key, trace)

    def _now_or_never(self, coroutine: Coroutine[Any, Any, Any], what: str) -> Any:
        """Drive a coroutine that never really waits. Raises RehearsalSuspended when it does."""
        try:
            coroutine.send(None)
        except StopIteration as stop:
            return stop.value
        raise self._suspended(coroutine, what)

    def _suspended(self, coroutine: Coroutine[Any, Any, Any], what: str) -> RehearsalSuspended:
        waiting, self._services.waiting = self._services.waiting, ""
        coroutine.close()
        return suspended(waiting or what)

    def _committed(self, key: Any, trace: list[Taken]) -> Step:
        live = self._live
        live.seq += 1
        self._trace.extend(trace)
        if live.moved and (begun := effects(live, trace)) is not None:
            context = self._codec.encode_context(self._machine.ctx).decode() if begun.invokes_started else ""
            self._agenda.apply(begun, trace, context, self._now)
        if live.finished:
            self.status = "done"
            self._agenda.clear()
        step = Step(key, live.at, trace, live.seq, live.finished, live.output)
        if live.sent or live.spawned:
            self._deliver()
        if self._agenda.events and trace:
            self._retry_deferred()
        return step

    def _inner(self, event: Event, *, strict: bool) -> None:
        """An event that the machine sent itself, or that was deferred."""
        if self.status == "running":
            live, key = self._live, key_of(event)
            live.begin_turn("event", self._now)
            self._run(key, turn(live, key, event, strict=strict), event)

    def _deliver(self) -> None:
        """Hand on what the turn sent: to itself at once or by the clock, to others into `sent`."""
        live = self._live
        sent, self.spawned = list(live.sent), [*self.spawned, *live.spawned]
        live.sent.clear()
        live.spawned.clear()
        for item in sent:
            if item.to is not None and item.to != live.id:
                self.sent.append(item)
            else:
                payload = self._codec.encode_event(item.event)
                due = self._now + item.delay_ms / 1000
                self._agenda.events.append(PendingEvent(wire_name(item.event), payload, due))
        if not self._offering:
            self._take_what_is_due()

    def _take_what_is_due(self) -> None:
        """Events that the machine sent itself without a delay follow its turn at once."""
        while self.status == "running" and (first := self._agenda.event_due(self._now)) is not None:
            self._bring(first)

    def _retry_deferred(self) -> None:
        """Offer deferred events again, oldest first, from the beginning whenever one was taken."""
        if self._offering:
            return
        self._offering = True
        try:
            while self.status == "running" and any(self._taken_now(w) for w in self._agenda.deferred()):
                pass
        finally:
            self._offering = False
        self._take_what_is_due()

    def _taken_now(self, waiting: PendingEvent) -> bool:
        try:
            self._inner(self._codec.decode_event(waiting.event, waiting.payload), strict=True)
        except (NotAccepted, Refused, TurnError):
            return False  # it stays, and does not concern the sender of the event that came before
        self._agenda.events.remove(waiting)
        return True

    # ---- time and invokes

    def _bring(self, due: Due) -> None:
        """Let a thing happen whose time has come."""
        match due:
            case PendingEvent():
                self._agenda.events.remove(due)
                self._inner(self._codec.decode_event(due.event, due.payload), strict=False)
            case PendingInvoke():
                invocation, pending = self._agenda.take(due.id)
                limit = (invocation.timeout_ms or 0) / 1000
                self._finish(invocation, pending, None, TimeoutError(f"no answer within {limit:g} s"))
            case TimerDue():
                self._fire(due)

    def _fire(self, due: TimerDue) -> None:
        live, event = self._live, Started()
        when = self._agenda.timers.pop((due.key, due.generation))
        generation = live.timers.pop(due.key)
        live.begin_turn("timer", self._now)
        try:
            self._run(due.key, turn(live, due.key, event, strict=False), event)
        except BaseException:
            live.timers[due.key] = generation
            self._agenda.timers[due.key, due.generation] = when
            raise

    def _settle_possible(self) -> None:
        """Settle, but leave invokes whose service was not given pending."""
        for _ in range(MICROSTEPS_MAX):
            ready = [name for name in self._agenda.invokes if name not in self._services.missing]
            if not ready:
                return
            self._answer(ready[0], keep_missing=True)
        raise self._endless()

    def _endless(self) -> MicrostepsExceeded:
        return MicrostepsExceeded(
            f"{self._chart.name}: {MICROSTEPS_MAX} invokes or timers in a row without any time between them, each one"
            f" begun by the one before; let one of them lead to a state that waits."
        )

    def _answer(self, name: str, *, keep_missing: bool = False) -> None:
        invocation, pending = self._agenda.take(name)
        try:
            given = self._work(invocation, pending)
        except (ServiceMissing, RehearsalSuspended) as problem:
            self._agenda.put_back(pending)
            if isinstance(problem, RehearsalSuspended) or not keep_missing:
                raise
            self._services.missing.add(name)
        except Exception as problem:
            self._finish(invocation, pending, None, problem)
        else:
            self._finish(invocation, pending, given, None)

    def _work(self, invocation: Invocation, pending: PendingInvoke) -> Any:
        """Run an invoke on its private copy of the context."""
        context = self._codec.decode_context(pending.context)
        before = self._codec.encode_context(context)
        cause = f"invoke:{pending.id}#{pending.generation}"
        machine = private_handle(self._class, self._live, context, self._services, cause, self._now)
        given = invocation.work.call(machine, self._codec.restore_event(pending.event, pending.payload))
        if hasattr(given, "__await__"):
            given = self._now_or_never(given, f"invoke {invocation.name}")
        if self._codec.encode_context(context) != before:
            raise HandlerMisuse(
                f"invoke {invocation.name} changed its private copy of the context, which is thrown away; return the"
                f" result and keep it in a .done handler"
            )
        return given

    def _finish(self, invocation: Invocation, pending: PendingInvoke, result: Any, error: BaseException | None) -> Step:
        """The turn of an answer or a failure; when it fails, the invoke is still pending."""
        live = self._live
        generation = live.invokes.pop(invocation.id)
        live.begin_turn(f"invoke:{invocation.id}#{generation}", self._now)
        try:
            if error is None:
                event: Event = self._codec.done(invocation, self._codec.encode_result(invocation, result))
                key = f"done.invoke.{invocation.id}"
            else:
                key, event = invoke_failed(self._chart, invocation, as_problem(error))
            return self._run(key, turn(live, key, event, failure=error, strict=False), event)
        except BaseException:
            live.invokes[invocation.id] = generation
            self._agenda.put_back(pending)
            raise
