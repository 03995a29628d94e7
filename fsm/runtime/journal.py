"""The call journal of one cause: an answer is recorded before it is used, and asked for only once.

A call is known by its method, the digest of its arguments and a counter of equal calls, never by its order. When a
cause is evaluated again, finished calls are answered from the journal and only the unfinished one is made, with the
idempotency key that it had.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from time import perf_counter, time
from typing import Any

import anyio

from fsm.core.gathering import Call, gathered
from fsm.errors import NondeterministicTurn, StoreError, TurnError
from fsm.ports.attempt import Attempt
from fsm.ports.store import CallRow, Commit, Verdict
from fsm.ports.task import Task
from fsm.runtime.calling import Outcome
from fsm.runtime.climb import Climb
from fsm.runtime.host import Host, Lost
from fsm.service.contract import Method
from fsm.service.current import CurrentCall
from fsm.service.policies import Ladder
from fsm.service.policy import Policy

Identity = tuple[str, str, int]


class Journal:
    """The calls of one instance while it evaluates one cause after another."""

    def __init__(
        self,
        instance: str,
        machine: str,
        host: Host,
        secure: Callable[[], Awaitable[None]],
        fence: int,
        patience: float | None = None,
        part: str = "",
    ) -> None:
        self.instance, self.machine, self._fence, self._part = instance, machine, fence, part
        """The part stands before the digests: the number of the item, for calls of one item among many."""
        self.services, self._committer, self._secure = host.services, host.committer, secure
        self.store, self.worker, self.patience = host.store, host.committer.worker, patience
        self.cause, self.attempt, self.changed = "", 1, ""
        self.fault: Exception | None = None
        """What no handler may swallow: a repetition that differs, or a journal that cannot be written."""
        self._recorded: dict[Identity, CallRow] = {}
        self._asked: dict[Identity, None] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._together, self._readings, self.side_by_side = 0, list[CallRow](), True

    def leave(self) -> None:
        """No cause will follow."""
        del self._secure

    def begin(self, cause: str, attempt: int = 1, recorded: Sequence[CallRow] = ()) -> None:
        """Turn to a cause, with what an earlier run recorded for it."""
        self.cause, self.attempt, self.fault = cause, attempt, None
        self._recorded = {(r.method, r.digest, r.k): r for r in recorded}
        if self._asked:
            self._asked, self._counts = {}, {}
        self._together = 0

    def ask(
        self, method: Method, args: tuple[Any, ...], keywords: dict[str, Any], policy: Policy | None = None
    ) -> Awaitable[Any]:
        """Begin a call. Its place among equal calls is taken now, when it is asked for, not when it is awaited."""
        text, digest = method.arguments(args, keywords)
        identity = self._identify(method.full, digest)
        ladder = self.services.ladder(self.machine, method, policy)
        return self._answer(method, args, keywords, identity, text, ladder)

    def _identify(self, name: str, digest: str) -> Identity:
        digest = self._part + digest
        k = self._counts.get((name, digest), 0)
        self._counts[name, digest] = k + 1
        identity = (name, digest, k)
        self._asked[identity] = None
        return identity

    async def _answer(
        self,
        method: Method,
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        identity: Identity,
        text: str,
        ladder: Ladder,
    ) -> Any:
        recorded = self._recorded.get(identity)
        if recorded is not None:
            return method.replay(recorded.answer)
        if not self._together:
            self.check(f"asked {method.full}({text}), which was not recorded,")
        try:
            await self._secure()
        except Exception as problem:
            self.fault = problem
            raise
        await self._flush_readings()
        began, at, attempt, rows = perf_counter(), time(), self.attempt, []
        if ladder:
            climb = Climb(self, ladder, identity, args, keywords, text)
            (answer, failure), last = await self._climbed(climb)
            attempt, rows = max(attempt, climb.runs), [last]
            if ladder[0].policy.once:
                answer = method.kept(answer)
        else:
            answer, failure = await self._asked_plainly(method, args, keywords, identity, text)
        took = perf_counter() - began
        await self._write([CallRow(self.instance, self.cause, *identity, answer, text, at, took, attempt)], rows)
        return method.replay(answer, failure)

    async def _asked_plainly(
        self, method: Method, args: tuple[Any, ...], keywords: dict[str, Any], identity: Identity, text: str
    ) -> Outcome:
        gate = self.services.gate(self.machine, method)
        if not gate.free:
            await gate.opened()
        key = ":".join((self.instance, self.cause, *map(str, identity)))
        current = CurrentCall(key, self.attempt, self.instance, method.service, method.name)
        return await self.services.call(self.machine, method, args, keywords, current, self._late(identity, text))

    async def _climbed(self, climb: Climb) -> tuple[Outcome, Attempt]:
        try:
            return await climb.run()
        except (TurnError, StoreError) as problem:
            self.fault = problem
            raise

    def _late(self, identity: Identity, text: str) -> Callable[[str], None]:
        """Where an answer goes that came after its call was given up: recorded beside its cause, never applied."""
        cause, attempt = f"late:{self.cause}", self.attempt

        def record(answer: str) -> None:
            row = CallRow(self.instance, cause, *identity, answer, text, at=time(), attempt=attempt)
            self._committer.post([Commit(self.instance, calls=[row])])

        return record

    # ---- attempts of a call under a policy

    async def enter(self, attempts: Sequence[Attempt]) -> None:
        """Write attempts down before anything else happens."""
        await self._write([], attempts)

    def append(self, attempt: Attempt) -> None:
        """Write down what became known of an attempt when nobody waited for it any more."""
        self._committer.post([Commit(self.instance, attempts=[attempt])])

    async def open(self, task: Task) -> None:
        """Open a human task that stands for a call."""
        await self._commit(Commit(self.instance, fence=self._fence, tasks=[task]))

    async def gather(self, calls: Sequence[Awaitable[Any]]) -> list[Any]:
        """Make several calls at once; all end before the first failure, in the order given, is raised."""
        self._together += 1
        try:
            return await gathered(calls, self._abreast)
        finally:
            self._together -= 1

    async def _abreast(self, calls: Sequence[Call]) -> None:
        async with anyio.create_task_group() as group:
            for call in calls:
                group.start_soon(call)

    def check(self, what: str = "ended") -> None:
        """Refuse to go on when recorded calls were not asked for again. Raises NondeterministicTurn."""
        if self.fault is not None:
            raise self.fault
        if self.cause == self.changed:
            return  # an operator has changed what it works on
        unused = [r for identity, r in self._recorded.items() if identity not in self._asked]
        if unused:
            calls = ", ".join(f"{r.method}({r.arguments})" for r in unused)
            self.fault = NondeterministicTurn(_differs(f"{self.machine} {self.instance!r}", self.cause, what, calls))
            raise self.fault

    async def keep(self, method: str, number: int, outcome: str, arguments: str, began: float, took: float) -> None:
        """Write down how one item among many has ended."""
        row = CallRow(self.instance, self.cause, method, "", number, outcome, arguments, began, took, self.attempt)
        await self._write([row])

    # ---- readings of the time, inside invokes

    def read_time(self) -> datetime:
        """The time now, the same when the invoke is run again."""
        identity = self._identify("now", "")
        recorded = self._recorded.get(identity)
        if recorded is None:
            value = time()
            self._readings.append(
                CallRow(self.instance, self.cause, *identity, json.dumps({"ok": value}), at=value, attempt=self.attempt)
            )
        else:
            value = json.loads(recorded.answer)["ok"]
        return datetime.fromtimestamp(value, UTC)

    async def _flush_readings(self) -> None:
        # what a call is asked with may depend on a reading: it has to be kept before the call is made
        if self._readings:
            rows, self._readings = self._readings, []
            await self._write(rows)

    async def _write(self, calls: Sequence[CallRow], attempts: Sequence[Attempt] = ()) -> None:
        await self._commit(Commit(self.instance, fence=self._fence, calls=calls, attempts=attempts))

    async def _commit(self, commit: Commit) -> None:
        try:
            verdicts = await self._committer.submit([commit])
            if verdicts[0] is not Verdict.COMMITTED:
                raise Lost(f"{self.machine} {self.instance!r} is run by somebody else now; this answer is not used")
        except Exception as problem:
            self.fault = problem
            raise


def _differs(who: str, cause: str, what: str, calls: str) -> str:
    return (
        f"{who}: the repeated {cause} {what} before it used the recorded {calls}. Handlers must depend only on the"
        f" context, the event, self.now, self.random and service answers; mend the handler, then retry."
    )
