"""Running a coroutine of a command to its end."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def awaited(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine gives, on an event loop of its own."""
    import anyio

    async def whole() -> T:
        return await work

    return anyio.run(whole)
