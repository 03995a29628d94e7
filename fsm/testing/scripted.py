"""Scripted services: what a rehearsal puts in the place of the journaling proxies."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fsm.chart.chart import Chart
from fsm.chart.event import Event
from fsm.chart.machine import Machine, handle
from fsm.core.gathering import gathered
from fsm.core.live import Live, seed
from fsm.core.progress import progress_text
from fsm.errors import CallInvalid, HandlerMisuse, PolicyInvalid, RehearsalSuspended, ServiceMissing
from fsm.service.contract import Contract, Method, Proxy
from fsm.service.current import CurrentCall, serving
from fsm.service.ladder import Failure, adjusted, after
from fsm.service.policies import Ladder, Policies
from fsm.service.policy import Policy

Outcome = tuple[str, BaseException | None]
"""An answer or failure as it would be recorded, and the original exception."""


class Scripted:
    """Calls the given implementations at once, and hands back decoded copies as the durable runtime does."""

    def __init__(self, chart: Chart, services: dict[Any, Any], live: Live) -> None:
        self.chart, self.live, self.services = chart, live, services
        self.missing: set[str] = set()
        """Invokes that were found to lack their service."""
        self.waiting = ""
        """The call that is being made."""
        contracts = {s.name: Contract(s) for s in chart.services}
        self._found: dict[str, Any] = {}
        for name, contract in contracts.items():
            try:
                self._found[name] = contract.find(chart.name, services)
            except ServiceMissing as missing:
                self._found[name] = missing
        self._policies = Policies(chart.name, contracts, services)
        if self._policies.problems:
            raise PolicyInvalid(chart.name, self._policies.problems)
        for name, contract in self._policies.called.items():
            self._found[name] = contract.find(chart.name, services)
        self.proxies: dict[str, object] = {n: Proxy(c.methods, self) for n, c in contracts.items()}
        self._counts: dict[tuple[str, str, str], int] = {}

    def ask(self, method: Method, args: tuple[Any, ...], keywords: dict[str, Any], policy: Policy | None = None) -> Any:
        """Begin a call."""
        return self.call(method, args, keywords, f"{self.live.cause}:{self.live.seq}", policy)

    async def call(
        self,
        method: Method,
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        cause: str,
        policy: Policy | None = None,
    ) -> Any:
        """Make a call; its answer is the decoded copy of what would have been recorded.

        A policy's further attempts are made at once, for no time passes while a service is asked.
        """
        _, digest = method.arguments(args, keywords)
        k = self._counts.get((cause, method.full, digest), 0)
        self._counts[cause, method.full, digest] = k + 1
        key = f"{self.live.id}/{cause}/{method.full}/{digest}/{k}"
        ladder = self._policies.ladder(method, policy)
        if ladder:
            recorded, failure = await self._climbed(ladder, args, keywords, key)
        else:
            recorded, failure = await self._asked(method, args, keywords, key, 1)
        return method.replay(recorded, failure)

    async def _climbed(self, ladder: Ladder, args: tuple[Any, ...], keywords: dict[str, Any], key: str) -> Outcome:
        at, made, spent, attempt, name, given = 0, 0, 0.0, 0, key, (args, keywords)
        values = asked = ladder[0].method.bound(args, keywords)
        while True:
            rung, attempt, made = ladder[at], attempt + 1, made + 1
            recorded, problem = await self._asked(rung.method, *given, name, attempt)
            failure = Failure.read(recorded, problem)
            found = failure and after(ladder, at, failure, made=made, spent=spent, chance=0.0)
            if not failure or not found:
                return recorded, problem
            if found.rung == at:
                spent += found.wait
                try:
                    values = adjusted(rung, values, failure, made)
                except CallInvalid as wrong:
                    return rung.method.failure_of(wrong), wrong
            else:
                at, made, spent, values = found.rung, 0, 0.0, asked
            method = ladder[at].method
            text, digest = method.written(values)
            name, given = f"{key}:{method.full}" if at else key, (args, keywords)
            if values != asked:
                name, given = f"{name}:{digest}", method.unbound(method.read(text))

    async def _asked(
        self, method: Method, args: tuple[Any, ...], keywords: dict[str, Any], key: str, attempt: int
    ) -> Outcome:
        implementation = self._found[method.service]
        if isinstance(implementation, ServiceMissing):
            raise implementation
        self.waiting = method.full
        with serving(CurrentCall(key, attempt, self.live.id, method.service, method.name)):
            try:
                given = getattr(implementation, method.name)(*args, **keywords)
                if hasattr(given, "__await__"):
                    given = await given
                outcome: Outcome = method.record(given), None
            except Exception as problem:
                if _wants_a_loop(problem):
                    raise suspended(method.full) from problem
                outcome = method.failure_of(problem), problem
        self.waiting = ""
        return outcome


def suspended(what: str) -> RehearsalSuspended:
    """The error for something that really waits."""
    return RehearsalSuspended(
        f"{what} really waited. A rehearsal has no event loop: give it services that answer at once,"
        f" or run the machine in an Orchestrator."
    )


def _wants_a_loop(problem: Exception) -> bool:
    """Whether a service asked for the event loop that a rehearsal does not have (asyncio, trio, anyio, sniffio)."""
    if type(problem).__name__ in ("NoEventLoopError", "AsyncLibraryNotFoundError"):
        return True
    return isinstance(problem, RuntimeError) and any(
        said in str(problem) for said in ("no running event loop", "must be called from async context")
    )


class Private:
    """What an invoke may reach: the services and the time, not the machine."""

    def __init__(self, live: Live, services: Scripted, cause: str, time: float) -> None:
        self._live, self._services, self.cause, self._time = live, services, cause, time
        self._random = random.Random(seed(live.id, cause))

    @property
    def id(self) -> str:
        return self._live.id

    @property
    def parent(self) -> str:
        """The id of the instance that invoked this one."""
        return self._live.parent

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self._time, UTC)

    @property
    def random(self) -> random.Random:
        return self._random

    def uuid(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)

    def raise_(self, event: Event) -> None:
        raise refused("raise_")

    def send(self, event: Event, to: str | None, delay: Any, id: str = "") -> None:
        raise refused("send")

    def progress(self, value: float, text: str) -> None:
        """Checked, and told to nobody: no time passes while an invoke is rehearsed."""
        progress_text(value, text, self._time)

    def reply(self, answer: Any) -> None:
        """Refused."""
        raise refused("reply")

    def cancel_send(self, id: str) -> None:
        """Refused."""
        raise refused("cancel_send")

    def local(self, state: type[Any]) -> Any:
        """Refused."""
        raise refused("local")

    def spawn(self, machine: type[Any], data: Any, id: str | None) -> str:
        raise refused("spawn")

    def execute(self, statement: object) -> None:
        """Refused."""
        raise refused("execute")

    async def gather(self, calls: tuple[Any, ...]) -> list[Any]:
        return await gathered(calls)

    def ask(self, method: Method, args: tuple[Any, ...], keywords: dict[str, Any], policy: Policy | None = None) -> Any:
        return self._services.call(method, args, keywords, self.cause, policy)


def refused(verb: str) -> HandlerMisuse:
    """The error for what an invoke must leave to the machine."""
    return HandlerMisuse(
        f"self.{verb} inside an invoke: it works beside the machine on a private copy; return a result and {verb} in"
        f" the handler of .done"
    )


def private_handle(
    machine: type[Machine[Any, Any, Any]], live: Live, context: Any, services: Scripted, cause: str, time: float
) -> Machine[Any, Any, Any]:
    """The `self` of an invoke."""
    scope = Private(live, services, cause, time)
    contracts = {s.name: Contract(s) for s in machine.__chart__.services}
    made = handle(machine, scope, {n: Proxy(c.methods, scope) for n, c in contracts.items()})
    vars(made)["ctx"] = context
    return made
