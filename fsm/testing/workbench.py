"""The workbench of a rehearsal: what invokes do, on their private copies of the context, one thing after the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from fsm.chart.chart import Handler, Invocation
from fsm.chart.machine import Machine
from fsm.core.asking import question
from fsm.core.calendar import Calendar
from fsm.core.codec import Codec
from fsm.core.fanout import Kinds, Part, Tally, check_unchanged, failed, parts
from fsm.core.live import Live
from fsm.core.snapshot import PendingInvoke
from fsm.core.undo import NOTHING, UNDO, Undone, undo_of, undo_parts
from fsm.errors import RehearsalSuspended, ServiceMissing
from fsm.ports.task import Task, opened
from fsm.testing.scripted import Scripted, private_handle


class Clock(Protocol):
    """The time of a rehearsal."""

    now: float

    @property
    def calendar(self) -> Calendar | None: ...


class Workbench:
    """The work of the invokes of one machine, and what its human tasks ask."""

    def __init__(
        self,
        machine: type[Machine[Any, Any, Any]],
        live: Live,
        codec: Codec,
        services: Scripted,
        clock: Clock,
        drive: Callable[[Coroutine[Any, Any, Any], str], Any],
    ) -> None:
        self._machine, self._live, self._codec = machine, live, codec
        self._services, self._clock, self._drive = services, clock, drive

    def work(self, invocation: Invocation, pending: PendingInvoke) -> Any:
        """Run an invoke on its private copy of the context."""
        context = self._codec.decode_context(pending.context)
        cause = f"invoke:{pending.id}#{pending.generation}"
        if invocation.undoes is not None:
            given = self._undo(pending)
        elif invocation.fan is not None:
            given = self._each(invocation, pending, cause, context)
        else:
            event = self._codec.restore_event(pending.event, pending.payload)
            given = self._worked(invocation.work, cause, context, event)
        check_unchanged(self._codec, context, pending.context.encode(), invocation.name)
        return given

    def _worked(self, work: Handler, cause: str, context: Any, given: Any) -> Any:
        machine = private_handle(self._machine, self._live, context, self._services, cause, self._clock.now)
        result = work.call(machine, given)
        if hasattr(result, "__await__"):
            result = self._drive(result, f"invoke {work.name}")
        return result

    def _each(self, invocation: Invocation, pending: PendingInvoke, cause: str, context: Any) -> Any:
        """The work for each item, one after the other, until the rest does not matter."""
        assert invocation.fan is not None
        todo, kinds = parts(pending.items or "[]"), Kinds(invocation.fan)
        tally = Tally(invocation, len(todo))

        def one(part: Part) -> str:
            return kinds.outcome(self._worked(invocation.work, f"{cause}/{part[0]}", context, kinds.item(part[1])))

        return self._one_after_another(todo, tally, one)

    def _undo(self, pending: PendingInvoke) -> Any:
        """The undo of each deed, one after the other."""
        todo = undo_parts(pending.items or "[]")

        def one(part: Part) -> str:
            work, given = undo_of(self._codec, part[1])
            context = self._codec.decode_context(pending.context)
            self._worked(work, f"{UNDO}/{part[0]}", context, given)
            check_unchanged(self._codec, context, pending.context.encode(), work.name)
            return NOTHING

        return self._one_after_another(todo, Undone(todo), one)

    def _one_after_another(self, todo: Sequence[Part], known: Tally | Undone, run: Callable[[Part], str]) -> Any:
        """Work on the parts until the rest does not matter; the answer of all."""
        for part in todo:
            if known.over:
                break
            try:
                outcome = run(part)
            except (ServiceMissing, RehearsalSuspended):
                raise
            except Exception as problem:
                outcome = failed(problem)
            known.note(part[0], outcome)
        return json.loads(known.payload())

    def tasks(self, running: Mapping[str, PendingInvoke]) -> list[Task]:
        """The human tasks that are open, as they were opened."""
        found = []
        for invocation in self._live.table.chart.invokes:
            pending = running.get(invocation.id)
            if pending is not None and invocation.person is not None:
                event = self._codec.restore_event(pending.event, pending.payload)
                context, cause = (
                    self._codec.decode_context(pending.context),
                    f"invoke:{pending.id}#{pending.generation}",
                )
                machine = private_handle(self._machine, self._live, context, self._services, cause, self._clock.now)
                one = question(self._live.table.chart.name, machine, invocation, pending.generation, event)
                found.append(opened(one, self._live.id, self._live.table.chart, pending.at, self._clock.calendar))
        return found
