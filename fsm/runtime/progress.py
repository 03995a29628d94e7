"""What the invokes of a worker tell of themselves: the newest in memory, and now and then beside their effect, for
other processes.

It is no part of a turn: nothing waits for it, and what a crash loses is told again by the invoke that runs again.
"""

from __future__ import annotations

from collections.abc import Callable

import anyio

from fsm.core.progress import progress_text
from fsm.limits import PROGRESS_SECONDS
from fsm.ports.store import Commit, Effect
from fsm.runtime.commit import Committer

Place = tuple[str, str]
"""Instance and invoke."""
Tell = Callable[[float, str], None]


class ProgressBoard:
    """The newest progress of every invoke that runs here."""

    def __init__(self, committer: Committer, clock: Callable[[], float]) -> None:
        self._committer, self._clock = committer, clock
        self._told: dict[Place, Effect] = {}
        self._unwritten: dict[Place, int] = {}
        """With the fence under which it may be written."""
        self._work = anyio.Event()
        self._news: dict[Place, anyio.Event] = {}

    def begin(self, effect: Effect, fence: int) -> Tell:
        """What an invoke that begins here calls with its progress."""
        place = effect.instance, effect.key

        def tell(value: float, text: str) -> None:
            told = progress_text(value, text, self._clock())
            self._told[place] = Effect(effect.instance, effect.key, effect.generation, b"", "", progress=told)
            self._unwritten[place] = fence
            self._work.set()
            self._wake(place)

        return tell

    def end(self, effect: Effect) -> None:
        """An invoke has ended here; perhaps it goes on elsewhere."""
        place = effect.instance, effect.key
        told = self._told.get(place)
        if told is not None and told.generation == effect.generation:
            del self._told[place]
            self._unwritten.pop(place, None)
            self._wake(place)

    def _wake(self, place: Place) -> None:
        news = self._news.pop(place, None)
        if news is not None:
            news.set()

    async def serve(self) -> None:
        """Write what is new, each invoke's newest, and then nothing for a while."""
        while True:
            await self._work.wait()
            self._work = anyio.Event()
            unwritten, self._unwritten = self._unwritten, {}
            for place, fence in unwritten.items():
                self._committer.post([Commit(place[0], fence=fence, progress=[self._told[place]])])
            await anyio.sleep(PROGRESS_SECONDS)

    def told(self, instance: str, invoke: str) -> Effect | None:
        """What an invoke that runs here has told last."""
        return self._told.get((instance, invoke))

    async def news(self, instance: str, invoke: str) -> None:
        """Wait until an invoke that runs here tells something, or has ended."""
        place = instance, invoke
        self._news[place] = self._news.get(place) or anyio.Event()
        await self._news[place].wait()
