"""A driver: runs coroutines that never really wait, one after the other, without an event loop.

One coroutine stays alive and awaits all others, so that a result comes back by `send`; ending a coroutine for each turn
would cost an exception (StopIteration) every time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from types import coroutine
from typing import Any, cast

Driver = Generator[Any, Any, None]


def _drive() -> Driver:
    """Await what is sent, hand over the list that it gives, and wait for the next."""
    result: list[Any] | None = None
    while True:
        sent: Generator[Any, Any, list[Any]] = yield result  # a coroutine, awaited as its own decorator lets it
        result = yield from sent


_driver = cast(Callable[[], Driver], coroutine(_drive))
"""A coroutine to what it awaits, and a generator to whoever sends."""


def started() -> Driver:
    """A driver that waits for its first coroutine.

    >>> async def squares(): return [n * n for n in range(3)]
    >>> started().send(squares())
    [0, 1, 4]

    What is sent must give a list: anything else that comes back was handed out by somebody who waits.
    """
    made = _driver()
    made.send(None)
    return made
