"""Worker processes: plain methods that compute for long, beside the event loop and the interpreter's lock."""

from __future__ import annotations

import copy
import functools
import inspect
import multiprocessing  # noqa: F401  it lets what a program defines in its own file come back from a process
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
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
    stands at the top of a module, and what it keeps is small. `current_call()` works in the process, without `beat`;
    its standard streams lead nowhere. A process that dies is `Retryable`; one whose call is cancelled or out of time is
    killed. After kill -9 of the orchestrator it may still compute while its call is made again. Raises ServiceInvalid
    for what cannot travel, and for methods that are asynchronous: those need no process.
    """
    return Pool(implementation, workers)


class Pool:
    """An implementation in worker processes; made by `in_processes`."""

    def __init__(self, implementation: Any, workers: int | None = None) -> None:
        self._implementation, self._name = implementation, type(implementation).__name__
        self._workers = workers if workers is not None else os.cpu_count() or 1
        self._limiter: anyio.CapacityLimiter | None = None
        if self._workers < 1:
            raise ServiceInvalid(f"{self._name}: workers={workers} leaves nobody to work; give at least one")
        if "<locals>" in type(implementation).__qualname__:
            raise ServiceInvalid(f"{self._name} is of a class inside a function, where no process finds it; move it up")
        for name, method in inspect.getmembers(implementation, callable):
            if not name.startswith("_"):
                vars(self)[name] = self._elsewhere(name, method)

    def _elsewhere(self, name: str, method: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
        if inspect.iscoroutinefunction(method):
            raise ServiceInvalid(
                f"{self._name}.{name} is asynchronous: it needs no process. Give the implementation itself, or write"
                f" def."
            )

        @functools.wraps(method)
        async def call(*args: Any, **keywords: Any) -> Any:
            if self._limiter is None:
                self._limiter = anyio.CapacityLimiter(self._workers)
            given = self._implementation, name, _caller(), args, keywords
            try:
                return await anyio.to_process.run_sync(_made, *given, cancellable=True, limiter=self._limiter)
            except anyio.BrokenWorkerProcess as problem:
                raise Retryable(f"{self._name}.{name}: its process died") from problem

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
    """In the worker process: make the call, raise only what can travel."""
    with _streams_put_aside(), serving(call) if call else nullcontext():
        try:
            return getattr(implementation, name)(*args, **keywords)
        except BaseException as problem:
            if _can_travel(problem):
                raise
            raise RuntimeError(f"{type(problem).__name__}: {problem}") from None


def _can_travel(problem: BaseException) -> bool:
    """Whether an exception can be made again on the other side, and may be raised there: SystemExit may not."""
    try:
        copy.copy(problem)
    except Exception:
        return False
    return isinstance(problem, Exception)


@contextmanager
def _streams_put_aside() -> Iterator[None]:
    """Keep programs and libraries from the pipes: two carry the calls, and nobody empties the third."""
    kept = {number: os.dup(number) for number in (0, 1, 2)}
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        for number in kept:
            os.dup2(nowhere, number)
        yield
    finally:
        for number, pipe in kept.items():
            os.dup2(pipe, number)
            os.close(pipe)
        os.close(nowhere)
