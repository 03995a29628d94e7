"""Gate: through which every call of one method of one implementation goes, and where it may have to wait.

    paused? ── circuit open? ── too many at once? ── too many lately? ──▶ the attempt begins

Whoever waits has not begun: no attempt is spent on it.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from fsm.runtime.waits import Waits
from fsm.service.breaker import Circuit
from fsm.service.policy import Policy
from fsm.service.rate import Window


class Gate:
    """What may be asked of a method now."""

    def __init__(self, waits: Waits, policy: Policy | None) -> None:
        policy = policy or Policy()
        self._waits = waits
        self._circuit = None if policy.breaker is None else Circuit(policy.breaker)
        self._places = None if policy.concurrency is None else anyio.Semaphore(policy.concurrency)
        self._window = None if policy.rate is None else Window(policy.rate)
        self._paused = False
        self._news = anyio.Event()

    @property
    def free(self) -> bool:
        """Whether a call without a policy may pass without looking."""
        return not self._paused

    @property
    def tripped(self) -> bool:
        """Whether the circuit keeps calls away."""
        return self._circuit is not None and self._circuit.opens(self._waits.clock()) is not None

    def pause(self, paused: bool) -> None:
        """Let nobody pass from now on, or everybody again."""
        self._paused = paused
        self._tell()

    async def opened(self) -> None:
        """Wait while the service is paused."""
        while self._paused:
            await self._news.wait()

    @asynccontextmanager
    async def passed(self) -> AsyncIterator[None]:
        """Wait until the method may be asked, and hold the place until it has answered."""
        await self._ready()
        trial = self._circuit is not None and self._circuit.enter()
        try:
            if self._window is not None:
                await self._waits.until(self._window.reserve(self._waits.clock()))
            yield
        finally:
            if self._places is not None:
                self._places.release()
            if trial and self._circuit is not None:
                self._circuit.withdrawn()  # unless it was told meanwhile
            self._tell()

    def told(self, healthy: bool) -> None:
        """What became of a call that passed."""
        if self._circuit is not None:
            if healthy:
                self._circuit.succeeded()
            else:
                self._circuit.failed(self._waits.clock())

    async def _ready(self) -> None:
        """Wait for the service to be resumed, for its circuit, and for a place."""
        while True:
            while self._paused or self.tripped:
                await self._look_again()
            if self._places is None:
                return
            await self._places.acquire()
            if not (self._paused or self.tripped):
                return
            self._places.release()

    async def _look_again(self) -> None:
        opens = None if self._circuit is None or self._paused else self._circuit.opens(self._waits.clock())
        if opens is None or opens == math.inf:
            await self._news.wait()
        else:
            await self._waits.until(opens)

    def _tell(self) -> None:
        self._news.set()
        self._news = anyio.Event()
