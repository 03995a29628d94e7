"""The instances in memory: those at work, or lately so, have a keeper; of others that wait there is only the row.

first use ──load──▶ keeper ──begun, or not used for long──▶ resting ──used again──▶ keeper
                                                               └──not used for very long──▶ given back
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import anyio

from fsm.errors import InstanceUnknown, MachineUnknown, SnapshotCorrupted, SnapshotError
from fsm.limits import RESTING_MAX, WARM_MAX
from fsm.ports.store import Commit, Incident, Loaded, Record, Status
from fsm.runtime import records
from fsm.runtime.claims import Claims
from fsm.runtime.definitions import Definitions, MachineClass
from fsm.runtime.elsewhere import Elsewhere
from fsm.runtime.host import Host
from fsm.runtime.keeper import Keeper
from fsm.runtime.migration import brought
from fsm.runtime.suspects import Suspects

logger = logging.getLogger("fsm.runtime")


class Keepers:
    """Finds the keeper of an instance, and forgets those that nobody needs."""

    def __init__(
        self, host: Host, definitions: Definitions, claims: Claims, new: Callable[..., Keeper] = Keeper
    ) -> None:
        self._host, self._definitions, self._claims = host, definitions, claims
        self._new = new
        self._suspects = Suspects(host, claims)
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

    async def read(self, instances: Sequence[str]) -> None:
        """Take in what the store has for these instances, as far as they are this worker's. Raises StoreError."""
        while under_way := [self._loading[i] for i in instances if i in self._loading]:
            await under_way[0].wait()
        read = anyio.Event()
        begun = dict.fromkeys((i for i in instances if i not in self._warm), read)
        self._loading |= begun
        try:
            mine = await self._claims.take(instances)
            for loaded in await self._host.store.load_many(mine) if mine else ():
                try:
                    await self._take_in(loaded, made=loaded.record.id in begun)
                except (MachineUnknown, SnapshotError) as problem:
                    self._claims.refuse(loaded.record.id)
                    logger.info("left alone: %s", problem)
        finally:
            for instance in begun:
                del self._loading[instance]
            read.set()

    async def _take_in(self, loaded: Loaded, *, made: bool) -> None:
        """What has nothing to do may go on resting; a keeper is made where nobody else makes one."""
        record = loaded.record
        keeper, resting = self._warm.get(record.id), self._resting.get(record.id)
        if keeper is not None:
            keeper.adopt(loaded)
        elif not made:  # its keeper has gone meanwhile
            self._host.poke(record.id)
        elif resting is None or (resting.seq, resting.fence) != (record.seq, record.fence) or loaded.inbox:
            self._resting.pop(record.id, None)
            machine = await self._definitions.machine_of(record)
            self.rest(await self._brought(machine, loaded))

    async def find(self, instance: str) -> Keeper:
        """The keeper of an instance, made if need be.

        Raises InstanceUnknown, MachineUnknown, SnapshotError, and Elsewhere where another worker has it.
        """
        while (keeper := self.warm(instance)) is None:
            if instance in self._loading:
                await self._loading[instance].wait()
                continue
            self._loading[instance] = anyio.Event()
            try:
                return await self._found(instance)
            finally:
                self._loading.pop(instance).set()
        return keeper

    async def _found(self, instance: str) -> Keeper:
        record = self._resting.pop(instance, None)
        if record is not None:
            return self.install(await self._made(record), None)
        mine = await self._claims.take([instance])
        loaded = await self._host.store.load(instance)
        if loaded is None:
            raise InstanceUnknown(
                f"no instance {instance!r} in the store; start it, or look with find()", instance=instance
            )
        try:
            machine = await self._definitions.machine_of(loaded.record)
            if not mine and not Status(loaded.record.status).ended:
                raise Elsewhere(loaded.record)
            return await self._brought(machine, loaded)
        except (MachineUnknown, SnapshotError):
            self._claims.refuse(instance)
            raise

    async def _brought(self, machine: MachineClass, loaded: Loaded) -> Keeper:
        suspected = loaded.record.id in self._suspects
        if suspected:
            loaded = await self._suspects.parked(loaded)
        loaded = await brought(self._host, machine, loaded)
        keeper = await self._made(loaded.record, machine)
        keeper.suspects = self._suspects if suspected else None
        return self.install(keeper, loaded)

    async def _made(self, record: Record, machine: MachineClass | None = None) -> Keeper:
        machine = machine or await self._definitions.machine_of(record)
        try:
            return self.new(machine, record)
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

    def new(self, machine: MachineClass, record: Record) -> Keeper:
        """A keeper, not installed yet. Raises SnapshotCorrupted, SnapshotNewer."""
        return self._new(self._host, machine, record)

    def install(self, keeper: Keeper, loaded: Loaded | None) -> Keeper:
        """Take a keeper in; the least recently used idle ones make room."""
        self._warm[keeper.id] = keeper
        if loaded is not None:
            keeper.adopt(loaded)
        for old in list(islice(self._warm.values(), min(2, max(0, len(self._warm) - WARM_MAX)))):
            self._warm.move_to_end(old.id)  # one at work is looked at again when all others have been
            if old is not keeper:
                self.rest(old)
        return keeper

    def rest(self, keeper: Keeper) -> None:
        """Keep no more than the row of an idle instance, and nothing of one that has ended."""
        if not keeper.idle or self._warm.get(keeper.id) is not keeper:
            return
        self.forget(keeper)
        keeper.leave()
        if not keeper.running:
            self._claims.drop(keeper.id)
            return
        self._resting[keeper.id] = keeper.record
        if len(self._resting) > RESTING_MAX:
            self._claims.drop(self._resting.popitem(last=False)[0])

    def forget(self, keeper: Keeper) -> None:
        """Keep nothing of an instance, and wake who waits for news of it."""
        if self._warm.get(keeper.id) is keeper:
            del self._warm[keeper.id]
        keeper.tell()

    def lose(self) -> None:
        """Others may have everything: whoever goes on finds out."""
        self._resting.clear()
        for keeper in self:
            self._host.start_soon(keeper.lose)

    def clear(self) -> None:
        """Keep nothing at all."""
        self._warm.clear()
        self._resting.clear()
