"""Calling: one attempt of one call, in a coroutine or in a thread, within its time.

An implementation that answers too late, or never, does not hold anybody: a coroutine is cancelled, a thread abandoned.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import Any

import anyio

from fsm.limits import THREADS_MAX
from fsm.service.contract import Method
from fsm.service.current import CurrentCall, serving

Late = Callable[[str], None]
"""Where an answer goes that nobody waits for any more."""

Outcome = tuple[str, BaseException | None]
"""The answer or failure as it is recorded, and the original exception."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One attempt: what is called, with what, and where a late answer goes."""

    function: Callable[..., Any]
    method: Method
    args: tuple[Any, ...]
    keywords: dict[str, Any]
    current: CurrentCall
    late: Late


class Pulse:
    """When an implementation was last heard, and how far it was."""

    def __init__(self) -> None:
        self.at, self.progress = monotonic(), None

    def heard(self, progress: Any) -> None:
        """It said something, on whatever thread."""
        self.at = monotonic()
        if progress is not None:
            self.progress = progress


class Calling:
    """Calls implementations; those without `async` in threads of their own."""

    def __init__(self) -> None:
        self._limiter: anyio.CapacityLimiter | None = None
        self._late: deque[tuple[Late, str]] = deque()

    async def call(self, asked: Asked, seconds: float | None, silence: float | None = None) -> Outcome:
        """Make one attempt that may take so long, and be silent for so long in between."""
        pulse = Pulse()
        current = replace(asked.current, heard=pulse.heard)
        if silence is None:
            return await self._within(seconds, asked, current, pulse)
        outcome: Outcome | None = None
        async with anyio.create_task_group() as group:
            group.start_soon(_listen, pulse, silence, group.cancel_scope)
            outcome = await self._within(seconds, asked, current, pulse)
            group.cancel_scope.cancel()
        if outcome is None:
            message = f"no beat within {silence:g} s"
            return asked.method.record_failure("HeartbeatLost", message, pulse.progress), None
        return outcome

    async def _within(self, seconds: float | None, asked: Asked, current: CurrentCall, pulse: Pulse) -> Outcome:
        method, function = asked.method, asked.function
        try:
            with serving(current), anyio.fail_after(seconds):
                if _is_async(function):
                    answer = await function(*asked.args, **asked.keywords)
                else:
                    answer = await self._in_thread(asked)
                    if hasattr(answer, "__await__"):
                        answer = await answer
        except TimeoutError as problem:
            limit = "" if seconds is None else f" within {seconds:g} s"
            return method.record_failure("TimeoutError", str(problem) or f"no answer{limit}", pulse.progress), problem
        except Exception as problem:
            return method.failure_of(problem), problem
        return method.record(answer), None

    def hand_in_late(self) -> None:
        """Hand on what abandoned threads have answered since; called on the event loop."""
        while self._late:
            late, recorded = self._late.popleft()
            late(recorded)

    async def _in_thread(self, asked: Asked) -> Any:
        method, late, abandoned = asked.method, asked.late, False

        def work() -> Any:
            # a thread that waited for the loop could outlive it and keep the process from ending: it only leaves a note
            try:
                answer = asked.function(*asked.args, **asked.keywords)
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


async def _listen(pulse: Pulse, silence: float, scope: anyio.CancelScope) -> None:
    quiet = 0.0
    while quiet < silence:
        await anyio.sleep(silence - quiet)
        quiet = monotonic() - pulse.at
    scope.cancel()


def _is_async(function: Any) -> bool:
    while isinstance(function, partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004
