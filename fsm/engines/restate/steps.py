"""Steps: what a handler does outside, written down by the engine, in an order that is the same when it is repeated.

A handler that was cut short is run again from its beginning. So everything in it must depend on nothing but its
message, the state of its object and what its steps have answered: time too, which moves only with them.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from time import perf_counter, time
from typing import Any, Final, Protocol

import anyio

SLEPT_SECONDS: Final = 0.05
"""Who has waited for so long has slept in this life: what follows has not begun in an earlier one."""


class Cancelled(BaseException):
    """The engine has cancelled the invocation: no handler of a machine may swallow that."""


class Interrupted(BaseException):
    """The engine is not reached any more, and runs the handler again: nothing of this life may count."""


class Context(Protocol):
    """What is used of the engine's context."""

    def run_typed(self, name: str, action: Any, options: Any, /, *args: Any) -> Awaitable[bytes]: ...
    def sleep(self, delta: timedelta) -> Awaitable[None]: ...


class Steps:
    """The steps of one invocation."""

    def __init__(
        self, context: Context, options: Any, terminal: type[Exception], gather: Callable[..., Awaitable[Any]]
    ) -> None:
        self._context, self._options, self._terminal, self._gather = context, options, terminal, gather
        self._now, self.took = 0.0, 0.0
        self._round: _Round | None = None
        self._heard = self._made = False

    def now(self) -> float:
        """The time of the last step."""
        return self._now

    @property
    def again(self) -> bool:
        """Whether a step that is made now may have begun in an earlier life of the handler, which was cut short in it:
        it is among the first that are made in this life, and not the first of all."""
        return self._heard and not self._made

    async def begin(self) -> None:
        """Look at the clock."""
        await self.run("now", _nothing)

    async def run(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """Do something once; what is answered, as JSON takes it, is the same when the handler is repeated."""
        made = False

        async def make() -> bytes:
            nonlocal made
            made = True
            return await _timed(work)

        future = self._context.run_typed(name, make, self._options)
        told = json.loads(await self._answer(future if self._round is None else self._round.answer(future)))
        self._heard, self._made = self._heard or not made, self._made or made
        self._now, self.took = max(self._now, told["at"]), told["took"]
        return told["value"]

    async def until(self, due: float) -> None:
        """Sleep until a time; it may be days."""
        while (left := due - self._now) > 0:
            began = perf_counter()
            await self._answer(self._context.sleep(timedelta(seconds=left)))
            self._made = self._made or perf_counter() - began > SLEPT_SECONDS
            self._now = due

    async def _answer(self, future: Awaitable[Any]) -> Any:
        try:
            return await future
        except self._terminal as problem:
            raise Cancelled(str(problem)) from problem
        except Exception as problem:
            raise Interrupted(str(problem)) from problem

    async def together(self, calls: Sequence[Callable[[], Awaitable[None]]]) -> None:
        """Do several things at once, step by step: the next steps begin when all have ended, in the order of these."""
        if self._round is not None or len(calls) < 2:
            for call in calls:
                await call()
            return
        mine = self._round = _Round(len(calls), self._gather)
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(mine.serve)
                for call in calls:
                    group.start_soon(mine.one, call)
        finally:
            self._round = None


class _Round:
    """Those who go on in step."""

    def __init__(self, alive: int, gather: Callable[..., Awaitable[Any]]) -> None:
        self._alive, self._gather = alive, gather
        self._waiting: list[tuple[Awaitable[bytes], anyio.Event]] = []
        self._full = anyio.Event()

    async def one(self, call: Callable[[], Awaitable[None]]) -> None:
        try:
            await call()
        finally:
            self._alive -= 1
            self._look()

    async def answer(self, future: Awaitable[bytes]) -> bytes:
        ended = anyio.Event()
        self._waiting.append((future, ended))
        self._look()
        await ended.wait()
        return await future

    def _look(self) -> None:
        if len(self._waiting) >= self._alive:
            self._full.set()

    async def serve(self) -> None:
        while self._alive:
            await self._full.wait()
            self._full = anyio.Event()
            waiting, self._waiting = self._waiting, []
            if waiting:
                await self._gather(*(future for future, _ in waiting))
            for _, ended in waiting:
                ended.set()


async def _timed(work: Callable[[], Awaitable[Any]]) -> bytes:
    began = perf_counter()
    value = await work()
    return json.dumps({"at": time(), "took": perf_counter() - began, "value": value}).encode()


async def _nothing() -> None:
    """What there is to know is the time."""
