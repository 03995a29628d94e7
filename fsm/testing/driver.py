"""A driver: runs coroutines that never really wait, one after the other, without an event loop.

One coroutine stays alive and awaits all others, so that a result comes back by `send`; ending a coroutine for each turn
would cost an exception (StopIteration) every time.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any

Driver = Coroutine[Any, Any, None]


@coroutine
def _hand_over(result: list[Any] | None) -> Generator[Any, Any, Any]:
    return (yield result)


async def driver() -> None:
    """Await what is sent, hand over the list that it gives, and wait for the next."""
    result: list[Any] | None = None
    while True:
        result = await (await _hand_over(result))


def started() -> Driver:
    """A driver that waits for its first coroutine.

    >>> async def squares(): return [n * n for n in range(3)]
    >>> started().send(squares())
    [0, 1, 4]

    What is sent must give a list: anything else that comes back was handed out by somebody who waits.
    """
    made = driver()
    made.send(None)
    return made
