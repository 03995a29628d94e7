"""Access to instances that a Restate server has: they are told by messages, and looked at in the view."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

from fsm.chart.event import wire_name
from fsm.core.step import Step
from fsm.core.table import codec_of
from fsm.engines.restate.packing import packed
from fsm.engines.restate.server import Server
from fsm.errors import InstanceUnknown, NondeterministicTurn
from fsm.ports.store import Accepted, Record, Status
from fsm.runtime import elsewhere, outbox, records, refusal, sending
from fsm.runtime.access import Access, Handle
from fsm.runtime.elsewhere import Elsewhere
from fsm.runtime.fleet import Fleet
from fsm.runtime.termination import said_by
from fsm.runtime.work import Work


class RestateAccess(Access):
    """The instances of one Restate server; none of them is ever in this process's memory."""

    def __init__(self, fleet: Fleet, server: Server) -> None:
        super().__init__(fleet)
        self._server = server

    def warm(self, instance: str) -> None:
        """No instance is kept in memory."""

    async def find(self, instance: str) -> NoReturn:
        """Every instance is elsewhere. Raises Elsewhere, InstanceUnknown."""
        raise Elsewhere(await self._record(instance))

    async def _record(self, instance: str) -> Record:
        loaded = await self._fleet.store.load(instance)
        if loaded is None:
            raise InstanceUnknown(
                f"no instance {instance!r} in the view; start it, or look with find()", instance=instance
            )
        return loaded.record

    async def steer(self, id: str, work: Work) -> None:
        """Let an instance take a control, and wait for it. Raises NondeterministicTurn where it would wait for ever."""
        self.check_open()
        sending.not_within(id, f"its {work.key}")
        record = await self._record(id)
        if blocked := await self._server.mismatched(id):
            raise NondeterministicTurn(
                f"{record.machine} {id!r}: a handler was cut short, and what answers at its address now makes other"
                f" calls (Journal mismatch of {blocked}): it takes nothing else. Serve the earlier release there until"
                f" it has ended, or give it up, together with its event: restate invocations kill {blocked}"
            )
        row = outbox.accepted(record.id, work, work.at)
        elsewhere.refuse(id, _settled(row, await self._server.take(id, {"row": packed(row)})))

    async def terminate(self, id: str, by: str, reason: str) -> None:
        """End an instance by its rows alone."""
        await self.control(id, "terminate", said_by(by, reason))

    async def send(
        self, handle: Handle, event: Any, key: str | None, wait: sending.Wait, timeout: float | None
    ) -> Step:
        """Send an event; the same key again gives the first outcome."""
        machine, loaded = await self.look(handle)
        record = loaded.record
        work = sending.work_of(self._fleet, codec_of(machine), event, key, wait)
        row = outbox.accepted(record.id, work, work.at)
        if Status(record.status).ended and key is None:
            raise refusal.ended(record)
        if wait == "accepted":
            await self._server.send(record.id, {"row": packed(row)}, key)
            return Step(wire_name(event), records.places(record.config), [], record.seq, False, None)
        sending.not_within(record.id, "an event to itself")
        what = f"{record.machine} {record.id!r}: {wire_name(event)!r}"
        return await sending.within(self._processed(machine, row, key), timeout, what)

    async def _processed(self, machine: Any, row: Accepted, key: str | None) -> Step:
        codec, store = codec_of(machine), self._fleet.store
        row = _settled(row, await self._server.take(row.instance, {"row": packed(row)}, key))
        step = await elsewhere.outcome(store, await self._record(row.instance), row, codec)
        return await elsewhere.answer(store, row.instance, row.ref, codec) if step is None else step


def _settled(row: Accepted, told: Any) -> Accepted:
    """The row, and what the engine told of it."""
    return replace(row, ref=told["ref"], state=told["state"], outcome=told.get("outcome"))
