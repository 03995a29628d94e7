"""The fleet: every keeper of an orchestrator, loaded when needed, forgotten when idle."""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from itertools import count
from typing import Any

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

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
from fsm.limits import BATCH_MAX
from fsm.ports.store import Accepted, Store, Timer
from fsm.runtime import records, refusal
from fsm.runtime.arrivals import timer_work
from fsm.runtime.commit import Committer
from fsm.runtime.definitions import Definitions
from fsm.runtime.host import Lost
from fsm.runtime.keeper import Keeper
from fsm.runtime.keepers import Keepers
from fsm.runtime.services import Services
from fsm.runtime.timers import Timers
from fsm.runtime.work import Work

logger = logging.getLogger("fsm.runtime")

POLL_SECONDS = 0.05
"""How often the store is asked whether another process wrote to it."""
READ_AT_ONCE = 32
"""Instances that are read in one go, before others get on."""
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
        registry: Mapping[str, Any] | None = None,
    ) -> None:
        self.store, self._clock = store, clock
        self.machines = _by_name(machines)
        self.services = Services(list(self.machines.values()), services)
        self.definitions = Definitions(store, self.machines, self.services, registry or {})
        self.committer = Committer(store, self._start)
        self.timers = Timers(store, self.clock, self._fire, self.poke)
        self.open = False
        self.left_alone = 0
        """Instances with work to do whose machine is not registered here, or is newer."""
        self.keepers = Keepers(self, self.definitions)
        self._poked: OrderedDict[str, None] = OrderedDict()
        self._mail = anyio.Event()
        self._group: TaskGroup | None = None
        self._seen = 0
        self._refs = map(f"{secrets.token_hex(12)}-{{:x}}".format, count())

    def clock(self) -> float:
        """Seconds since the epoch."""
        return self._clock()

    def ref(self) -> str:
        """A new name for an event: unique among all orchestrators."""
        return next(self._refs)

    def start_soon(self, function: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> None:
        """Run something beside, owned by the orchestrator."""
        self.committer.start_soon(function, *args)

    def _start(self, function: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> None:
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
        group.start_soon(self._read)
        group.start_soon(self.timers.serve)
        group.start_soon(self._watch)

    async def drain(self, seconds: float) -> None:
        """Take no new work and let running turns finish, for so long."""
        self.open = False
        with anyio.move_on_after(seconds):
            for keeper in self.keepers:
                while keeper.draining:
                    await keeper.news()

    def close(self, problem: Exception) -> None:
        """Tell everybody who still waits that this orchestrator will not answer."""
        for keeper in self.keepers:
            for work in (*keeper.queue, *keeper.deferred, *keeper.unanswered()):
                work.fail(problem)
            keeper.gone = True
            keeper.tell()
        self.keepers.clear()
        self._group = None

    # ---- what keepers ask for

    def poke(self, instance: str) -> None:
        """Something was put into an instance's inbox: read it soon."""
        self._poked[instance] = None
        self._mail.set()

    def rest(self, keeper: Keeper) -> None:
        """An instance has nothing to do for the time being."""
        self.keepers.rest(keeper)

    async def _read(self) -> None:
        """Read what was poked, one after the other: what a crash has interrupted may be very much."""
        while True:
            await self._mail.wait()
            self._mail = anyio.Event()
            while self._poked:
                for _ in range(min(len(self._poked), READ_AT_ONCE)):
                    await self._read_again(self._poked.popitem(last=False)[0])
                await checkpoint()

    async def _read_again(self, instance: str) -> None:
        try:
            await self.keepers.read(instance)
        except (InstanceUnknown, MachineUnknown, SnapshotError) as problem:
            self.left_alone += 1
            logger.info("left alone: %s", problem)
        except StoreError as problem:
            logger.warning("cannot read %r: %s", instance, problem)
            self.start_soon(_poke_later, self, instance)

    async def _fire(self, timer: Timer) -> None:
        try:
            keeper = await self.keepers.find(timer.instance)
            keeper.add(timer_work(timer))
        except (InstanceUnknown, MachineUnknown, SnapshotError) as problem:
            self.left_alone += 1
            logger.info("left alone: %s", problem)

    async def answer_duplicate(self, keeper: Keeper, work: Work, *, again: bool = False) -> None:
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
            await self._join(keeper, row, work, again)

    async def _join(self, keeper: Keeper, row: Accepted, work: Work, again: bool) -> None:
        loaded = await self.store.load(keeper.id)
        if loaded is not None:
            keeper.adopt(loaded)
        first = next((w for w in keeper.pending() if w.ref == row.ref), None)
        if first is not None:
            first.replies.extend(work.replies)
        elif not again:  # its turn was committed meanwhile
            await self.answer_duplicate(keeper, work, again=True)

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
        self.keepers.forget(keeper)
        if isinstance(problem, Lost):
            self.poke(keeper.id)
        else:
            self.start_soon(_poke_later, self, keeper.id)

    async def again(self, instance: str, work: Work) -> None:
        """Hand work of a forgotten keeper to the one that was read again."""
        try:
            keeper = await self.keepers.find(instance)
            if work.stored:
                await _rejoin(self.store, keeper, work)
            elif (twin := next((w for w in keeper.pending() if w.ref == work.ref), None)) is not None:
                twin.replies.extend(work.replies)
            elif work.sender_key is not None and await self.store.find_key(instance, work.sender_key) is not None:
                await self.answer_duplicate(keeper, work)
            elif keeper.status.ended:
                work.fail(refusal.ended(keeper.record))
            elif work.kind != "start" or keeper.record.seq == 0:
                keeper.add(work)
        except FsmError as problem:
            work.fail(problem)

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


async def _rejoin(store: Store, keeper: Keeper, work: Work) -> None:
    """Work that has a row is taken from the store alone: another keeper may have done it meanwhile."""
    loaded = await store.load(keeper.id)
    if loaded is not None:
        keeper.adopt(loaded)
    twin = next((w for w in keeper.pending() if w.ref == work.ref), None)
    if twin is not None:
        twin.replies.extend(work.replies)
    elif work.replies:
        entries = await store.history(keeper.id, after=max(-1, keeper.record.seq - BATCH_MAX))
        entry = next((e for e in reversed(entries) if e.cause == work.ref), None)
        if entry is not None:
            work.give(records.recorded_step(entry, done=False, output=None))


async def _poke_later(fleet: Fleet, instance: str) -> None:
    await anyio.sleep(REREAD_SECONDS)
    fleet.poke(instance)
