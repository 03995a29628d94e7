"""Claims: which instances this worker runs, among all workers of the store.

    begin: first beat, the dead of this machine are buried
      every third of the lease: beat ── it came too late ──▶ nothing is ours any more
      `gather`: what others have sent to ours, and what is due and nobody's ──▶ read
      dropped: no longer in memory ──▶ given back with the next `gather`
    leave: everything is given back

The lease only saves work. That two never write the same turn rests on the fence, which every claim raises.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence

import anyio

from fsm.errors import StoreError, StoreUnsuitable
from fsm.limits import CLAIMS_AT_ONCE
from fsm.ports.engine import VIEW
from fsm.ports.store import Store
from fsm.runtime.identity import is_dead

logger = logging.getLogger("fsm.runtime")

SKEW_SECONDS = 0.05
"""Clocks that differ by less are taken for equal."""
FORGET_SECONDS = 60.0
"""How long a dead worker is shown that has left nothing."""
COUNT_SECONDS = 1.0
"""How often those are counted that nobody here knows."""
UNFIT_SECONDS = 1.0
"""How long an instance is left to others that cannot go on here."""


class Claims:
    """The instances that are ours."""

    def __init__(
        self, store: Store, worker: str, machines: Sequence[str], clock: Callable[[], float], lease_seconds: float
    ) -> None:
        self.worker, self.mine = worker, set[str]()
        self._store, self._machines, self._clock, self._lease = store, machines, clock, lease_seconds
        self._dropped: dict[str, None] = {}
        self._unfit: dict[str, None] = {}
        self._leaving: anyio.Event | None = None
        self._count_at = 0.0
        self.ahead = 0.0
        """Seconds by which the clock of the store, which all workers share, is ahead of this machine's."""
        self.unclaimed = 0
        """Instances with work to do that nobody claims who knows only our machines."""
        self._refused: dict[str, float] = {}
        self.suspects: dict[str, int] = {}
        """Ours whose next turn may have killed workers, with how many."""

    async def begin(self) -> None:
        """Be there. Raises StoreError, StoreUnsuitable."""
        await check_own(self._store)
        await self._store.heartbeat(self.worker, self._lease)
        await self._look_around()

    async def beat(self, lost: Callable[[], None]) -> None:
        """Say again and again that this worker is alive; `lost` is called when that came too late."""
        while True:
            await anyio.sleep(self._lease / 3)
            try:
                alive = await self._store.heartbeat(self.worker, self._lease)
                await self._look_around()
            except StoreError as problem:
                logger.warning("cannot tell the store that worker %s is alive: %s", self.worker, problem)
                continue
            if not alive:
                logger.warning("worker %s was silent for longer than its lease; it gives up what it had", self.worker)
                self.mine.clear()
                lost()

    async def _look_around(self) -> None:
        """Learn what time it is for everybody, bury the dead, and strike off those that have left nothing."""
        before = time.time()
        now = await self._store.now()
        ahead, took = now - before, time.time() - before
        for worker in await self._store.workers():
            if worker.lease > 0 and is_dead(worker.id):
                await self._store.bury(worker.id)
            elif worker.claims == 0 and worker.beat + worker.lease < now - FORGET_SECONDS:
                await self._store.leave(worker.id)
        self.ahead = ahead - took / 2 if not -SKEW_SECONDS < ahead < SKEW_SECONDS + took else 0.0

    async def gather(self) -> list[str]:
        """What there is to be read: ours that got something from others, and what has been claimed now."""
        await self._give_back()
        if anyio.current_time() >= self._count_at:
            self._count_at = anyio.current_time() + COUNT_SECONDS
            self.unclaimed = await self._store.unclaimed(self._machines, now=self._clock())
        poked = await self._store.poked(self.worker)
        claimed = await self._store.claim(self.worker, self._machines, limit=CLAIMS_AT_ONCE, now=self._clock())
        await self._claimed(claimed)
        return [*poked, *claimed]

    async def take(self, instances: Iterable[str]) -> list[str]:
        """Claim what is not ours yet; those that are ours now."""
        wanted = list(instances)
        while self._leaving is not None:
            await self._leaving.wait()
        for instance in wanted:
            if instance in self._dropped:  # claimed again, for this worker may have been silent since
                del self._dropped[instance]
                self.mine.discard(instance)
        strange = [i for i in wanted if i not in self.mine]
        if strange:
            claimed = await self._store.claim(self.worker, self._machines, limit=len(strange), named=strange)
            await self._claimed(claimed)
        return [i for i in wanted if i in self.mine]

    async def _claimed(self, claimed: Sequence[str]) -> None:
        self.mine.update(claimed)
        if claimed:
            self.suspects = await self._store.deaths(self.worker)

    def drop(self, instance: str) -> None:
        """It is no longer in memory, and others may have it."""
        if instance in self.mine:
            self._dropped[instance] = None

    def refuse(self, instance: str) -> None:
        """It cannot go on here, perhaps elsewhere."""
        if instance in self.mine:
            self._unfit[instance] = None
            self._refused[instance] = self._clock()

    @property
    def unfit(self) -> int:
        """How many could not go on here lately; one that nobody else takes is tried again, and refused again."""
        since = self._clock() - 3 * UNFIT_SECONDS
        self._refused = {instance: at for instance, at in self._refused.items() if at >= since}
        return len(self._refused)

    async def _give_back(self) -> None:
        if not (self._dropped or self._unfit):
            return
        dropped, unfit = list(self._dropped), list(self._unfit)
        self._dropped, self._unfit = {}, {}
        self.mine.difference_update(dropped, unfit)
        self._leaving = anyio.Event()
        try:
            if dropped:
                await self._store.release(self.worker, dropped)
            if unfit:
                await self._store.release(self.worker, unfit, until=self._clock() + UNFIT_SECONDS)
        except BaseException:  # they are still ours, for the store
            self.mine.update(dropped, unfit)
            self._dropped |= dict.fromkeys(dropped)
            self._unfit |= dict.fromkeys(unfit)
            raise
        finally:
            self._leaving.set()
            self._leaving = None

    async def leave(self) -> None:
        """Give everything back and go."""
        mine, self.mine = sorted(self.mine), set()
        try:
            if mine:
                await self._store.release(self.worker, mine)
            await self._store.leave(self.worker)
        except StoreError as problem:
            logger.warning("worker %s cannot give back its instances, its lease will end: %s", self.worker, problem)


async def check_own(store: Store) -> None:
    """Leave alone what another engine runs. Raises StoreUnsuitable."""
    view = await store.definition(VIEW, "")
    if view is not None:
        raise StoreUnsuitable(
            f"the store shows what {view.document} runs, and nobody else may run it; give that engine's URL"
        )
