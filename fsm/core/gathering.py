"""Gathering: the results of several calls that are made together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

Call = Callable[[], Coroutine[Any, Any, None]]


async def in_turn(calls: Sequence[Call]) -> None:
    """Make calls one after the other."""
    for call in calls:
        await call()


async def gathered(
    calls: Sequence[Awaitable[Any]], make: Callable[[Sequence[Call]], Awaitable[None]] = in_turn
) -> list[Any]:
    """Make calls; all end before the first failure, in the order given, is raised.

    What cannot be made any more, because whoever waited was interrupted, is closed.
    """
    results: list[Any] = [None] * len(calls)
    failures: dict[int, Exception] = {}

    async def one(number: int, call: Awaitable[Any]) -> None:
        try:
            results[number] = await call
        except Exception as problem:
            failures[number] = problem

    try:
        await make([partial(one, number, call) for number, call in enumerate(calls)])
    finally:
        for call in calls:
            if isinstance(call, Coroutine):
                call.close()
    if failures:
        raise failures[min(failures)]
    return results
