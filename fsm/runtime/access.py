"""Access to instances: what a handle does, wherever its instance runs; and what operators do to it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any, Protocol

from fsm.chart.event import Started
from fsm.chart.machine import Machine
from fsm.core.live import Live
from fsm.core.progress import Progress
from fsm.core.snapshot import Snapshot
from fsm.core.step import Step
from fsm.core.table import codec_of, table_of
from fsm.errors import InstanceCancelled, InstanceExists, InstanceFailed, InstanceUnknown
from fsm.ports.store import Loaded, Record, Status
from fsm.runtime import elsewhere, following, parking, past, sending, termination, waiting
from fsm.runtime.elsewhere import Elsewhere
from fsm.runtime.entry import JournalEntry, journal
from fsm.runtime.fleet import Fleet, closed
from fsm.runtime.keeper import Keeper
from fsm.runtime.migration import looked_at
from fsm.runtime.records import snapshot_of
from fsm.runtime.work import Reply, Work


class Handle(Protocol):
    """What is asked for: the id of an instance, and the class that it is taken for."""

    id: str
    machine: type[Machine[Any, Any, Any]]


class Access:
    """The instances of one store, by one worker."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def check_open(self) -> None:
        """Raise OrchestratorClosed unless work goes on."""
        if not self._fleet.open:
            raise closed()

    # ---- what operators do

    async def control(self, id: str, verb: str, said: str = "{}") -> None:
        """Pause, resume, retry or cancel an instance."""
        ref, at = f"{verb}:{uuid.uuid4().hex}", self._fleet.clock()
        await self.steer(id, Work("control", ref, verb, Started(), said, at=at))

    async def terminate(self, id: str, by: str, reason: str) -> None:
        """End an instance by its rows alone."""
        self.check_open()
        ref = f"terminate:{self._fleet.ref()}"
        await termination.terminate_by(self._fleet, id, ref, termination.said_by(by, reason))

    async def steer(self, id: str, work: Work) -> None:
        """Let whoever runs an instance take a control, and wait for it."""
        self.check_open()
        sending.not_within(id, f"its {work.key}")
        reply = Reply()
        work.replies.append(reply)
        try:
            keeper = await self._fleet.keepers.find(id)
        except Elsewhere as there:
            await elsewhere.control(self._fleet.store, self._fleet.committer, there.record, work)
            return
        keeper.add(work)
        await reply.wait()

    # ---- what handles do

    async def _keeper(self, handle: Handle) -> Keeper:
        self.check_open()
        keeper = self._fleet.keepers.warm(handle.id) or await self._fleet.keepers.find(handle.id)
        _check_class(keeper.machine, handle)
        return keeper

    async def look(self, handle: Handle) -> tuple[type[Machine[Any, Any, Any]], Loaded]:
        """The class of an instance, and what the store has of it."""
        self.check_open()
        loaded = await self._fleet.store.load(handle.id)
        if loaded is None:
            raise InstanceUnknown(
                f"no instance {handle.id!r} in the store; start it, or look with find()", instance=handle.id
            )
        machine = await self._fleet.definitions.machine_of(loaded.record)
        _check_class(machine, handle)
        return machine, loaded

    async def send(
        self,
        handle: Handle,
        event: Any,
        key: str | None,
        wait: sending.Wait,
        timeout: float | None,
    ) -> Step:
        """Send an event, to a keeper here or by the store."""
        try:
            keeper = await self._keeper(handle)
        except Elsewhere as there:
            return await sending.send_elsewhere(self._fleet, there.record, event, key, wait, timeout)
        return await sending.send(self._fleet, keeper, event, key, wait, timeout)

    async def result(self, handle: Handle, timeout: float | None) -> Any:
        """The output of an instance that has ended, or its error."""
        what = f"the result of {handle.machine.__name__} {handle.id!r}"
        record = await sending.within(self._until_ended(handle), timeout, what)
        match Status(record.status):
            case Status.CANCELLED:
                raise InstanceCancelled(f"{record.machine} {record.id!r} was cancelled.", instance=record.id)
            case Status.FAILED:
                raise InstanceFailed(f"{record.machine} {record.id!r} failed.", instance=record.id)
            case _:
                return codec_of(await self._fleet.definitions.machine_of(record)).decode_output(record.output)

    async def _until_ended(self, handle: Handle) -> Record:
        sending.not_within(handle.id, "its own end")
        while True:
            try:
                keeper = await self._keeper(handle)
            except Elsewhere:
                return await elsewhere.until(self._fleet.store, handle.id, elsewhere.ended)
            if keeper.status.ended and not keeper.draining:  # the turn that ended it is committed
                return keeper.record
            if keeper.status is Status.PARKED:
                raise parking.parked_error(keeper.record, keeper.incident)
            await keeper.news()

    async def wait_for(self, handle: Handle, state: Any, timeout: float | None) -> None:
        """Return when a state was active after a committed turn."""
        machine, loaded = await self.look(handle)
        active = waiting.until_active(self._fleet, machine, loaded, state)
        await sending.within(active, timeout, f"{loaded.record.machine} {handle.id!r} in {state!r}")

    async def progress(self, handle: Handle, invoke: str) -> AsyncIterator[Progress]:
        """What an invoke at work tells."""
        machine, _ = await self.look(handle)
        following.check_invoke(machine, invoke)
        return following.follow(self._fleet.store, self._fleet.progress, handle.id, invoke)

    async def snapshot(self, handle: Handle, at: int | None) -> Snapshot[Any]:
        """The last committed snapshot, or the one after a turn."""
        machine, loaded = await self.look(handle)
        if at is not None:
            loaded = await past.loaded_at(self._fleet.store, machine, loaded, at)
        loaded, live = looked_at(machine, loaded), Live(handle.id, table_of(machine))
        return snapshot_of(loaded, live, codec_of(machine), self._fleet.clock())

    async def history(self, handle: Handle, after: int) -> list[JournalEntry]:
        """The journal behind a turn."""
        await self.look(handle)
        store, id = self._fleet.store, handle.id
        entries, calls = await store.history(id, past.first_needed(after) - 1), await store.calls_of(id)
        return journal(entries, calls, await store.attempts(id), await store.tasks(instance=id), after)


def _check_class(machine: type[Machine[Any, Any, Any]], handle: Handle) -> None:
    if not issubclass(machine, handle.machine):
        raise InstanceExists(
            f"{handle.id!r} is a {machine.__chart__.name}, not a {handle.machine.__name__}; get() it as that",
            instance=handle.id,
        )
