"""The blocking door: an orchestrator on an event loop of its own, for threads that wait.

    thread ──call──▶ portal ──▶ the loop's thread: the method, awaited ──▶ its result, or what it raised ──▶ thread

There is no second orchestrator: whatever is asked of the proxy is asked of the object behind it.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack, contextmanager, suppress
from functools import partial, wraps
from inspect import iscoroutine, ismethod
from threading import Thread, get_ident
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import anyio

from fsm.errors import HandlerMisuse, OrchestratorClosed
from fsm.runtime.instance import Instance
from fsm.runtime.schedules import Schedules

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

P = ParamSpec("P")
T = TypeVar("T")


class Blocking:
    """Stands for an orchestrator or an instance in any thread: its methods return when they are done."""

    __slots__ = ("_loop", "_portal", "_subject")

    def __init__(self, subject: object, portal: BlockingPortal, loop: int) -> None:
        self._subject, self._portal, self._loop = subject, portal, loop

    def __repr__(self) -> str:
        return f"<blocking {self._subject!r}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no {name!r}; only what is public can be asked for")
        found = getattr(self._subject, name)
        return wraps(found)(partial(self._ask, found)) if ismethod(found) else self._wrapped(found)

    def call(self, function: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """What an asynchronous function returns, with its own types: `orders.call(order.send, Pay(amount=30))`.

        Raises what the function raises; OrchestratorClosed; HandlerMisuse on the thread of the event loop, which would
        wait for itself.
        """
        answer: T = self._wait(function, *args, **kwargs)
        return answer

    def _ask(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self._wrapped(self._wait(function, *args, **kwargs))

    def _wrapped(self, found: Any) -> Any:
        return Blocking(found, self._portal, self._loop) if isinstance(found, Instance | Schedules) else found

    def _wait(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if get_ident() == self._loop:
            name = getattr(function, "__name__", function)
            raise HandlerMisuse(
                f"{name!r} would wait on the thread of the event loop, for that very thread. In a handler or an"
                f" asynchronous service use what `self` offers, or await the orchestrator itself."
            )
        try:
            future = self._portal.start_task_soon(_whole, function, args, kwargs)
        except RuntimeError:  # the portal has ended
            raise _left() from None
        try:
            return future.result()
        except CancelledError:
            raise _left() from None


async def _whole(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    answer = function(*args, **kwargs)
    return await answer if iscoroutine(answer) else answer


def _left() -> OrchestratorClosed:
    return OrchestratorClosed("the orchestrator has been left; use it inside `with orchestrator.blocking() as …:`")


@contextmanager
def blocking(orchestrator: Any, backend: str = "asyncio") -> Iterator[Blocking]:
    """Run an orchestrator on an event loop in a thread of its own, until this is left or the process ends."""
    with ExitStack() as leaving:
        made_in = os.getpid()

        def leave() -> None:
            # In a forked process there is no such thread, and nothing would answer.
            leaving.close() if os.getpid() == made_in else leaving.pop_all()

        atexit.register(leave)  # later on the thread would be frozen, and waited for
        leaving.callback(atexit.unregister, leave)
        made: Future[BlockingPortal] = Future()
        thread = Thread(target=_serve, args=(backend, made), name="fsm", daemon=True)
        thread.start()
        leaving.callback(thread.join)
        portal = made.result()
        leaving.callback(_stop, portal)
        leaving.enter_context(portal.wrap_async_context_manager(orchestrator))
        yield Blocking(orchestrator, portal, portal.call(get_ident))


def _serve(backend: str, made: Future[BlockingPortal]) -> None:
    """The thread: a portal, until it is stopped; anyio's own would wait for its thread in a forked process too."""
    from anyio.from_thread import BlockingPortal  # only threads that wait need it

    async def main() -> None:
        async with BlockingPortal() as portal:
            made.set_result(portal)
            await portal.sleep_until_stopped()

    try:
        anyio.run(main, backend=backend)
    except BaseException as problem:
        if made.done():
            raise
        made.set_exception(problem)


def _stop(portal: BlockingPortal) -> None:
    with suppress(RuntimeError):  # it has ended by itself
        portal.call(portal.stop, True)  # whoever still waits is told, instead of being waited for
