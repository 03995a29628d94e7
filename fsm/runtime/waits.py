"""Waits: sleeping until a time of the orchestrator's clock, which somebody may set."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

import anyio

_DRIFT_SECONDS: Final = 0.01
"""From how far on a clock was set, and did not merely run a little faster or slower."""


class Waits:
    """Whoever waits for a time; `look` has to be called now and then, and wakes them when the clock was set."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._ahead = clock() - monotonic()
        self._set = anyio.Event()

    async def until(self, due: float) -> None:
        """Return when the clock shows a time, not before."""
        while (left := due - self.clock()) > 0:
            with anyio.move_on_after(left):
                await self._set.wait()

    def look(self) -> None:
        """Notice that the clock was set."""
        ahead = self.clock() - monotonic()
        if abs(ahead - self._ahead) > _DRIFT_SECONDS:
            self._ahead = ahead
            self._set.set()
            self._set = anyio.Event()
