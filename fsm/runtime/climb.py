"""A climb: one call under its policy, attempt after attempt, until one has an answer or the ladder ends.

    planned ──its time, its gate──▶ under way ──answered──▶ final
       ▲                               └──failed──▶ final, or the next one planned
       └───────────────────────────────────────────────────┘

Where a policy allows more than one attempt, or but one ever, each step of this is a row before it happens. So a
restart goes on at the same rung, with the attempts and the time that are left: what was planned waits for the rest of
its delay; what was under way is made again with its key, or, if it may be made but once, has an unknown outcome.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from anyio.lowlevel import checkpoint_if_cancelled

from fsm.errors import CallInvalid, TurnTimeout
from fsm.limits import TURN_SECONDS_MAX
from fsm.ports.attempt import Attempt
from fsm.ports.store import Store
from fsm.ports.task import Task
from fsm.runtime import escalation
from fsm.runtime.calling import Outcome
from fsm.runtime.gate import Gate
from fsm.runtime.services import Services
from fsm.service.contract import Method
from fsm.service.current import CurrentCall
from fsm.service.ladder import UNKNOWN, Failure, adjusted, after, is_healthy
from fsm.service.policies import Ladder


class Book(Protocol):
    """Where attempts are written down: the journal of one cause."""

    instance: str
    machine: str
    cause: str
    attempt: int
    worker: str
    services: Services
    store: Store
    patience: float | None
    """How many seconds a turn waits for its next attempt; None for an invoke, which may wait for days."""

    def enter(self, attempts: Sequence[Attempt]) -> Awaitable[None]: ...
    def append(self, attempt: Attempt) -> None: ...
    def open(self, task: Task) -> Awaitable[None]: ...


class Climb:
    """The attempts of one call."""

    def __init__(
        self,
        book: Book,
        ladder: Ladder,
        identity: tuple[str, str, int],
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        text: str,
    ) -> None:
        self._book, self._ladder, self._identity = book, ladder, identity
        self._args, self._keywords, self._text = args, keywords, text
        self._key = ":".join((book.instance, book.cause, *map(str, identity)))
        policy = ladder[0].policy
        self._kept = bool(policy.once) or policy.attempts > 1 or len(ladder) > 1
        """Whether the rows are written as it goes, and not with the answer only."""
        self._rung = 0
        self._round: list[Attempt] = []
        self.runs = 0
        """How often an attempt was begun, in whatever life."""

    @property
    def _method(self) -> Method:
        return self._ladder[self._rung].method

    @property
    def _called(self) -> str:
        return self._ladder[self._rung].name

    async def run(self) -> tuple[Outcome, Attempt]:
        """The outcome, and the row of the last attempt, which is to be written together with it."""
        row = await self._resumed()
        while True:
            outcome = await self._made(row)
            row.ended, row.outcome = self._now(), outcome[0]
            try:
                following = self._following(row, outcome)
            except CallInvalid as problem:
                outcome, following = (self._method.failure_of(problem), problem), None
            if following is None:
                row.final = 1
                return outcome, row
            await self._book.enter([row, following])
            row = following

    def _now(self) -> float:
        return self._book.services.waits.clock()

    # ---- the row of an attempt

    async def _resumed(self) -> Attempt:
        """The row to go on with: that of an earlier life, or a new one."""
        call, rows = (self._book.cause, *self._identity), list[Attempt]()
        if self._kept:
            rows = [r for r in await self._book.store.attempts(self._book.instance, self._book.cause) if r.call == call]
        self.runs = sum(row.runs for row in rows)
        ended = max((row.n for row in rows if row.final), default=0)
        self._round = [row for row in rows if row.n > ended]  # those before it failed, and that was forgiven
        if not self._round:
            return self._planned(ended + 1, self._now(), self._text, "")
        row = self._round[-1]
        names = [rung.name for rung in self._ladder]
        self._rung = names.index(row.called) if row.called in names else 0
        row.called = names[self._rung]
        return row

    def _planned(self, n: int, due: float, parameters: str, reason: str) -> Attempt:
        row = Attempt(self._book.instance, self._book.cause, *self._identity, n, self._called, parameters, reason, due)
        self._round.append(row)
        return row

    def _following(self, row: Attempt, outcome: Outcome) -> Attempt | None:
        """The row of the next attempt, if there is one. Raises CallInvalid."""
        failure = Failure.read(*outcome)
        if failure is None:
            return None
        mine = [r for r in self._round if r.called == row.called]
        assert row.ended is not None
        begun = next(r.started for r in mine if r.started is not None)
        chance = random.Random(f"{self._key}:{row.n}").random()
        spent, people = row.ended - begun, self._book.cause.startswith("invoke:")
        found = after(self._ladder, self._rung, failure, made=len(mine), spent=spent, chance=chance, people=people)
        if found is None:
            return None
        parameters, reason = self._text, found.reason
        if found.rung == self._rung:
            values = adjusted(self._ladder[self._rung], self._values(row), failure, len(mine))
            parameters, _ = self._method.written(values)
            reason += "" if parameters == row.parameters else ": adjusted"
        self._rung = found.rung
        return self._planned(row.n + 1, row.ended + found.wait, parameters, reason)

    def _values(self, row: Attempt) -> dict[str, Any]:
        if row.parameters == self._text:
            return self._method.bound(self._args, self._keywords)
        return self._method.read(row.parameters)

    # ---- making it

    async def _made(self, row: Attempt) -> Outcome:
        if self._ladder[self._rung].person:
            return await self._escalated(row)
        if row.runs and self._ladder[self._rung].policy.once:
            message = f"{row.called} was cut short; it is made at most once, and whether it took effect is not known"
            return self._method.record_failure(UNKNOWN, message, None), None
        gate = await self._gate(row)
        async with gate.passed():
            if self._kept:
                await checkpoint_if_cancelled()  # left while a row was written, which is not interrupted: no attempt
            row.runs, self.runs = row.runs + 1, self.runs + 1
            row.worker, row.started = self._book.worker, self._now() if row.started is None else row.started
            if self._kept:
                await self._book.enter([row])
            outcome = await self._call(row)
            gate.told(is_healthy(Failure.read(*outcome)))
        return outcome

    async def _escalated(self, row: Attempt) -> Outcome:
        """Ask a person, once however often the worker is killed meanwhile."""
        row.runs, self.runs, row.worker = row.runs + 1, self.runs + 1, self._book.worker
        row.started = self._now() if row.started is None else row.started
        await self._book.enter([row])
        failed = self._round[-2].outcome if len(self._round) > 1 else ""
        why = Failure.read(failed) if failed else None
        told = f"{why.kind}: {why.message}" if why is not None else row.reason
        rung, store = self._ladder[self._rung], self._book.store
        task = escalation.task_of(row, self._book.machine, rung, self._key, told, self._now())
        if not await store.tasks(id=task.id):
            await self._book.open(task)
        return await escalation.answer(store, rung.method, task.id)

    async def _gate(self, row: Attempt) -> Gate:
        """Wait for the time of an attempt; past a tripped circuit its fallback is the next one."""
        await self._wait(row.due)
        services, machine = self._book.services, self._book.machine
        while (gate := services.gate(machine, self._method)).tripped and self._rung + 1 < len(self._ladder):
            if self._ladder[self._rung + 1].person:
                break  # a circuit closes again: nobody is asked for that
            row.reason = f"{self._method.full}: circuit open: fallback"
            self._rung += 1
            row.called, row.parameters = self._method.full, self._text
        return gate

    async def _wait(self, due: float) -> None:
        wait, patience = due - self._now(), self._book.patience
        if patience is not None and wait > patience:
            raise TurnTimeout(
                f"{self._book.machine} {self._book.instance!r}: the next attempt of {self._method.full} is due in"
                f" {wait:g} s, and a turn may take {TURN_SECONDS_MAX:g} s. Make the call in an invoke, or give it a"
                f" policy with shorter delays, then retry."
            )
        await self._book.services.waits.until(due)

    async def _call(self, row: Attempt) -> Outcome:
        args, keywords, key = self._args, self._keywords, self._key
        if self._rung:
            key = f"{key}:{row.called}"
        if row.parameters != self._text:
            values = self._method.read(row.parameters)
            args, keywords = self._method.unbound(values)
            key = f"{key}:{self._method.written(values)[1]}"
        attempt = self.runs if self._kept else self._book.attempt
        current = CurrentCall(key, attempt, self._book.instance, self._method.service, self._method.name)
        policy = self._ladder[self._rung].policy
        return await self._book.services.call(
            self._book.machine, self._method, args, keywords, current, self._late(row), policy
        )

    def _late(self, row: Attempt) -> Any:
        """An answer that came when its attempt was given up is kept with it, and not used."""

        def record(answer: str) -> None:
            row.late = answer
            self._book.append(replace(row))

        return record
