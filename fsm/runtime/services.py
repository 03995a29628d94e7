"""The implementations that an orchestrator was given, and how each of them is called."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import anyio

from fsm.chart.machine import Machine
from fsm.limits import CALL_SECONDS_MAX, THREADS_MAX
from fsm.service.contract import Contract, Method
from fsm.service.current import CurrentCall, serving


class Services:
    """Every service of every machine, found and checked at start. Raises ServiceMissing, ServiceInvalid."""

    def __init__(self, machines: list[type[Machine[Any, Any, Any]]], given: Mapping[Any, Any]) -> None:
        self.contracts: dict[str, dict[str, Contract]] = {}
        self._found: dict[tuple[str, str], Any] = {}
        self._limiter: anyio.CapacityLimiter | None = None
        self._late: deque[tuple[Callable[[str], None], str]] = deque()
        self._given = dict(given)
        for machine in machines:
            self.add(machine)

    def add(self, machine: type[Machine[Any, Any, Any]]) -> None:
        """Find and check the services of a machine."""
        chart = machine.__chart__
        contracts = {s.name: Contract(s) for s in chart.services}
        found = {(chart.name, name): c.find(chart.name, self._given) for name, c in contracts.items()}
        self.contracts.setdefault(chart.name, {}).update(contracts)
        self._found.update(found)

    async def call(
        self,
        machine: str,
        method: Method,
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        current: CurrentCall,
        late: Callable[[str], None],
    ) -> tuple[str, Exception | None]:
        """Make one call: the answer or failure as it is recorded, and the original exception.

        A thread that outlives the call is abandoned; what it answers in the end goes to `late`.
        """
        function = getattr(self._found[machine, method.service], method.name)
        try:
            with serving(current), anyio.fail_after(CALL_SECONDS_MAX):
                if _is_async(function):
                    answer = await function(*args, **keywords)
                else:
                    answer = await self._in_thread(method, partial(function, *args, **keywords), late)
                    if hasattr(answer, "__await__"):
                        answer = await answer
        except TimeoutError as problem:
            text = str(problem) or f"no answer within {CALL_SECONDS_MAX:g} s"
            return method.record_failure("TimeoutError", text, None), problem
        except Exception as problem:
            return method.failure_of(problem), problem
        return method.record(answer), None

    def hand_in_late(self) -> None:
        """Hand on what abandoned threads have answered since; called on the event loop."""
        while self._late:
            late, recorded = self._late.popleft()
            late(recorded)

    async def _in_thread(self, method: Method, function: partial[Any], late: Callable[[str], None]) -> Any:
        abandoned = False

        def work() -> Any:
            # a thread that waited for the loop could outlive it and keep the process from ending: it only leaves a note
            try:
                answer = function()
            except Exception as problem:
                if abandoned:
                    self._late.append((late, method.failure_of(problem)))
                raise
            if abandoned:
                self._late.append((late, method.record(answer)))
            return answer

        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(THREADS_MAX)
        # an abandoned thread keeps its place until it ends
        try:
            return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._limiter)
        except anyio.get_cancelled_exc_class():
            abandoned = True
            raise


def _is_async(function: Any) -> bool:
    while isinstance(function, partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004
