"""The orchestrator: starts, feeds and resumes durable machines on one store."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar, overload

import anyio
from anyio.abc import TaskGroup

from fsm.chart.event import Started
from fsm.chart.machine import C, E, Machine, O
from fsm.core.live import Live
from fsm.core.snapshot import Snapshot
from fsm.core.step import Step
from fsm.core.table import codec_of, table_of
from fsm.errors import (
    InstanceCancelled,
    InstanceExists,
    InstanceFailed,
    InstanceIdInvalid,
    InstanceUnknown,
)
from fsm.limits import DRAIN_SECONDS, ID_CHARS_MAX, LEASE_SECONDS
from fsm.ports.store import Incident, Loaded, Record, Status, Store
from fsm.runtime import elsewhere, outbox, parking, sending
from fsm.runtime.elsewhere import Elsewhere
from fsm.runtime.entry import JournalEntry, Summary, journal, summary
from fsm.runtime.fleet import Fleet, closed
from fsm.runtime.instance import Instance
from fsm.runtime.keeper import Keeper
from fsm.runtime.migration import looked_at
from fsm.runtime.records import snapshot_of
from fsm.runtime.work import Reply, Work
from fsm.service.policy import Policy

T = TypeVar("T")


class Orchestrator:
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
    when it has ended. Entering raises StoreError, ServiceMissing, ServiceInvalid.
    """

    def __init__(
        self,
        store: Store,
        machines: Sequence[type[Machine[Any, Any, Any]]] = (),
        services: Mapping[Any, Any] | None = None,
        *,
        policies: Mapping[Any, Policy] | None = None,
        registry: Mapping[str, Any] | None = None,
        drain_seconds: float = DRAIN_SECONDS,
        lease_seconds: float = LEASE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self._fleet = Fleet(store, list(machines), services or {}, clock, registry, lease_seconds, policies)
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

    @property
    def left_alone(self) -> int:
        """Instances with work to do that were left alone: their machine is not known here, or they do not fit it."""
        return self._fleet.claims.unclaimed + self._fleet.claims.unfit

    # ---- starting and finding

    async def start(
        self, machine: type[Machine[C, E, O]], data: C | None = None, id: str | None = None
    ) -> Instance[C, E, O]:
        """Start an instance; when this returns, its first turn is committed.

        The same id with the same data is the same instance. Raises InstanceExists for other data or another machine,
        ContextInvalid, InstanceIdInvalid, MachineUnknown, InstanceParked when the first turn failed, StoreError.
        """
        self._check_open()
        self._fleet.definitions.admit(machine)
        name = _checked_id(id) if id is not None else uuid.uuid4().hex
        codec = codec_of(machine)
        context = codec.encode_context(data if data is not None else codec.default_context())
        record = outbox.beginning(machine, name, context, self._fleet.clock())
        made: Instance[C, E, O] = Instance(self, name, machine)
        try:
            keeper = await self._fleet.keepers.find(name) if id is not None else self._fresh(machine, record)
        except InstanceUnknown:
            keeper = self._fleet.keepers.warm(name) or self._fresh(machine, record)
        except Elsewhere as there:
            _check_same(there.record, record)
            await elsewhere.until(self.store, name, elsewhere.begun)
            return made
        _check_same(keeper.record, record)
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
        keeper = self._fleet.keepers.install(Keeper(self._fleet, machine, record), None)
        keeper.add(Work("start", f"start@{record.id}", "start", Started(), at=record.created))
        return keeper

    @overload
    def get(self, id: str, machine: type[Machine[C, E, O]]) -> Instance[C, E, O]: ...
    @overload
    def get(self, id: str) -> Instance[Any, Any, Any]: ...
    def get(self, id: str, machine: Any = Machine) -> Instance[Any, Any, Any]:
        """A handle to an instance; the first use of it, or `await`ing it, raises InstanceUnknown."""
        self._check_open()
        return Instance(self, id, machine)

    async def find(
        self,
        *,
        machine: type[Machine[Any, Any, Any]] | str | None = None,
        state: Any = None,
        status: str | None = None,
        tag: str | None = None,
        limit: int = 1000,
    ) -> list[Summary]:
        """Instances in order of id; a state also finds those in its descendants."""
        self._check_open()
        name = machine if isinstance(machine, str) or machine is None else machine.__chart__.name
        states = self._states(name, state, tag)
        if states == []:
            return []
        statuses = [] if status is None else [Status(status).value]
        found = await self.store.find(machine=name, statuses=statuses, states=states or [], limit=limit)
        return [summary(record) for record in found]

    def _states(self, machine: str | None, state: Any, tag: str | None) -> list[str] | None:
        charts = [m.__chart__ for m in self._fleet.definitions if machine in (None, m.__chart__.name)]
        if state is not None and not isinstance(state, str):
            state = next((c.nodes[c.numbers[state]].id for c in charts if state in c.numbers), "?")
        if tag is None:
            return None if state is None else [state]
        tagged = [n.id for c in charts for n in c.nodes if tag in n.tags]
        return [s for s in tagged if state is None or s == state or s.startswith(f"{state}.")]

    # ---- steering

    async def cancel(self, id: str) -> None:
        """Leave every state in exit order and end. Raises InstanceUnknown, InstanceEnded."""
        await self._control(id, "cancel")

    async def pause(self, id: str) -> None:
        """Take no more turns until resume(); events stay accepted."""
        await self._control(id, "pause")

    async def resume(self, id: str) -> None:
        """Go on after pause()."""
        await self._control(id, "resume")

    async def retry(self, id: str, *, repeat_once: bool = False) -> None:
        """Go on after an incident: what failed is done again, what had succeeded is not.

        A failed call that is made at most once stays failed, unless `repeat_once` says to make it again.
        """
        await self._control(id, "repeat" if repeat_once else "retry")

    def pause_service(self, service: type | str) -> None:
        """Let no call of a service begin here until `resume_service`; no attempt is spent on those that wait.

        A service is named by its contract or its attribute. An invoke waits as long as it takes, a turn as long as a
        turn may. Raises ServiceMissing.
        """
        self._fleet.services.pause(service, paused=True)

    def resume_service(self, service: type | str) -> None:
        """Let calls of a service begin again. Raises ServiceMissing."""
        self._fleet.services.pause(service, paused=False)

    async def incidents(self, *, resolved: bool = False) -> list[Incident]:
        """Why instances are parked, oldest first."""
        self._check_open()
        return await self.store.incidents(resolved=resolved)

    async def _control(self, id: str, verb: str) -> None:
        self._check_open()
        sending.not_within(id, f"its {verb}")
        reply = Reply()
        work = Work("control", f"{verb}:{uuid.uuid4().hex}", verb, Started(), at=self._fleet.clock(), replies=[reply])
        try:
            keeper = await self._fleet.keepers.find(id)
        except Elsewhere as there:
            await elsewhere.control(self.store, self._fleet.committer, there.record, work)
            return
        keeper.add(work)
        await reply.wait()

    # ---- what instances do

    def _check_open(self) -> None:
        if not self._fleet.open:
            raise closed()

    async def _keeper(self, instance: Instance[Any, Any, Any]) -> Keeper:
        self._check_open()
        keeper = self._fleet.keepers.warm(instance.id) or await self._fleet.keepers.find(instance.id)
        _check_class(keeper.machine, instance)
        return keeper

    async def _look(self, instance: Instance[Any, Any, Any]) -> tuple[type[Machine[Any, Any, Any]], Loaded]:
        """The class of an instance, and what the store has of it."""
        self._check_open()
        loaded = await self.store.load(instance.id)
        if loaded is None:
            raise InstanceUnknown(
                f"no instance {instance.id!r} in the store; start it, or look with find()", instance=instance.id
            )
        machine = await self._fleet.definitions.machine_of(loaded.record)
        _check_class(machine, instance)
        return machine, loaded

    async def _send(
        self,
        instance: Instance[Any, Any, Any],
        event: Any,
        key: str | None,
        wait: sending.Wait,
        timeout: float | None,
    ) -> Step:
        try:
            keeper = await self._keeper(instance)
        except Elsewhere as there:
            return await sending.send_elsewhere(self._fleet, there.record, event, key, wait, timeout)
        return await sending.send(self._fleet, keeper, event, key, wait, timeout)

    async def _result(self, instance: Instance[Any, Any, Any], timeout: float | None) -> Any:
        what = f"the result of {instance.machine.__name__} {instance.id!r}"
        record = await sending.within(self._until_ended(instance), timeout, what)
        match Status(record.status):
            case Status.CANCELLED:
                raise InstanceCancelled(f"{record.machine} {record.id!r} was cancelled.", instance=record.id)
            case Status.FAILED:
                raise InstanceFailed(f"{record.machine} {record.id!r} failed.", instance=record.id)
            case _:
                return codec_of(await self._fleet.definitions.machine_of(record)).decode_output(record.output)

    async def _until_ended(self, instance: Instance[Any, Any, Any]) -> Record:
        sending.not_within(instance.id, "its own end")
        while True:
            try:
                keeper = await self._keeper(instance)
            except Elsewhere:
                return await elsewhere.until(self.store, instance.id, elsewhere.ended)
            if keeper.status.ended and not keeper.draining:  # the turn that ended it is committed
                return keeper.record
            if keeper.status is Status.PARKED:
                raise parking.parked_error(keeper.record, keeper.incident)
            await keeper.news()

    async def _snapshot(self, instance: Instance[Any, Any, Any]) -> Snapshot[Any]:
        machine, loaded = await self._look(instance)
        loaded, live = looked_at(machine, loaded), Live(instance.id, table_of(machine))
        return snapshot_of(loaded, live, codec_of(machine), self._fleet.clock())

    async def _history(self, instance: Instance[Any, Any, Any], after: int) -> list[JournalEntry]:
        await self._look(instance)
        entries, calls = await self.store.history(instance.id, after), await self.store.calls_of(instance.id)
        return journal(entries, calls, await self.store.attempts(instance.id))


def _check_same(found: Record, wanted: Record) -> None:
    if (found.machine, found.origin) != (wanted.machine, wanted.origin):
        other = "other data" if found.machine == wanted.machine else f"a {found.machine}"
        raise InstanceExists(
            f"{wanted.machine} {found.id!r} exists already, started with {other}. Use another id, or get() the one"
            f" that exists.",
            instance=found.id,
        )


def _check_class(machine: type[Machine[Any, Any, Any]], instance: Instance[Any, Any, Any]) -> None:
    if not issubclass(machine, instance.machine):
        raise InstanceExists(
            f"{instance.id!r} is a {machine.__chart__.name}, not a {instance.machine.__name__}; get() it as that",
            instance=instance.id,
        )


def _checked_id(id: str) -> str:
    if not isinstance(id, str) or not 0 < len(id) <= ID_CHARS_MAX or not id.isprintable() or id != id.strip():
        raise InstanceIdInvalid(
            f"{id!r} cannot be the id of an instance: use 1 to {ID_CHARS_MAX} printable characters, no spaces around",
            instance=str(id),
        )
    return id
