"""A feed: what changes, sent to the page as it happens (server-sent events).

    id: 7                  of an instance: the number of the turn; a page that comes back names the last one it saw
    event: turn
    data: {"seq": 7, …}    and goes on after it, so that nothing is missed and nothing comes twice

The store tells nobody that it has changed, so it is asked; the overview is asked once for all who listen.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Final

import anyio
from pydantic import BaseModel

from fsm.errors import FsmError
from visualize.dashboard import api
from visualize.dashboard.looking import Looking
from visualize.dashboard.past import turns

POLL_SECONDS: Final = 0.4
SILENT_BEATS: Final = 40
"""After so many looks a feed says that it is alive: proxies close what is silent."""
ALIVE: Final = ": alive\n\n"
FEED_SECONDS: Final = 900.0
"""How long a feed lasts; the page then asks for the next one, which begins where this one ended."""
FEEDS_MAX: Final = 64
TURNS_AT_ONCE: Final = 100
RETRY_MS: Final = 1_000


class Feed:
    """The feeds of one page."""

    def __init__(self, looking: Looking, clock: Callable[[], float] = time.monotonic) -> None:
        """Nobody listens yet."""
        self._looking, self._clock = looking, clock
        self._ended = anyio.Event()
        self._listening = 0
        self._asking = anyio.Lock()
        self._overview: tuple[float, api.Overview] | None = None

    def close(self) -> None:
        """End all feeds: the process stops."""
        self._ended.set()

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place among those who listen, as long as somebody does."""
        self._listening += 1
        try:
            yield
        finally:
            self._listening -= 1

    @property
    def full(self) -> bool:
        """Whether nobody more can listen."""
        return self._listening >= FEEDS_MAX or self._ended.is_set()

    async def overview(self) -> api.Overview:
        """The overview, asked at most once in a while, however many want it. Raises StoreError."""
        async with self._asking:
            if self._overview is None or self._clock() - self._overview[0] >= POLL_SECONDS:
                self._overview = (self._clock(), await self._looking.overview())
            return self._overview[1]

    async def of_all(self, seen: str) -> AsyncIterator[str]:
        """The overview whenever it has changed since the page saw it."""
        async for beat in self._beats():
            if beat % SILENT_BEATS == SILENT_BEATS - 1:
                yield ALIVE
            found = await self.overview()
            if (name := _digest(found)) != seen:
                seen = name
                yield _event("overview", found, name)

    async def of_instance(self, id: str, seen: int) -> AsyncIterator[str]:
        """The turns of an instance after one that was seen, and where it stands; the overview whenever the number of
        incidents is another one. Raises InstanceUnknown."""
        stood, incidents = "", -1
        async for beat in self._beats():
            if beat % SILENT_BEATS == SILENT_BEATS - 1:
                yield ALIVE
            now = await self._looking.standing(id)
            while seen < now.summary.seq:
                news = (await turns(self._looking, id, seen, TURNS_AT_ONCE)).turns
                for turn in news:
                    seen = turn.seq
                    yield _event("turn", turn, str(seen))
                if not news:
                    break  # the journal of those turns is not kept any more
            if (name := _digest(now)) != stood:
                stood = name
                yield _event("standing", now, None)
            if (found := await self.overview()).incidents != incidents:
                incidents = found.incidents
                yield _event("overview", found, None)

    async def heard(self, feed: AsyncIterator[str]) -> AsyncIterator[str]:
        """A feed as the browser gets it: when the store cannot be read it ends, and the page asks again."""
        yield f"retry: {RETRY_MS}\n\n"
        try:
            async for event in feed:
                yield event
        except FsmError as problem:
            yield _event("trouble", api.Problem(title="The feed ended", status=503, detail=str(problem)), None)

    async def _beats(self) -> AsyncIterator[int]:
        began, beat = self._clock(), 0
        while not self._ended.is_set() and self._clock() - began < FEED_SECONDS:
            yield beat
            beat += 1
            with anyio.move_on_after(POLL_SECONDS):
                await self._ended.wait()


def _event(name: str, data: BaseModel, id: str | None) -> str:
    head = f"id: {id}\n" if id is not None else ""
    return f"{head}event: {name}\ndata: {data.model_dump_json()}\n\n"


def _digest(data: BaseModel) -> str:
    return hashlib.blake2b(data.model_dump_json().encode(), digest_size=8).hexdigest()
