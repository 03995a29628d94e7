"""A rehearsal: a machine run in memory, synchronously, on a virtual clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, Generic, cast, overload

from pydantic import ValidationError

from fsm.chart.chart import Invocation
from fsm.chart.delay import Delay, delay_ms
from fsm.chart.event import Event, Failed, Problem, Started
from fsm.chart.machine import C, E, Machine, O, handle
from fsm.core.codec import event_payload
from fsm.core.effect import Effects, effects
from fsm.core.live import Live, Sent, Spawned
from fsm.core.snapshot import (
    PendingEvent,
    PendingInvoke,
    Snapshot,
    configuration_of,
    histories_of,
    named_histories,
)
from fsm.core.step import Microstep, Step, event_name
from fsm.core.table import codec_of, table_of
from fsm.core.turn import as_problem, leave, start, turn
from fsm.errors import (
    FsmError,
    InstanceEnded,
    NotAccepted,
    NothingPending,
    RehearsalSuspended,
    ServiceMissing,
    SnapshotCorrupted,
)
from fsm.limits import MICROSTEPS_MAX, TRACE_MAX
from fsm.testing.scripted import Scripted, private_handle

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""Where the virtual clock begins unless told otherwise."""


def run_now(coroutine: Coroutine[Any, Any, Any], what: str) -> Any:
    """Drive a coroutine that never really waits. Raises RehearsalSuspended when it does."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise RehearsalSuspended(
        f"{what} really waited. A rehearsal has no event loop: give it services that answer at once,"
        f" or run the machine in an Orchestrator."
    )


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
        self._live = Live(id, table_of(machine))
        self._services = Scripted(self._chart, dict(services or {}), self._live)
        self._machine = handle(machine, self._live, self._services.proxies)
        self._live.machine = self._machine
        self._trace: deque[Microstep] = deque(maxlen=trace_max)
        self._now = now.timestamp()
        self._due: dict[tuple[str, int], float] = {}
        self._pending: dict[str, PendingInvoke] = {}
        self._waiting: list[PendingEvent] = []
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
        self._live.saved = None
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
        return list(self._trace)

    @property
    def pending(self) -> tuple[str, ...]:
        """Ids of the invokes that wait for an answer."""
        return tuple(self._pending)

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
        elif event.__class__ not in self._chart.events:
            self._codec.check_event(event)
        return self._external(event)

    def settle(self) -> Rehearsal[C, E, O]:
        """Run pending invokes with the given services until none is pending; no time passes."""
        for _ in range(MICROSTEPS_MAX):
            if not self._pending:
                return self
            self._answer(next(iter(self._pending)))
        raise FsmError(f"{self._chart.name}: {MICROSTEPS_MAX} invokes in a row; each one starts the next for ever")

    def advance(self, delay: Delay) -> Rehearsal[C, E, O]:
        """Let time pass: settle, then fire due timers in order, settling after each."""
        until = self._now + delay_ms(delay) / 1000
        self._settle_possible()
        while (first := self._next_due(until)) is not None:
            due, act = first
            self._now = max(self._now, due)
            act()
            self._settle_possible()
        self._now = until
        return self

    def resolve(self, invoke: str, result: Any = None) -> Step:
        """Answer a pending invoke by hand. Raises NothingPending."""
        invocation, _ = self._take(invoke)
        return self._finish(invocation, result, None)

    def reject(self, invoke: str, error: BaseException) -> Step:
        """Let a pending invoke fail by hand. Raises NothingPending."""
        invocation, _ = self._take(invoke)
        return self._finish(invocation, None, error)

    def cancel(self) -> None:
        """Leave every state in exit order; the machine takes no more events."""
        live = self._live
        trace: list[Microstep] = []
        live.begin_turn(f"cancel:{live.seq}", self._now)
        run_now(leave(live, Started(), trace), "an exit action")
        self.status = "cancelled"
        self._committed("cancel", trace)

    # ---- snapshots

    def snapshot(self) -> Snapshot[C]:
        """Everything, as a value."""
        live, codec = self._live, self._codec
        return Snapshot(
            chart=self._chart,
            id=live.id,
            seq=live.seq,
            status=self.status,
            configuration=live.at.ids,
            context=codec.decode_context(codec.encode_context(self._machine.ctx)),
            histories=named_histories(live.table, live.histories),
            generation=live.generation,
            timers=tuple((key, generation, due) for (key, generation), due in sorted(self._due.items())),
            invokes=tuple(self._pending.values()),
            waiting=tuple(self._waiting),
            output=live.output,
            now=self._now,
        )

    def _restore(self, snapshot: Snapshot[Any] | str | bytes) -> None:
        if not isinstance(snapshot, Snapshot):
            snapshot = Snapshot.from_json(self._chart, snapshot)
        if snapshot.machine != self._chart.name:
            raise SnapshotCorrupted(
                f"{self._chart.name}: the snapshot belongs to machine {snapshot.machine!r}; rehearse that one"
            )
        live, codec = self._live, self._codec
        vars(self._machine)["ctx"] = codec.decode_context(codec.encode_context(snapshot.context))
        live.id, live.seq, live.generation = snapshot.id, snapshot.seq, snapshot.generation
        live.at = configuration_of(live.table, snapshot.configuration)
        live.histories = histories_of(live.table, snapshot.histories)
        live.timers = {key: generation for key, generation, _ in snapshot.timers}
        live.invokes = {i.id: i.generation for i in snapshot.invokes}
        live.output, live.finished = snapshot.output, snapshot.status == "done"
        self._due = {(key, generation): due for key, generation, due in snapshot.timers}
        self._pending = {i.id: i for i in snapshot.invokes}
        self._waiting = list(snapshot.waiting)
        self._now, self.status = snapshot.now, snapshot.status

    # ---- turns

    def _begin(self, data: C | None) -> None:
        context = self._chart.context
        if data is None:
            try:
                data = context()
            except ValidationError as problem:
                raise SnapshotCorrupted(
                    f"{self._chart.name}.rehearse(): {context.__name__} needs data; pass {context.__name__}(…)"
                ) from problem
        checked = self._codec.encode_context(data)
        vars(self._machine)["ctx"] = self._codec.decode_context(checked)
        self._live.begin_turn("start", self._now)
        self._run("start", start(self._live, Started()), Started())

    def _external(self, event: Event, strict: bool | None = None) -> Step:
        live = self._live
        if live.finished or self.status != "running":
            raise InstanceEnded(
                f"{self._chart.name} {live.id!r} is {self.status} in {sorted(self.configuration)} and takes no more"
                f" events.",
                instance=live.id,
            )
        live.begin_turn(f"event:{live.seq}", self._now)
        policy = self._chart.unhandled
        try:
            key = event.__class__
            return self._run(
                key, turn(live, key, event, strict=policy != "ignore" if strict is None else strict), event
            )
        except NotAccepted:
            if policy != "defer" or strict is not None:
                raise
            self._waiting.append(PendingEvent(event.__wire__, self._codec.encode_event(event)))
            return Step(event.__wire__, live.at, [], live.seq, False, None)

    def _run(self, key: Any, coroutine: Coroutine[Any, Any, list[Microstep]], event: Event) -> Step:
        """One turn, undone when it fails."""
        live = self._live
        at, histories = live.at, live.histories
        try:
            trace = run_now(coroutine, f"a handler of {self._chart.name} on {event_name(key)!r}")
            if live.saved is not None and any(m.plan.blocks for m in trace):
                live.saved = self._codec.encode_context(self._machine.ctx, live.saved)
        except BaseException:
            live.at, live.histories, live.finished, live.output = at, histories, False, None
            if live.saved is not None:
                vars(self._machine)["ctx"] = self._codec.decode_context(live.saved)
            raise
        return self._committed(key, trace)

    def _committed(self, key: Any, trace: list[Microstep]) -> Step:
        live = self._live
        live.seq += 1
        self._trace.extend(trace)
        begun = effects(live, trace)
        if begun is not None:
            self._apply(begun, trace)
        if live.finished:
            self.status = "done"
        step = Step(event_name(key), live.at, trace, live.seq, live.finished, live.output)
        if live.sent or live.spawned:
            self._deliver()
        if self._waiting and trace:
            self._retry_deferred()
        return step

    def _apply(self, begun: Effects, trace: list[Microstep]) -> None:
        for key, generation in begun.timers_cleared:
            self._due.pop((key, generation), None)
        for key, generation, after_ms in begun.timers_set:
            self._due[key, generation] = self._now + after_ms / 1000
        for id, _ in begun.invokes_ended:
            self._pending.pop(id, None)
        if begun.invokes_started:
            context = self._codec.encode_context(self._machine.ctx).decode()
        for index, generation, number in begun.invokes_started:
            invocation = self._chart.invokes[index]
            due = None if invocation.timeout_ms is None else self._now + invocation.timeout_ms / 1000
            name, payload = trace[number].event, event_payload(trace[number].cause)
            self._pending[invocation.id] = PendingInvoke(invocation.id, generation, context, name, payload, due)

    def _deliver(self) -> None:
        """Hand on what the turn sent: to itself at once or by the clock, to others into `sent`."""
        live = self._live
        sent, self.spawned = list(live.sent), [*self.spawned, *live.spawned]
        live.sent.clear()
        live.spawned.clear()
        for item in sent:
            if item.to is not None and item.to != live.id:
                self.sent.append(item)
            elif item.delay_ms:
                payload = self._codec.encode_event(item.event)
                due = self._now + item.delay_ms / 1000
                self._waiting.append(PendingEvent(item.event.__wire__, payload, due))
            elif not live.finished:
                self._external(item.event, strict=False)

    def _retry_deferred(self) -> None:
        """Offer deferred events again, oldest first, as long as one is taken."""
        for waiting in [w for w in self._waiting if w.due is None]:
            if self._live.finished:
                return
            event = self._codec.decode_event(waiting.event, waiting.payload)
            self._waiting.remove(waiting)
            try:
                self._external(event, strict=True)
            except NotAccepted:
                self._waiting.append(waiting)

    # ---- time and invokes

    def _next_due(self, until: float) -> tuple[float, Any] | None:
        """What happens first until then: a delayed event, a timer, or an invoke that runs out of time."""
        found: list[tuple[float, int, Any]] = []
        for waiting in self._waiting:
            if waiting.due is not None:
                found.append((waiting.due, 0, lambda w=waiting: self._arrive(w)))
        for (key, generation), due in self._due.items():
            found.append((due, generation, lambda k=key, g=generation: self._fire(k, g)))
        for pending in self._pending.values():
            if pending.due is not None:
                found.append((pending.due, pending.generation, lambda p=pending: self._time_out(p)))
        soonest = min((f for f in found if f[0] <= until + 1e-9), key=lambda f: f[:2], default=None)
        return None if soonest is None else (soonest[0], soonest[2])

    def _arrive(self, waiting: PendingEvent) -> None:
        self._waiting.remove(waiting)
        self._external(self._codec.decode_event(waiting.event, waiting.payload), strict=False)

    def _fire(self, key: str, generation: int) -> None:
        live = self._live
        del self._due[key, generation]
        del live.timers[key]
        live.begin_turn(f"timer:{key}#{generation}", self._now)
        event = Started()
        self._run(key, turn(live, key, event, strict=False), event)

    def _time_out(self, pending: PendingInvoke) -> None:
        invocation, _ = self._take(pending.id)
        limit = (invocation.timeout_ms or 0) / 1000
        self._finish(invocation, None, TimeoutError(f"no answer within {limit:g} s"))

    def _take(self, name: str) -> tuple[Invocation, PendingInvoke]:
        for id, pending in self._pending.items():
            invocation = next(i for i in self._chart.invokes if i.id == id)
            if name in (id, invocation.name):
                del self._pending[id]
                return invocation, pending
        raise NothingPending(
            f"{self._chart.name}: no pending invoke {name!r}. Pending now: {', '.join(self._pending) or 'none'}."
        )

    def _settle_possible(self) -> None:
        """Settle, but leave invokes whose service was not given pending."""
        for _ in range(MICROSTEPS_MAX):
            ready = [name for name in self._pending if self._services.can_try(name)]
            if not ready:
                return
            self._answer(ready[0], keep_missing=True)

    def _answer(self, name: str, *, keep_missing: bool = False) -> None:
        invocation, pending = self._take(name)
        context = self._codec.decode_context(pending.context)
        cause = f"invoke:{pending.id}#{pending.generation}"
        machine = private_handle(self._class, self._live, context, self._services, cause, self._now)
        try:
            given = invocation.work.call(machine, self._codec.restore_event(pending.event, pending.payload))
            if hasattr(given, "__await__"):
                given = run_now(given, f"invoke {invocation.name}")
            if self._codec.encode_context(context).decode() != pending.context:
                raise FsmError(
                    f"invoke {invocation.name} changed its private copy of the context, which is thrown away;"
                    f" return the result and keep it in a .done handler"
                )
        except ServiceMissing:
            if not keep_missing:
                raise
            self._pending[name] = pending
            self._services.missing.add(name)
            return
        except RehearsalSuspended:
            self._pending[name] = pending
            raise
        except Exception as problem:
            self._finish(invocation, None, problem)
            return
        self._finish(invocation, given, None)

    def _finish(self, invocation: Invocation, result: Any, error: BaseException | None) -> Step:
        live = self._live
        generation = live.invokes.pop(invocation.id)
        live.begin_turn(f"invoke:{invocation.id}#{generation}", self._now)
        if error is None:
            event: Event = self._codec.done(invocation, self._codec.encode_result(invocation, result))
            key = f"done.invoke.{invocation.id}"
        else:
            problem: Problem = as_problem(error)
            event, key = Failed(error=problem, source=invocation.name), f"error.invoke.{invocation.id}"
        try:
            return self._run(key, turn(live, key, event, failure=error, strict=False), event)
        except BaseException:
            live.invokes[invocation.id] = generation
            raise
