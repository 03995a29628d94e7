"""The orchestrator: starts, feeds and resumes durable machines on one store."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self, TypeVar, overload

import anyio
from anyio.abc import TaskGroup

from fsm.chart.event import Started
from fsm.chart.machine import C, E, Machine, O
from fsm.chart.search import attributes_of, keyed_id
from fsm.core.calendar import Calendar
from fsm.core.table import codec_of
from fsm.errors import (
    InstanceExists,
    InstanceIdInvalid,
    InstanceUnknown,
)
from fsm.limits import AUDIT_SECONDS, DRAIN_SECONDS, LEASE_SECONDS
from fsm.ports.store import Record, Status, Store
from fsm.runtime import elsewhere, finding, outbox, parking
from fsm.runtime.auditing import Finding
from fsm.runtime.blocking import Blocking, blocking
from fsm.runtime.elsewhere import Elsewhere
from fsm.runtime.entry import Summary, summary
from fsm.runtime.fleet import Fleet, closed
from fsm.runtime.instance import Instance
from fsm.runtime.keeper import Keeper
from fsm.runtime.people import People
from fsm.runtime.schedules import Schedules
from fsm.runtime.steering import Steering, checked_id
from fsm.runtime.telemetry import Telemetry
from fsm.runtime.work import Reply, Work
from fsm.schedule.schedule import Schedule
from fsm.service.policy import Policy

T = TypeVar("T")


class Orchestrator(Steering):
    """Runs machines durably; entering it resumes whatever was interrupted.

        async with Orchestrator(open_store("sqlite:///orders.db"), machines=[Order],
                                services={Payments: StripePayments()}) as orchestrator:
            order = await orchestrator.start(Order, OrderData(items=["book"]), id="A-1")
            await order.send(Pay(amount=30), key="pay-A-1")

    Works on asyncio and trio. Several of them, in as many processes, may share one store: each runs the instances
    that it has claimed, and one that is silent for `lease_seconds` loses them to the others. `drain_seconds` is how
    long leaving it lets running turns finish; interrupted work is resumed by the next one. Machines of
    `StateMachine.from_chart` need not be among `machines`: their documents are stored, and become machines again with
    the functions in `registry`. Services that are asynchronous context managers are entered before work begins and left
    when it has ended. Raises MachineUnknown, ServiceMissing, ServiceInvalid, PolicyInvalid, ScheduleInvalid; entering
    it StoreError, and ServiceInvalid where a service turns out not to fit.
    """

    def __init__(
        self,
        store: Store,
        machines: Sequence[type[Machine[Any, Any, Any]]] = (),
        services: Mapping[Any, Any] | None = None,
        *,
        policies: Mapping[Any, Policy] | None = None,
        registry: Mapping[str, Any] | None = None,
        schedules: Sequence[Schedule] = (),
        telemetry: Telemetry | None = None,
        drain_seconds: float = DRAIN_SECONDS,
        lease_seconds: float = LEASE_SECONDS,
        clock: Callable[[], float] = time.time,
        calendar: Calendar | None = None,
        audit_seconds: float = AUDIT_SECONDS,
    ) -> None:
        self.store = store
        fleet = Fleet(
            store,
            list(machines),
            services or {},
            clock,
            registry,
            lease_seconds,
            policies,
            schedules,
            telemetry,
            calendar,
            audit_seconds,
        )
        super().__init__(fleet)
        self._people = People(store, fleet.committer.submit, fleet.machine_of, fleet.clock, fleet.poke)
        self._drain_seconds = drain_seconds
        self._groups: list[TaskGroup] = []

    async def __aenter__(self) -> Self:
        await self.store.open(owner=True)
        try:
            await self._fleet.services.enter()
            writing = await self._enter_group()
            writing.start_soon(self._fleet.committer.serve)
            await self._fleet.begin(await self._enter_group())
        except BaseException:
            await self._leave()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            await self._fleet.drain(self._drain_seconds)
        await self._leave()

    async def _enter_group(self) -> TaskGroup:
        group = anyio.create_task_group()
        await group.__aenter__()
        self._groups.append(group)
        return group

    async def _leave(self) -> None:
        """End the work first and the committer last, so that every answer that arrived is still written."""
        self._fleet.open = False
        try:
            self._fleet.close(closed())
            while self._groups:
                group = self._groups.pop()
                group.cancel_scope.cancel()
                await group.__aexit__(None, None, None)
        finally:
            await self._fleet.end()

    def blocking(self, backend: str = "asyncio") -> AbstractContextManager[Blocking]:
        """The same for code that is not asynchronous: every method returns when it is done, in any thread.

            with Orchestrator(store, machines=[Order]).blocking() as orders:
                orders.start(Order, id="A-1").send(Pay(amount=30))

        The event loop runs in a thread of its own: enter this after a server has forked its workers. What `call` of
        it is given keeps its types.
        """
        return blocking(self, backend)

    @property
    def schedules(self) -> Schedules:
        """The schedules of the store: `list()`, `pause(name)`, `resume(name)`."""
        self._access.check_open()
        return self._fleet.schedules

    @property
    def people(self) -> People:
        """Human tasks: to be found, claimed and completed."""
        self._access.check_open()
        return self._people

    @property
    def findings(self) -> list[Finding]:
        """What its audit has found: every `audit_seconds` it looks at some of the instances that it runs."""
        return self._fleet.rounds.findings

    @property
    def left_alone(self) -> int:
        """Instances with work to do that were left alone: their machine is not known here, or they do not fit it."""
        return self._fleet.claims.unclaimed + self._fleet.claims.unfit

    # ---- starting and finding

    async def start(
        self, machine: type[Machine[C, E, O]], data: C | None = None, id: str | None = None, *, key: str | None = None
    ) -> Instance[C, E, O]:
        """Start an instance; when this returns, its first turn is committed.

        The same id with the same data is the same instance; so is the same `key`, a name that is unique among the
        instances of the machine: it stands in the place of the id and makes it. Raises InstanceExists for
        other data or another machine, ContextInvalid, SearchInvalid, InstanceIdInvalid, MachineUnknown, InstanceParked
        when the first turn failed, StoreError.
        """
        self._access.check_open()
        self._fleet.definitions.admit(machine)
        name = uuid.uuid4().hex if id is None and key is None else id_of(machine, id, key)
        codec = codec_of(machine)
        given = data if data is not None else codec.default_context()
        context = codec.encode_context(given)
        attributes_of(given, machine.__chart__.search)
        record = outbox.beginning(machine, name, context, self._fleet.clock())
        made: Instance[C, E, O] = Instance(self._access, name, machine)
        try:
            keeper = await self._fleet.keepers.find(name) if (id or key) is not None else self._fresh(machine, record)
        except InstanceUnknown:
            keeper = self._fleet.keepers.warm(name) or self._fresh(machine, record)
        except Elsewhere as there:
            check_same(there.record, record)
            await elsewhere.until(self.store, name, elsewhere.begun)
            return made
        check_same(keeper.record, record)
        if keeper.record.seq == 0 and keeper.status is Status.PARKED:
            raise parking.parked_error(keeper.record, keeper.incident)
        waiting = next((w for w in keeper.pending() if w.kind == "start"), None)
        if waiting is not None:
            reply = Reply()
            waiting.replies.append(reply)
            await reply.wait()
        return made

    def _fresh(self, machine: type[Machine[C, E, O]], record: Any) -> Keeper:
        self._fleet.claims.mine.add(record.id)  # as it will be with its first commit
        keeper = self._fleet.keepers.install(self._fleet.keepers.new(machine, record), None)
        keeper.add(Work("start", f"start@{record.id}", "start", Started(), at=record.created))
        return keeper

    @overload
    def get(self, id: str, machine: type[Machine[C, E, O]]) -> Instance[C, E, O]: ...
    @overload
    def get(self, *, machine: type[Machine[C, E, O]], key: str) -> Instance[C, E, O]: ...
    @overload
    def get(self, id: str) -> Instance[Any, Any, Any]: ...
    def get(self, id: str | None = None, machine: Any = Machine, *, key: str | None = None) -> Instance[Any, Any, Any]:
        """A handle to an instance, by its id or its key; using or `await`ing it raises InstanceUnknown."""
        self._access.check_open()
        return Instance(self._access, id if id is not None and key is None else id_of(machine, id, key), machine)

    async def find(
        self,
        *,
        machine: type[Machine[Any, Any, Any]] | str | None = None,
        state: Any = None,
        status: str | None = None,
        tag: str | None = None,
        key: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        breached: bool = False,
        after: str = "",
        limit: int = 1000,
    ) -> list[Summary]:
        """Instances in order of id, from behind `after`; a state also finds those in its descendants.

        `attributes` are values of fields that the class names in `search=`, as of the last commit; `breached` finds
        those that were late for a deadline. Raises SearchInvalid for other fields.
        """
        self._access.check_open()
        wanted = finding.Wanted(machine, state, status, tag, key, attributes or {}, breached)
        found = await finding.find(self.store, self._fleet.definitions, wanted, after, limit)
        return [summary(record) for record in found]


def check_same(found: Record, wanted: Record) -> None:
    """Refuse to start something else under an id that is taken. Raises InstanceExists."""
    if (found.machine, found.origin) != (wanted.machine, wanted.origin):
        other = "other data" if found.machine == wanted.machine else f"a {found.machine}"
        raise InstanceExists(
            f"{wanted.machine} {found.id!r} exists already, started with {other}. Use another id, or get() the one"
            f" that exists.",
            instance=found.id,
        )


def id_of(machine: type[Machine[Any, Any, Any]], id: str | None, key: str | None) -> str:
    """The id that is meant. Raises InstanceIdInvalid."""
    if key is None and id is not None:
        return checked_id(id)
    if key is None or id is not None or not hasattr(machine, "__chart__"):
        raise InstanceIdInvalid(
            f"id={id!r}, key={key!r}: a key makes the id of an instance of a machine; give one of them, and with a key"
            f" the machine",
            instance=id or "",
        )
    return checked_id(keyed_id(machine.__chart__.name, checked_id(key)))
