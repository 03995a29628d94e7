"""The fleet: every keeper of an orchestrator, loaded when needed, forgotten when idle."""

from __future__ import annotations

import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from typing import Any

import anyio
from anyio.abc import TaskGroup

from fsm.chart.machine import Machine
from fsm.core.calendar import Calendar
from fsm.errors import (
    DefinitionError,
    InstanceUnknown,
    MachineUnknown,
    OrchestratorClosed,
    SnapshotError,
    StoreError,
)
from fsm.limits import AUDIT_SECONDS, CLAIMS_AT_ONCE, LEASE_SECONDS
from fsm.nearly import Nearly
from fsm.ports.store import Record, Store, Timer
from fsm.runtime import answers
from fsm.runtime.arrivals import timer_work
from fsm.runtime.claims import Claims
from fsm.runtime.collector import patient_collector
from fsm.runtime.commit import Committer
from fsm.runtime.definitions import Definitions
from fsm.runtime.elsewhere import Elsewhere
from fsm.runtime.host import Lost
from fsm.runtime.identity import worker_id
from fsm.runtime.keeper import Keeper
from fsm.runtime.keepers import Keepers
from fsm.runtime.progress import ProgressBoard
from fsm.runtime.rounds import Rounds
from fsm.runtime.schedules import Schedules
from fsm.runtime.telemetry import Telemetry
from fsm.runtime.timers import Timers
from fsm.runtime.told import keeper_of, services_of, store_of
from fsm.runtime.work import Work
from fsm.schedule.schedule import Schedule
from fsm.service.policy import Policy

logger = logging.getLogger("fsm.runtime")

POLL_SECONDS = 0.05
"""How often the store is asked for what others have sent or left behind."""
POLL_SECONDS_QUIET = 0.1
"""How often, when there was nothing for a while."""
QUIET_MIN = 20
"""So many answers in a row with nothing in them."""
READ_AT_ONCE = 500
"""Instances that are read in one go, before others get on."""
REREAD_SECONDS = 1.0
"""How long an instance is left alone whose store was in trouble."""


class Fleet:
    """The keepers of one worker, and what they share."""

    def __init__(
        self,
        store: Store,
        machines: list[type[Machine[Any, Any, Any]]],
        services: Mapping[Any, Any],
        clock: Callable[[], float] = time.time,
        registry: Mapping[str, Any] | None = None,
        lease_seconds: float = LEASE_SECONDS,
        policies: Mapping[Any, Policy] | None = None,
        schedules: Sequence[Schedule] = (),
        telemetry: Telemetry | None = None,
        calendar: Calendar | None = None,
        audit_seconds: float = AUDIT_SECONDS,
    ) -> None:
        self.store, self._clock, self.calendar = store, clock, calendar
        self.machines, worker = _by_name(machines), worker_id()
        self.claims = Claims(store, worker, list(self.machines), self.clock, lease_seconds)
        self.services = services_of(telemetry)(list(self.machines.values()), services, policies, self.clock)
        self.definitions = Definitions(store, self.machines, self.services, registry or {})
        self.committer = Committer(store_of(telemetry, store), self._start, worker, self.poke)
        self.progress = ProgressBoard(self.committer, self.clock)
        self.timers = Timers(store, worker, self.clock, self._fire, self.poke)
        self.schedules = Schedules(self, self.definitions, schedules)
        self.rounds = Rounds(store, self.machines, self.claims.mine, audit_seconds)
        self.nearly = Nearly(logger)
        self.open = False
        self.keepers = Keepers(self, self.definitions, self.claims, keeper_of(telemetry))
        if telemetry is not None:
            telemetry.watch(self.keepers)
        self._poked: OrderedDict[str, None] = OrderedDict()
        self._mail = anyio.Event()
        self._group: TaskGroup | None = None
        self._left = ExitStack()
        self._refs = map(f"{secrets.token_hex(12)}-{{:x}}".format, count())

    def clock(self) -> float:
        """Seconds since the epoch, by the clock that all workers of the store share."""
        return self._clock() + self.claims.ahead

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
        self._left.enter_context(patient_collector())
        await self.claims.begin()
        for instance in await self.claims.gather():
            self.poke(instance)
        group.start_soon(self._read)
        group.start_soon(self.timers.serve)
        group.start_soon(self.progress.serve)
        group.start_soon(self._watch)
        group.start_soon(self.rounds.serve)
        if self.schedules:
            await self.schedules.declare()
            group.start_soon(self.schedules.serve)
        group.start_soon(self.claims.beat, self.keepers.lose)

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
            for work in keeper.pending():
                work.fail(problem)
            keeper.gone = True
            keeper.tell()
        self.keepers.clear()
        self._group = None

    async def end(self) -> None:
        """Leave the services, give back what is claimed, close the store; each whatever became of the one before."""
        self._left.close()
        try:
            await self.services.leave()
        finally:
            with anyio.CancelScope(shield=True):
                await self.claims.leave()
                await self.store.close()

    # ---- what keepers ask for

    def poke(self, instance: str) -> None:
        """Something was put into an instance's inbox: read it soon."""
        self._poked[instance] = None
        self._mail.set()

    async def find(self, instance: str) -> Keeper:
        """The keeper of an instance."""
        return await self.keepers.find(instance)

    async def machine_of(self, record: Record) -> type[Machine[Any, Any, Any]]:
        """The class of an instance."""
        return await self.definitions.machine_of(record)

    def rest(self, keeper: Keeper) -> None:
        """An instance has nothing to do for the time being."""
        self.keepers.rest(keeper)

    async def _read(self) -> None:
        """Read what was poked, some at a time: what a crash has interrupted may be very much."""
        while True:
            await self._mail.wait()
            self._mail = anyio.Event()
            while self._poked:
                await self._read_some()

    async def _read_some(self) -> None:
        some = [self._poked.popitem(last=False)[0] for _ in range(min(len(self._poked), READ_AT_ONCE))]
        try:
            await self.keepers.read(some)
        except StoreError as problem:
            logger.warning("cannot read %s: %s", ", ".join(map(repr, some)), problem)
            for instance in some:
                self.start_soon(_poke_later, self, instance)
        # What was read is done before more is read: what is alive at once is bounded.
        await self.committer.lead(_nothing)
        await self.committer.quiet()

    async def _fire(self, timer: Timer) -> None:
        try:
            keeper = await self.keepers.find(timer.instance)
            keeper.add(timer_work(timer))
        except (InstanceUnknown, MachineUnknown, SnapshotError, Elsewhere) as problem:
            logger.info("left alone: %s", problem)

    async def answer_duplicate(self, keeper: Keeper, work: Work) -> None:
        """Give the first outcome of its key to whoever sent an event again."""
        await answers.duplicate(self, keeper.id, work)

    async def again(self, instance: str, work: Work) -> None:
        """Hand work of a forgotten keeper to whoever has the instance now."""
        await answers.again(self, instance, work)

    async def forget(self, keeper: Keeper, problem: Exception) -> None:
        """Drop a keeper whose memory may differ from the store, and read the instance again."""
        logger.warning("%r is read again: %s", keeper.id, problem)
        self.keepers.forget(keeper)
        if isinstance(problem, Lost):
            self.claims.mine.discard(keeper.id)
            self.poke(keeper.id)
        else:
            self.start_soon(_poke_later, self, keeper.id)

    async def _watch(self) -> None:
        """Notice what others have sent or left behind, abandoned threads have answered, and clocks show."""
        quiet = 0
        while True:
            await anyio.sleep(POLL_SECONDS if quiet < QUIET_MIN else POLL_SECONDS_QUIET)
            self.services.tend()
            quiet += 1
            try:
                while self.open and len(self._poked) < CLAIMS_AT_ONCE and (found := await self.claims.gather()):
                    quiet = 0
                    for instance in found:
                        self.poke(instance)
                    self.timers.notice(0.0)
            except StoreError as problem:
                logger.warning("cannot watch the store: %s", problem)
                await anyio.sleep(REREAD_SECONDS)


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


def _nothing() -> None:
    """What there is to be done has begun already."""


async def _poke_later(fleet: Fleet, instance: str) -> None:
    await anyio.sleep(REREAD_SECONDS)
    fleet.poke(instance)
