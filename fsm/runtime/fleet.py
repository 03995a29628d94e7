"""The fleet: every keeper of an orchestrator, loaded when needed, forgotten when idle."""

from __future__ import annotations

import json
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import anyio
from anyio.abc import TaskGroup

from fsm import errors
from fsm.chart.machine import Machine
from fsm.core.step import Step
from fsm.errors import (
    DefinitionError,
    FsmError,
    InstanceUnknown,
    MachineUnknown,
    OrchestratorClosed,
    SnapshotError,
    StoreError,
)
from fsm.limits import WARM_MAX
from fsm.ports.store import Accepted, Commit, Incident, Loaded, Status, Store, Timer
from fsm.runtime import records
from fsm.runtime.arrivals import timer_work
from fsm.runtime.commit import Committer
from fsm.runtime.host import Lost
from fsm.runtime.keeper import Keeper
from fsm.runtime.services import Services
from fsm.runtime.timers import Timers
from fsm.runtime.work import Work

logger = logging.getLogger("fsm.runtime")

POLL_SECONDS = 0.05
"""How often the store is asked whether another process wrote to it."""
REREAD_SECONDS = 1.0
"""How long an instance is left alone whose store was in trouble."""


class Fleet:
    """The keepers of one store, and what they share."""

    def __init__(
        self,
        store: Store,
        machines: list[type[Machine[Any, Any, Any]]],
        services: Mapping[Any, Any],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store, self._clock = store, clock
        self.machines = _by_name(machines)
        self.services = Services(list(self.machines.values()), services)
        self.committer = Committer(store)
        self.timers = Timers(store, self.clock, self._fire, self.poke)
        self.open = False
        self.left_alone = 0
        """Instances with work to do whose machine is not registered here, or is newer."""
        self._keepers: OrderedDict[str, Keeper] = OrderedDict()
        self._loading: dict[str, anyio.Event] = {}
        self._poked: set[str] = set()
        self._group: TaskGroup | None = None
        self._seen = 0

    def clock(self) -> float:
        """Seconds since the epoch."""
        return self._clock()

    def start_soon(self, function: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> None:
        """Run something beside, owned by the orchestrator."""
        if self._group is not None:
            self._group.start_soon(function, *args)

    async def begin(self, group: TaskGroup) -> None:
        """Resume whatever was interrupted and watch for more."""
        self._group, self.open = group, True
        await self.store.begin_recovery()
        self._seen, waiting = await self.store.newer(0)
        for instance in waiting:
            self.poke(instance)
        after = ""
        while batch := await self.store.pending(self.clock(), after):
            for instance in batch:
                self.poke(instance)
            after = batch[-1]
        group.start_soon(self.timers.serve)
        group.start_soon(self._watch)

    async def drain(self, seconds: float) -> None:
        """Take no new work and let running turns finish, for so long."""
        self.open = False
        with anyio.move_on_after(seconds):
            for keeper in list(self._keepers.values()):
                while keeper.draining:
                    await keeper.rested.wait()

    def close(self, problem: Exception) -> None:
        """Tell everybody who still waits that this orchestrator will not answer."""
        for keeper in self._keepers.values():
            for work in (*keeper.queue, *keeper.deferred, *keeper.unanswered()):
                work.fail(problem)
            keeper.gone = True
            keeper.tell()
        self._keepers.clear()
        self._group = None

    # ---- finding keepers

    def warm(self, instance: str) -> Keeper | None:
        """The keeper of an instance, if it is in memory."""
        keeper = self._keepers.get(instance)
        if keeper is not None:
            self._keepers.move_to_end(instance)
        return keeper

    async def keeper(self, instance: str) -> Keeper:
        """The keeper of an instance, loaded if need be. Raises InstanceUnknown, MachineUnknown, SnapshotError."""
        while (keeper := self.warm(instance)) is None:
            if instance in self._loading:
                await self._loading[instance].wait()
                continue
            self._loading[instance] = anyio.Event()
            try:
                loaded = await self.store.load(instance)
                if loaded is None:
                    raise InstanceUnknown(
                        f"no instance {instance!r} in the store; start it, or look with find()", instance=instance
                    )
                keeper = await self._made(loaded)
                return self.install(keeper, loaded)
            finally:
                self._loading.pop(instance).set()
        return keeper

    async def _made(self, loaded: Loaded) -> Keeper:
        record = loaded.record
        machine = self.machines.get(record.machine)
        if machine is None:
            raise MachineUnknown(
                f"{record.id!r} is a {record.machine}, which this orchestrator was not given; add it to machines="
            )
        try:
            return Keeper(self, machine, record)
        except errors.SnapshotCorrupted as problem:
            if Status(record.status) is Status.RUNNING:
                await self._park_unreadable(loaded, problem)
            raise

    async def _park_unreadable(self, loaded: Loaded, problem: SnapshotError) -> None:
        record = loaded.record
        parked = records.with_status(record, Status.PARKED, self.clock())
        incident = Incident(record.id, type(problem).__name__, str(problem), "load", "load", record.seq, self.clock())
        await self.committer.submit(
            [Commit(record.id, seq=record.seq, fence=record.fence, record=parked, incident=incident)]
        )

    def install(self, keeper: Keeper, loaded: Loaded | None) -> Keeper:
        """Take a keeper into the fleet; the least recently used idle ones make room."""
        self._keepers[keeper.id] = keeper
        if loaded is not None:
            keeper.adopt(loaded)
        for old in list(self._keepers.values())[: max(0, len(self._keepers) - WARM_MAX)]:
            if old.idle and old is not keeper:
                old.gone = True
                old.tell()
                del self._keepers[old.id]
        return keeper

    # ---- what keepers ask for

    def poke(self, instance: str) -> None:
        """Something was put into an instance's inbox: read it soon."""
        if instance not in self._poked:
            self._poked.add(instance)
            self.start_soon(self._read_again, instance)

    async def _read_again(self, instance: str) -> None:
        try:
            self._poked.discard(instance)
            keeper = self.warm(instance)
            if keeper is None:
                await self.keeper(instance)
                return
            loaded = await self.store.load(instance)
            if loaded is not None and not keeper.gone:
                keeper.adopt(loaded)
        except (InstanceUnknown, MachineUnknown, SnapshotError) as problem:
            self.left_alone += 1
            logger.info("left alone: %s", problem)
        except StoreError as problem:
            logger.warning("cannot read %r: %s", instance, problem)
            await anyio.sleep(REREAD_SECONDS)
            self.poke(instance)

    async def _fire(self, timer: Timer) -> None:
        try:
            keeper = await self.keeper(timer.instance)
            keeper.add(timer_work(timer))
        except (InstanceUnknown, MachineUnknown, SnapshotError) as problem:
            self.left_alone += 1
            logger.info("left alone: %s", problem)

    async def answer_duplicate(self, keeper: Keeper, work: Work) -> None:
        """Give the first outcome of its key to whoever sent an event again."""
        try:
            row = await self.store.find_key(keeper.id, work.sender_key or "")
            step = await self.outcome(keeper, row) if row is not None else None
        except FsmError as problem:
            work.fail(problem)
            return
        if step is not None:
            work.give(step)
        elif row is not None:
            await self._join(keeper, row, work)

    async def _join(self, keeper: Keeper, row: Accepted, work: Work) -> None:
        loaded = await self.store.load(keeper.id)
        if loaded is not None:
            keeper.adopt(loaded)
        first = next((w for w in (*keeper.queue, *keeper.deferred) if w.ref == row.ref), None)
        if first is not None:
            first.replies.extend(work.replies)

    async def outcome(self, keeper: Keeper, row: Accepted) -> Step | None:
        """What became of an accepted event; None while it waits. Raises the refusal."""
        if row.state not in ("consumed", "refused"):
            return None
        outcome = json.loads(row.outcome or "{}")
        if "error" in outcome:
            kind = getattr(errors, outcome["error"], errors.Refused)
            raise kind(outcome["message"], event=row.name, instance=keeper.id)
        entries = await self.store.history(keeper.id, after=outcome.get("seq", 1) - 1, limit=1)
        if not entries:
            return Step(row.name, keeper.live.at, [], outcome.get("seq", 0), keeper.live.finished, None)
        last = entries[0].seq == keeper.record.seq and keeper.live.finished
        return records.recorded_step(entries[0], done=last, output=keeper.live.output if last else None)

    async def forget(self, keeper: Keeper, problem: Exception) -> None:
        """Drop a keeper whose memory may differ from the store, and read the instance again."""
        logger.warning("%r is read again: %s", keeper.id, problem)
        if self._keepers.get(keeper.id) is keeper:
            del self._keepers[keeper.id]
        keeper.tell()
        if isinstance(problem, Lost):
            self.poke(keeper.id)
        else:
            self.start_soon(self._later, keeper.id)

    async def again(self, instance: str, work: Work) -> None:
        """Hand work of a forgotten keeper to the one that was read again."""
        try:
            keeper = await self.keeper(instance)
            twin = next((w for w in keeper.pending() if w.ref == work.ref), None)
            if twin is not None:
                twin.replies.extend(work.replies)
            elif work.sender_key is not None and await self.store.find_key(instance, work.sender_key) is not None:
                await self.answer_duplicate(keeper, work)
            elif keeper.status.ended:
                work.fail(keeper.ended_error())
            elif work.kind != "start" or keeper.record.seq == 0:
                keeper.add(work)
        except FsmError as problem:
            work.fail(problem)

    async def _later(self, instance: str) -> None:
        await anyio.sleep(REREAD_SECONDS)
        self.poke(instance)

    async def _watch(self) -> None:
        """Notice what other processes put into the inbox, and what abandoned threads have answered."""
        while True:
            await anyio.sleep(POLL_SECONDS)
            self.services.hand_in_late()
            try:
                if not await self.store.changed():
                    continue
                self._seen, waiting = await self.store.newer(self._seen)
            except StoreError as problem:
                logger.warning("cannot watch the store: %s", problem)
                await anyio.sleep(REREAD_SECONDS)
                continue
            for instance in waiting:
                self.poke(instance)
            if (due := await self.store.next_due()) is not None:
                self.timers.notice(due)


def _by_name(machines: list[type[Machine[Any, Any, Any]]]) -> dict[str, type[Machine[Any, Any, Any]]]:
    found: dict[str, type[Machine[Any, Any, Any]]] = {}
    waiting = list(machines)
    for machine in waiting:
        if not (isinstance(machine, type) and issubclass(machine, Machine) and hasattr(machine, "__chart__")):
            raise MachineUnknown(f"machines=[{machine!r}]: not a machine; pass subclasses of StateMachine")
        other = found.setdefault(machine.__chart__.name, machine)
        if other is not machine:
            raise DefinitionError(
                machine.__name__, [f"two machines are named {machine.__chart__.name!r}; give one of them name="]
            )
        waiting += [c for i in machine.__chart__.invokes for c in i.machines.values() if c not in waiting]
    return found


def closed() -> OrchestratorClosed:
    """The error for an orchestrator that is not running."""
    return OrchestratorClosed("the orchestrator is not running; use it inside `async with Orchestrator(…) as …:`")
