"""A single machine in memory: it takes its turns synchronously, and one that fails leaves everything as it was."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Coroutine, Sequence
from typing import Any

from fsm.chart.chart import Invocation
from fsm.chart.event import Event, Started, key_of
from fsm.chart.machine import Machine, handle
from fsm.core import local
from fsm.core.answer import take_answer
from fsm.core.asking import asked
from fsm.core.effect import Effects, effects
from fsm.core.live import Live
from fsm.core.step import Answered, Step, Taken, event_name
from fsm.core.table import codec_of, table_of
from fsm.core.turn import leave, possible, start, turn
from fsm.core.undo import note
from fsm.errors import RehearsalSuspended
from fsm.testing.agenda import Agenda, TimerDue
from fsm.testing.birth import Birth, born
from fsm.testing.driver import Driver, started
from fsm.testing.scripted import Scripted, suspended
from fsm.testing.workbench import Clock, Workbench


class Single(ABC):
    """One machine without its surroundings; what a turn leads to is let out by `_committed`."""

    def __init__(
        self, machine: type[Machine[Any, Any, Any]], services: dict[Any, Any], id: str, clock: Clock, trace_max: int
    ) -> None:
        self.machine, self.chart, self.clock = machine, machine.__chart__, clock
        self.codec = codec_of(machine)
        self.live = Live(id, table_of(machine))
        self.services = Scripted(self.chart, services, self.live)
        self.handle = self.live.machine = handle(machine, self.live, self.services.proxies)
        self.trace: deque[Taken] = deque(maxlen=trace_max)
        self.agenda = Agenda(self.chart, calendar=clock.calendar)
        self.bench = Workbench(machine, self.live, self.codec, self.services, clock, self._now_or_never)
        self.status = "running"
        self.shown = False
        """Whether somebody outside holds the context and may change it."""
        self._driver = started()
        self._moving = bool(self.chart.invokes or self.live.table.timers_of or self.live.table.undoing)
        self._bare = self.codec.empty
        """Whether the context has no fields, so that nothing of it can change."""
        self._local = bool(self.live.table.local)

    def begin(self, data: Any) -> None:
        """Enter the initial states."""
        checked = self.codec.encode_context(data if data is not None else self.codec.default_context())
        vars(self.handle)["ctx"] = self.codec.decode_context(checked)
        self.live.begin_turn("start", self.clock.now)
        self._run("start", start(self.live, Started()), Started())

    def can(self, event: Event) -> bool:
        """Whether an event would be taken now. Raises GuardFailed."""
        if self.status != "running":
            return False
        self.live.begin_turn("event", self.clock.now)
        return bool(self._now_or_never(possible(self.live, key_of(event), event), "a guard"))

    def cancel(self) -> None:
        """Leave every state in exit order; the machine takes no more events."""
        live = self.live
        trace: list[Taken] = []
        live.begin_turn(f"cancel:{live.seq}", self.clock.now)
        self._now_or_never(leave(live, Started(), trace), "an exit action")
        self.status = "cancelled"
        live.seq += 1
        self.trace.extend(trace)
        self._committed(trace, effects(live, trace) if live.moved else None, ())

    def _fire(self, due: TimerDue) -> None:
        live, event = self.live, Started()
        when = self.agenda.timers.pop((due.key, due.generation))
        generation = live.timers.pop(due.key)
        live.begin_turn("timer", self.clock.now)
        try:
            self._run(due.key, turn(live, due.key, event, strict=False), event)
        except BaseException:
            live.timers[due.key] = generation
            self.agenda.timers[due.key, due.generation] = when
            raise

    def _run(self, key: Any, coroutine: Coroutine[Any, Any, list[Taken]], event: Event) -> Step:
        """One turn, undone when it fails."""
        live = self.live
        at, histories = live.at, live.histories
        moving = (dict(live.timers), dict(live.invokes), live.generation, live.deeds) if self._moving else None
        if self.shown:  # whoever holds the context may have changed it since
            live.saved = None
        begun: Effects | None = None
        births: Sequence[Birth] = ()
        kept: dict[str, Any] | None = None
        answer: Any = None
        try:
            trace = self._driver.send(coroutine)
            if trace.__class__ is not list:
                raise self._suspended(self._driver, f"a handler of {self.chart.name} on {event_name(key)!r}")
            if moving is not None and live.table.undoing:
                note(live, key, event, trace)
            if live.sending:
                answer = take_answer(live, event)
            if live.moved:
                begun = effects(live, trace)
                births = born(live, begun, trace)
                for _ in asked(live, begun, trace):
                    pass  # whatever is wrong with a task fails the turn that opens it
            if live.touched:
                if not self._bare:
                    live.saved = self.codec.encode_context(self.handle.ctx, live.saved)
                if self._local:
                    kept = local.keep(live)
                if live.finished:
                    self.codec.encode_output(live.output)
        except BaseException:
            self._driver = started()
            live.at, live.histories, live.finished, live.output = at, histories, False, None
            if moving is not None:
                live.timers, live.invokes, live.generation, live.deeds = moving
            if live.saved is not None:
                vars(self.handle)["ctx"] = self.codec.decode_context(live.saved)
            if self._local:
                local.restore(live, live.saved_locals)
            raise
        if kept is not None:
            live.saved_locals = kept
        live.seq += 1
        self.trace.extend(trace)
        step = Step(key, live.at, trace, live.seq, live.finished, live.output)
        if answer is not None:
            step = Answered(answer, key, live.at, trace, live.seq, live.finished, live.output)
        if live.sending or live.finished or begun is not None or self.agenda.events:
            self._committed(trace, begun, births)
        return step

    @abstractmethod
    def _committed(self, trace: list[Taken], begun: Effects | None, births: Sequence[Birth]) -> None:
        """Let out what a turn led to."""

    def _now_or_never(self, coroutine: Coroutine[Any, Any, Any], what: str) -> Any:
        """Drive a coroutine that never really waits. Raises RehearsalSuspended when it does."""
        try:
            coroutine.send(None)
        except StopIteration as stop:
            return stop.value
        raise self._suspended(coroutine, what)

    def _suspended(self, coroutine: Coroutine[Any, Any, Any] | Driver, what: str) -> RehearsalSuspended:
        waiting, self.services.waiting = self.services.waiting, ""
        coroutine.close()
        return suspended(waiting or what)

    def answered(self, invocation: Invocation, result: Any) -> Event:
        """The event of an answer, decoded as the durable runtime does. Raises CallInvalid."""
        return self.codec.done(invocation, self.codec.encode_result(invocation, result))
