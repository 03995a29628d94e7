"""Calls of services inside a handler: each attempt is one step, whose answer the engine writes down."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from fsm.core.gathering import Call
from fsm.engines.restate.steps import Steps
from fsm.runtime.calling import Late, Outcome
from fsm.runtime.gate import Gate
from fsm.runtime.journal import Journal
from fsm.runtime.services import Services
from fsm.service.contract import Contract, Method
from fsm.service.current import CurrentCall
from fsm.service.failure import Retryable, Terminal
from fsm.service.ladder import UNKNOWN, Failure, is_healthy
from fsm.service.policies import Ladder
from fsm.service.policy import Policy


class OpenGate:
    """The gate as a handler sees it: it waits inside of its step."""

    free, tripped = True, False

    def passed(self) -> AbstractAsyncContextManager[None]:
        """Go on at once."""
        return nullcontext()

    def told(self, healthy: bool) -> None:
        """The real one was told."""


class SteppedWaits:
    """Waiting that a restart does not begin anew."""

    def __init__(self, steps: Steps) -> None:
        self.clock, self.until = steps.now, steps.until


class SteppedServices:
    """The services of the engine, as one handler calls them."""

    def __init__(self, services: Services, steps: Steps) -> None:
        self._services, self.steps = services, steps
        self.waits, self._open = SteppedWaits(steps), OpenGate()

    @property
    def contracts(self) -> dict[str, dict[str, Contract]]:
        """The contracts of each machine."""
        return self._services.contracts

    def ladder(self, machine: str, method: Method, nearer: Policy | None) -> Ladder:
        """How a call is tried."""
        return self._services.ladder(machine, method, nearer)

    def escalates(self, machine: str) -> bool:
        """No person answers calls here."""
        return False

    def gate(self, machine: str, method: Method) -> OpenGate:
        """Nothing to wait for outside of a step."""
        return self._open

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
        """Make one attempt, or hear what became of it. One that is made at most once begins with a step of its own."""
        gate, services = self._services.gate(machine, method), self._services
        fresh = policy is None or not policy.once

        async def begin() -> None:
            nonlocal fresh
            fresh = True

        async def attempt() -> list[Any]:
            again = self.steps.again
            if not fresh:
                message = (
                    f"{method.full} was cut short; it is made at most once, and whether it took effect is not known"
                )
                return [method.record_failure(UNKNOWN, message, None), "", None]
            telling = replace(current, attempt=current.attempt + again)
            return _told(*await _through(gate, services, machine, method, args, keywords, telling, late, policy))

        if not fresh:
            await self.steps.run(f"{current.idempotency_key}:begin", begin)
        answer, kind, after = await self.steps.run(current.idempotency_key, attempt)
        return answer, _problem(kind, after)


async def _through(gate: Gate, services: Services, *asked: Any) -> Outcome:
    async with gate.passed():
        outcome = await services.call(*asked)
        gate.told(is_healthy(Failure.read(*outcome)))
        return outcome


def _told(answer: str, problem: BaseException | None) -> list[Any]:
    """What is written down of an outcome: an exception is gone when the handler is repeated."""
    if isinstance(problem, Retryable):
        return [answer, "retryable", problem.after]
    return [answer, "terminal" if isinstance(problem, Terminal) else "", None]


def _problem(kind: str, after: float | None) -> BaseException | None:
    if kind == "retryable":
        return Retryable(after=None if after is None else timedelta(seconds=after))
    return Terminal() if kind == "terminal" else None


class SteppedJournal(Journal):
    """The journal of a cause whose answers the engine writes down."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.side_by_side = False  # only one after the other do the steps of items come in the same order again

    @property
    def _steps(self) -> Steps:
        steps: Steps = self.services.steps  # type: ignore[attr-defined]
        return steps

    async def _abreast(self, calls: Sequence[Call]) -> None:
        await self._steps.together(calls)

    def read_time(self) -> datetime:
        """The time of the last step."""
        return datetime.fromtimestamp(self._steps.now(), UTC)

    async def _write(self, calls: Any, attempts: Any = ()) -> None:
        for call in calls:
            call.at, call.took = self._steps.now(), self._steps.took
        await super()._write(calls, attempts)
