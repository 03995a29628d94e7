"""A rehearsal: a machine run in memory, synchronously, on a virtual clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, overload

from fsm.chart.delay import Delay, delay_ms
from fsm.chart.event import Question, R
from fsm.chart.machine import C, E, Machine, O
from fsm.core.answer import answer_of, checked_question
from fsm.core.asking import filled
from fsm.core.calendar import Calendar
from fsm.core.snapshot import Snapshot
from fsm.core.step import Step
from fsm.core.turn import accepted
from fsm.errors import NothingPending
from fsm.limits import TRACE_MAX
from fsm.testing.family import Family
from fsm.testing.view import View

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""Where the virtual clock begins unless told otherwise."""


class Rehearsal(View[C, E, O]):
    """A machine in memory: `send` runs one macrostep, `settle` the pending invokes, `advance` the clock.

    Child machines live beside it, on the same clock.
    """

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
        calendar: Calendar | None = None,
    ) -> None:
        self._family = Family(dict(services or {}), now.timestamp(), trace_max, calendar)
        if snapshot is None:
            self._session = self._family.found(machine, id)
            self._session.begin(data)
        else:
            if not isinstance(snapshot, Snapshot):
                snapshot = Snapshot.from_json(machine.__chart__, snapshot)
            self._session = self._family.found(machine, snapshot.id)
            self._family.now = snapshot.now
            self._family.restore(self._session, snapshot)

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
        session = self._session
        if event.__class__ not in session.events:
            codec = session.codec
            event = codec.make_event(event, payload) if isinstance(event, str) else codec.check_event(event)
        return session.take(event)

    def ask(self, question: Question[R]) -> R:
        """Send a question and give its answer, as `Instance.ask` does. Raises NotAnswered, and what `send` does."""
        step = self._session.take(self._session.codec.check_event(checked_question(question)))
        return answer_of(question, step.event, step.answer)

    def can(self, event: E | str, /, **payload: Any) -> bool:
        """Whether the machine would take an event now: its guards are asked, nothing else happens.

        Raises UnknownEvent, EventInvalid, GuardFailed.
        """
        codec = self._session.codec
        known = codec.make_event(event, payload) if isinstance(event, str) else codec.check_event(event)
        return self._session.can(known)

    def enabled_events(self) -> frozenset[str]:
        """Wire names of the events that have an edge here, whatever their guards say."""
        return frozenset(accepted(self._session.live) if self.status == "running" else ())

    def settle(self) -> Rehearsal[C, E, O]:
        """Run pending invokes with the given services until none is pending; no time passes."""
        self._family.settle()
        return self

    def advance(self, delay: Delay) -> Rehearsal[C, E, O]:
        """Let time pass: settle, then fire due timers in order, settling after each."""
        self._family.advance(self._family.now + delay_ms(delay) / 1000)
        return self

    def resolve(self, invoke: str, result: Any = None) -> Step:
        """Answer a pending invoke by hand. Raises NothingPending."""
        session = self._session
        invocation, pending = session.agenda.take(invoke)
        return session.finish(invocation, pending, lambda: session.answered(invocation, result))

    def reject(self, invoke: str, error: BaseException) -> Step:
        """Let a pending invoke fail by hand. Raises NothingPending."""
        return self._session.fail(*self._session.agenda.take(invoke), error)

    def complete(self, task: str, answer: Any, *, by: str = "") -> Step:
        """Complete a human task by its name, with the filled form or its fields. Raises NothingPending, FormInvalid."""
        session = self._session
        invocation, pending = session.agenda.take(task)
        try:
            if invocation.person is None:
                raise NothingPending(f"{session.chart.name}: {task!r} is no human task; answer it with resolve()")
            payload = filled(invocation, answer)
        except BaseException:
            session.agenda.put_back(pending)
            raise
        return session.finish(invocation, pending, lambda: session.codec.done(invocation, payload, by))

    def cancel(self) -> None:
        """Leave every state in exit order; the machine takes no more events."""
        self._session.cancel()

    # ---- snapshots

    def snapshot(self) -> Snapshot[C]:
        """Everything, children included, as a value."""
        return self._family.snapshot(self._session)
