"""Timers: sleep until the earliest due time of the store, then hand out what is due."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable

import anyio

from fsm.errors import StoreError
from fsm.ports.store import Store, Timer

NAP_SECONDS_MAX = 1.0
"""The longest sleep with a timer pending: a wall clock that is set forward is noticed within it."""
AGAIN_SECONDS = 0.05
"""How long a due timer that is not consumed yet is left alone."""


class Timers:
    """One task for all timers of a worker; without a pending timer it sleeps without end."""

    def __init__(
        self,
        store: Store,
        worker: str,
        clock: Callable[[], float],
        fire: Callable[[Timer], Awaitable[None]],
        poke: Callable[[str], None],
    ) -> None:
        self._store, self._worker, self._clock, self._fire, self._poke = store, worker, clock, fire, poke
        self._next: float | None = None
        self._wake = anyio.Event()

    def notice(self, due: float) -> None:
        """A timer was set: wake up for it."""
        if self._next is None or due < self._next:
            self._next = due
            self._wake.set()

    async def serve(self) -> None:
        """Fire timers until cancelled."""
        since, self._next = 0.0, 0.0
        while True:
            await self._sleep()
            now = self._clock()
            if self._next is None or self._next > now:
                continue
            try:
                for timer in await self._store.due(self._worker, now):
                    await self._fire(timer)
                for instance in await self._store.delayed_due(self._worker, since, now):
                    self._poke(instance)
                since = now
                soonest = await self._store.next_due(self._worker)
            except StoreError:
                soonest = now  # the store is in trouble: the timers are still there, ask again soon
            self._next = None if soonest is None else max(soonest, now + AGAIN_SECONDS)

    async def _sleep(self) -> None:
        self._wake = anyio.Event()
        wait = float("inf") if self._next is None else max(0.0, min(self._next - self._clock(), NAP_SECONDS_MAX))
        with contextlib.suppress(TimeoutError):
            with anyio.fail_after(wait):
                await self._wake.wait()
