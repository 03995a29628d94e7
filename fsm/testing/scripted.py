"""Scripted services: what a rehearsal puts in the place of the journaling proxies."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fsm.chart.chart import Chart
from fsm.chart.event import Event
from fsm.chart.machine import Machine, handle
from fsm.core.live import Live, one_after_another, seed
from fsm.errors import HandlerMisuse, RehearsalSuspended, ServiceMissing
from fsm.service.contract import Contract, Method, Proxy
from fsm.service.current import CurrentCall, serving


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
        self.proxies: dict[str, object] = {n: Proxy(c.methods, self) for n, c in contracts.items()}
        self._counts: dict[tuple[str, str, str], int] = {}

    def ask(self, method: Method, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Begin a call."""
        return self.call(method, args, keywords, f"{self.live.cause}:{self.live.seq}")

    async def call(self, method: Method, args: tuple[Any, ...], keywords: dict[str, Any], cause: str) -> Any:
        """Make a call; its answer is the decoded copy of what would have been recorded."""
        implementation = self._found[method.service]
        if isinstance(implementation, ServiceMissing):
            raise implementation
        _, digest = method.arguments(args, keywords)
        k = self._counts.get((cause, method.full, digest), 0)
        self._counts[cause, method.full, digest] = k + 1
        key = f"{self.live.id}/{cause}/{method.full}/{digest}/{k}"
        failure = None
        self.waiting = method.full
        with serving(CurrentCall(key, 1, self.live.id, method.service, method.name)):
            try:
                given = getattr(implementation, method.name)(*args, **keywords)
                if hasattr(given, "__await__"):
                    given = await given
                recorded = method.record(given)
            except Exception as problem:
                if _wants_a_loop(problem):
                    raise suspended(method.full) from problem
                recorded, failure = method.failure_of(problem), problem
        self.waiting = ""
        return method.replay(recorded, failure)


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

    def cancel_send(self, id: str) -> None:
        """Refused."""
        raise refused("cancel_send")

    def local(self, state: type[Any]) -> Any:
        """Refused."""
        raise refused("local")

    def spawn(self, machine: type[Any], data: Any, id: str | None) -> str:
        raise refused("spawn")

    async def gather(self, calls: tuple[Any, ...]) -> list[Any]:
        return await one_after_another(calls)

    def ask(self, method: Method, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        return self._services.call(method, args, keywords, self.cause)


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
