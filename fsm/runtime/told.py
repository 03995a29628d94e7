"""The parts of an orchestrator that tell OpenTelemetry what they do, in the place of the plain ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter, time_ns
from typing import TYPE_CHECKING, Any

from fsm.core.step import event_name
from fsm.ports.store import Commit, Effect, Status, Store, Verdict
from fsm.runtime.calling import Late, Outcome
from fsm.runtime.host import Turned
from fsm.runtime.invokes import Invokes
from fsm.runtime.keeper import Keeper
from fsm.runtime.services import Services
from fsm.runtime.telemetry import Telemetry
from fsm.runtime.work import Work
from fsm.service.contract import Method
from fsm.service.current import CurrentCall
from fsm.service.policy import Policy

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span


def keeper_of(telemetry: Telemetry | None) -> Callable[..., Keeper]:
    """What makes keepers."""
    return Keeper if telemetry is None else partial(ToldKeeper, telemetry)


def services_of(telemetry: Telemetry | None) -> Callable[..., Services]:
    """What makes services."""
    return Services if telemetry is None else partial(ToldServices, telemetry)


def store_of(telemetry: Telemetry | None, store: Store) -> Store:
    """The store as the committer uses it."""
    if telemetry is None:
        return store
    made: Any = (ToldPromptStore if hasattr(type(store), "commit_now") else ToldStore)(telemetry, store)
    told: Store = made
    return told


class ToldKeeper(Keeper):
    """Tells of its turns; a span is handed on by hand, for a turn may move from a sender's task into one of its own."""

    def __init__(self, telemetry: Telemetry, *given: Any) -> None:
        super().__init__(*given)
        self._telemetry = telemetry
        self._senders: dict[str, Context] = {}
        self._committing: dict[str, Span] = {}
        self.cause: Span | None = None
        """The turn whose effects are let out."""
        self.invokes = ToldInvokes(self, telemetry)

    def add(self, work: Work) -> None:
        """Queue a piece of work, and keep whose span it belongs to."""
        if work.replies and work.ref not in self.known:  # else this is not the sender's task
            self._senders[work.ref] = self._telemetry.here()
        super().add(work)

    async def _take(self, work: Work) -> None:
        telemetry, machine, began = self._telemetry, self.record.machine, perf_counter()
        if work.kind == "timer":
            telemetry.count("fsm.timer.lag", max(0.0, self.host.clock() - work.at), machine)
        sender = self._senders.pop(work.ref, None)
        span = telemetry.begun("fsm.turn", sender, self.id, machine, event_name(work.key), work.ref)
        turns = self._turns()
        turns[self.id] = self._committing[work.ref] = span
        try:
            await super()._take(work)
        finally:
            del turns[self.id]
            span.set_attribute("fsm.seq", self.record.seq)
            span.end()
            telemetry.count("fsm.turn.duration", perf_counter() - began, machine)

    def _turns(self) -> dict[str, Span]:
        services = self.host.services
        assert isinstance(services, ToldServices), "made together"
        return services.turns

    def _after(self, turned: Turned) -> None:
        self.cause = self._committing.pop(turned.work.ref, None)
        super()._after(turned)
        self.cause = None

    async def _failed(self, work: Work, problem: BaseException) -> None:
        span = self._committing.pop(work.ref, None)
        try:
            await super()._failed(work, problem)
        finally:
            if span is not None and work not in self.deferred:
                self._telemetry.fail(span, problem)
        self._tell_parked()

    async def _timed_out(self) -> None:
        await super()._timed_out()
        self._tell_parked()

    def _tell_parked(self) -> None:
        if self.status is Status.PARKED and self.incident is not None:
            self._telemetry.count("fsm.parked", 1, self.record.machine, self.incident.kind)


class ToldInvokes(Invokes):
    """Tells of invokes; what they call is below them, and they below the turn that started them."""

    def __init__(self, keeper: ToldKeeper, telemetry: Telemetry) -> None:
        super().__init__(keeper)
        self._told, self._telemetry = keeper, telemetry
        self._parents: dict[tuple[str, int], Context | None] = {}

    def begin(self, effect: Effect, *, again: bool = False) -> None:
        """Run an invoke beside the machine, unless it is running."""
        self._parents.setdefault((effect.key, effect.generation), self._telemetry.below(self._told.cause))
        super().begin(effect, again=again)

    def leave(self) -> None:
        """Nothing runs, and nothing will."""
        super().leave()
        del self._told

    async def attempt(self, effect: Effect, again: bool) -> Work:
        """Do the work once."""
        parent = self._parents.get((effect.key, effect.generation))
        values = (self._told.id, self._told.record.machine, effect.key, effect.generation, effect.attempt)
        span = self._telemetry.begun("fsm.invoke", parent, *values)
        with self._telemetry.current(span):
            work = await super().attempt(effect, again)
            if work.failure is not None:
                self._telemetry.fail(span, work.failure)
            return work

    def end(self, key: str, generation: int) -> None:
        """Cancel an invoke whose state was left."""
        self._parents.pop((key, generation), None)
        super().end(key, generation)


class ToldServices(Services):
    """Tells of calls, each below the turn or the invoke that makes it; what it calls itself is below the call."""

    def __init__(self, telemetry: Telemetry, *given: Any) -> None:
        super().__init__(*given)
        self._telemetry = telemetry
        self.turns: dict[str, Span] = {}
        """Those that are going on, by instance."""

    async def call(
        self,
        machine: str,
        method: Method,
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        current: CurrentCall,
        late: Late,
        policy: Policy | None = None,
    ) -> Outcome:
        """Make one attempt."""
        telemetry = self._telemetry
        values = (current.instance, machine, current.service, current.method, current.attempt)
        beside = current.idempotency_key.startswith(f"{current.instance}:invoke:")
        parent = telemetry.here() if beside else telemetry.below(self.turns.get(current.instance))
        span = telemetry.begun("fsm.call", parent, *values)
        with telemetry.current(span):
            outcome = await super().call(machine, method, args, keywords, current, late, policy)
            if outcome[1] is not None:
                telemetry.fail(span, outcome[1])
            return outcome


class ToldStore:
    """Tells of commits; of nothing else, for it is the committer's."""

    def __init__(self, telemetry: Telemetry, inner: Store) -> None:
        self._telemetry, self._inner = telemetry, inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
        """Write several turns."""
        began = time_ns()
        try:
            verdicts = await self._inner.commit(batch)
        except Exception as problem:
            self._tell(began, batch, problem)
            raise
        self._tell(began, batch)
        return verdicts

    def _tell(self, began: int, batch: Sequence[Commit], problem: Exception | None = None) -> None:
        telemetry = self._telemetry
        span = telemetry.begun("fsm.commit", None, len(batch), at=began)
        if problem is not None:
            telemetry.fail(span, problem)
        span.end()
        telemetry.count("fsm.commit.duration", (time_ns() - began) / 1e9)
        telemetry.count("fsm.commit.size", len(batch))


class ToldPromptStore(ToldStore):
    """The same of a store that can often write without waiting."""

    def commit_now(self, batch: Sequence[Commit]) -> list[Verdict] | None:
        """Write at once, or not at all: what is left to `commit` is told of there."""
        inner: Any = self._inner
        began = time_ns()
        verdicts: list[Verdict] | None = inner.commit_now(batch)
        if verdicts is not None:
            self._tell(began, batch)
        return verdicts
