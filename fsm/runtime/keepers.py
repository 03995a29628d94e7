"""The instances in memory: those at work, or lately so, have a keeper; of others that wait there is only the row.

first use ──load──▶ keeper ──begun, or not used for long──▶ resting ──used again──▶ keeper
                                                               └──not used for very long──▶ forgotten
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice

import anyio

from fsm.errors import InstanceUnknown, SnapshotCorrupted, SnapshotError
from fsm.limits import RESTING_MAX, WARM_MAX
from fsm.ports.store import Commit, Incident, Loaded, Record, Status
from fsm.runtime import records
from fsm.runtime.definitions import Definitions
from fsm.runtime.host import Host
from fsm.runtime.keeper import Keeper


class Keepers:
    """Finds the keeper of an instance, and forgets those that nobody needs."""

    def __init__(self, host: Host, definitions: Definitions) -> None:
        self._host, self._definitions = host, definitions
        self._warm: OrderedDict[str, Keeper] = OrderedDict()
        self._resting: OrderedDict[str, Record] = OrderedDict()
        self._loading: dict[str, anyio.Event] = {}

    def __len__(self) -> int:
        return len(self._warm)

    def __iter__(self) -> Iterator[Keeper]:
        return iter(list(self._warm.values()))

    def warm(self, instance: str) -> Keeper | None:
        """The keeper of an instance, if there is one."""
        keeper = self._warm.get(instance)
        if keeper is not None:
            self._warm.move_to_end(instance)
        return keeper

    async def read(self, instance: str) -> None:
        """Take in what the store has for an instance; if that is nothing, it may go on resting. Raises like `find`."""
        if instance in self._warm or instance in self._resting:
            loaded = await self._host.store.load(instance)
            keeper, resting = self._warm.get(instance), self._resting.get(instance)
            if loaded is not None and keeper is not None:
                keeper.adopt(loaded)
                return
            if loaded is not None and resting is not None and resting.seq == loaded.record.seq and not loaded.inbox:
                return
            self._resting.pop(instance, None)
        self.rest(await self.find(instance))

    async def find(self, instance: str) -> Keeper:
        """The keeper of an instance, made if need be. Raises InstanceUnknown, MachineUnknown, SnapshotError."""
        while (keeper := self.warm(instance)) is None:
            if instance in self._loading:
                await self._loading[instance].wait()
                continue
            self._loading[instance] = anyio.Event()
            try:
                loaded, record = None, self._resting.pop(instance, None)
                if record is None:
                    loaded = await self._host.store.load(instance)
                    if loaded is None:
                        raise InstanceUnknown(
                            f"no instance {instance!r} in the store; start it, or look with find()", instance=instance
                        )
                    record = loaded.record
                return self.install(await self._made(record), loaded)
            finally:
                self._loading.pop(instance).set()
        return keeper

    async def _made(self, record: Record) -> Keeper:
        machine = await self._definitions.machine_of(record)
        try:
            return Keeper(self._host, machine, record)
        except SnapshotCorrupted as problem:
            if record.status == Status.RUNNING:
                await self._park_unreadable(record, problem)
            raise

    async def _park_unreadable(self, record: Record, problem: SnapshotError) -> None:
        now = self._host.clock()
        parked = records.with_status(record, Status.PARKED, now)
        incident = Incident(record.id, type(problem).__name__, str(problem), "load", "load", record.seq, now)
        await self._host.committer.submit(
            [Commit(record.id, seq=record.seq, fence=record.fence, record=parked, incident=incident)]
        )

    def install(self, keeper: Keeper, loaded: Loaded | None) -> Keeper:
        """Take a keeper in; the least recently used idle ones make room."""
        self._warm[keeper.id] = keeper
        if loaded is not None:
            keeper.adopt(loaded)
        for old in list(islice(self._warm.values(), max(0, len(self._warm) - WARM_MAX))):
            if old is not keeper:
                self.rest(old)
        return keeper

    def rest(self, keeper: Keeper) -> None:
        """Keep no more than the row of an idle instance, and nothing of one that has ended."""
        if not keeper.idle or self._warm.get(keeper.id) is not keeper:
            return
        self.forget(keeper)
        keeper.leave()
        if keeper.running:
            self._resting[keeper.id] = keeper.record
            if len(self._resting) > RESTING_MAX:
                self._resting.popitem(last=False)

    def forget(self, keeper: Keeper) -> None:
        """Keep nothing of an instance, and wake who waits for news of it."""
        if self._warm.get(keeper.id) is keeper:
            del self._warm[keeper.id]
        keeper.tell()

    def clear(self) -> None:
        """Keep nothing at all."""
        self._warm.clear()
        self._resting.clear()
