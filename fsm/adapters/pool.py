"""Worker processes: plain methods that compute for long, beside the event loop and the interpreter's lock."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_process

from fsm.errors import ServiceInvalid
from fsm.service import CurrentCall, Retryable, current_call
from fsm.service.current import serving


def in_processes(implementation: Any, workers: int | None = None) -> Pool:
    """Let the methods of an implementation run in worker processes, as many at once as there are processors.

        Orchestrator(store, [Film], services={Encoder: in_processes(Encoder264())})

    The implementation, what its methods are given and what they answer travel to the process and back: its class
    stands at the top of a module, and what it keeps is small. `current_call()` works in the process, without `beat`. A
    process that dies is `Retryable`; one whose call is cancelled or out of time is killed. Raises ServiceInvalid for
    methods that are asynchronous: those need no process.
    """
    return Pool(implementation, workers or os.cpu_count() or 1)


class Pool:
    """An implementation in worker processes; made by `in_processes`."""

    def __init__(self, implementation: Any, workers: int) -> None:
        self._implementation, self._workers = implementation, workers
        self._limiter: anyio.CapacityLimiter | None = None
        for name, method in inspect.getmembers(implementation, callable):
            if name.startswith("_"):
                continue
            if inspect.iscoroutinefunction(method):
                raise ServiceInvalid(
                    f"{type(implementation).__name__}.{name} is asynchronous: it needs no process. Give the"
                    f" implementation itself, or write def."
                )
            vars(self)[name] = self._elsewhere(name, method)

    def _elsewhere(self, name: str, method: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(method)
        async def call(*args: Any, **keywords: Any) -> Any:
            if self._limiter is None:
                self._limiter = anyio.CapacityLimiter(self._workers)
            given = self._implementation, name, _caller(), args, keywords
            try:
                return await anyio.to_process.run_sync(_made, *given, cancellable=True, limiter=self._limiter)
            except anyio.BrokenWorkerProcess as problem:
                raise Retryable(f"{type(self._implementation).__name__}.{name}: its process died") from problem

        return call

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]: ...


def _caller() -> CurrentCall | None:
    try:
        call = current_call()
    except LookupError:
        return None
    return CurrentCall(call.idempotency_key, call.attempt, call.instance, call.service, call.method)


def _made(implementation: Any, name: str, call: CurrentCall | None, args: Any, keywords: Any) -> Any:
    """In the worker process."""
    if call is None:
        return getattr(implementation, name)(*args, **keywords)
    with serving(call):
        return getattr(implementation, name)(*args, **keywords)
