"""Sending: an event on its way to the keeper of its instance, and the answer back."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Literal, TypeVar

import anyio

from fsm.chart.event import key_of, wire_name
from fsm.core.codec import Codec
from fsm.core.step import Step
from fsm.core.table import codec_of
from fsm.errors import EventInvalid, ReentrantSend, WaitTimeout
from fsm.limits import INBOX_MAX
from fsm.ports.store import Record, Status, Verdict
from fsm.runtime import elsewhere, outbox, parking, refusal
from fsm.runtime.fleet import Fleet
from fsm.runtime.host import in_turn
from fsm.runtime.keeper import Keeper
from fsm.runtime.work import Reply, Work

T = TypeVar("T")
Wait = Literal["processed", "accepted"]


async def send(fleet: Fleet, keeper: Keeper, event: Any, key: str | None, wait: Wait, timeout: float | None) -> Step:
    """Send an event and wait as long as asked; the same key again gives the first outcome."""
    work = work_of(fleet, keeper.codec, event, key, wait)
    if wait == "processed":
        not_within(keeper.id, "an event to itself")
    reply = Reply()
    work.replies.append(reply)
    if key is None or not await _joined(fleet, keeper, work, wait):
        waiting = len(keeper.queue) + len(keeper.deferred)
        refusal.nearly_full(fleet, keeper.id, waiting)
        if waiting >= INBOX_MAX:
            raise refusal.full(keeper.record.machine, keeper.id, wire_name(event))
        if not keeper.running and keeper.status.ended:
            raise refusal.ended(keeper.record)
        if wait == "accepted" or keeper.record.status == Status.PARKED:
            return await _accept(fleet, keeper, work, wait)
        await fleet.committer.lead(keeper.add, work)
    if timeout is None:
        return await reply.wait()
    return await within(reply.wait(), timeout, f"{keeper.record.machine} {keeper.id!r}: {wire_name(event)!r}")


async def send_elsewhere(
    fleet: Fleet, record: Record, event: Any, key: str | None, wait: Wait, timeout: float | None
) -> Step:
    """Send an event to an instance that another worker runs."""
    machine = await fleet.definitions.machine_of(record)
    work, wanted = work_of(fleet, codec_of(machine), event, key, wait), wait == "processed"
    if wanted:
        not_within(record.id, "an event to itself")
    sent = elsewhere.send(fleet.store, fleet.committer, record, machine, work, wait=wanted)
    return await within(sent, timeout, f"{record.machine} {record.id!r}: {wire_name(event)!r}")


def work_of(fleet: Fleet, codec: Codec, event: Any, key: str | None, wait: Wait) -> Work:
    """An event as work. Raises EventInvalid, UnknownEvent."""
    if wait not in ("processed", "accepted"):
        raise EventInvalid(f"wait={wait!r}: write 'processed' or 'accepted'")
    codec.check_event(event)
    payload = codec.encode_event(event)
    return Work("event", fleet.ref(), key_of(event), event, payload, key, at=fleet.clock())


async def _joined(fleet: Fleet, keeper: Keeper, work: Work, wait: Wait) -> bool:
    """Whether an event with this key was sent before; then its outcome answers this one too, now or later."""
    row = await fleet.store.find_key(keeper.id, work.sender_key or "")
    if row is None:
        twin = next((w for w in keeper.pending() if w.sender_key == work.sender_key), None)
        if twin is None:
            return False
        twin.replies.extend(work.replies)
    elif (first := await elsewhere.outcome(fleet.store, keeper.record, row, keeper.codec)) is not None:
        work.give(first)
        return True
    elif keeper.status.ended:
        raise refusal.ended(keeper.record)
    elif wait == "accepted":
        work.give(_accepted(keeper, row.name))
        return True
    elif (twin := next((w for w in keeper.pending() if w.ref == row.ref), None)) is not None:
        twin.replies.extend(work.replies)
    else:
        await fleet.answer_duplicate(keeper, work)
    if keeper.status is Status.PARKED:
        raise parking.parked_error(keeper.record, keeper.incident)
    return True


async def _accept(fleet: Fleet, keeper: Keeper, work: Work, wait: Wait) -> Step:
    """Make an event durable, and leave the rest to its turn."""
    work.replies.clear()
    keeper.known.add(work.ref)  # the row is this work: whoever reads it meanwhile does not take it again
    try:
        verdict = (await fleet.committer.submit([outbox.accept(keeper, work)]))[0]
    finally:
        keeper.known.discard(work.ref)
    if verdict is Verdict.FULL:
        raise refusal.full(keeper.record.machine, keeper.id, wire_name(work.event))
    if verdict is Verdict.COMMITTED:  # else the key was taken at the same moment: the event is durable already
        work.stored = True
        keeper.add(work)
    if keeper.status is Status.PARKED and wait == "processed":
        raise parking.parked_error(keeper.record, keeper.incident)
    return _accepted(keeper, wire_name(work.event))


def _accepted(keeper: Keeper, event: str) -> Step:
    return Step(event, keeper.live.at, [], keeper.record.seq, keeper.live.finished, None)


def not_within(instance: str, what: str) -> None:
    """Refuse to wait, inside a turn, for something that waits for that turn. Raises ReentrantSend."""
    if in_turn.get() == instance:
        raise ReentrantSend(
            f"a turn of {instance!r} waits for {what}, which waits for the turn. Use self.raise_(event) or"
            f" self.send(event) in a handler, or wait='accepted'.",
            instance=instance,
        )


async def within(waiting: Awaitable[T], timeout: float | None, what: str) -> T:
    """Wait for so many seconds at most; what is waited for goes on. Raises WaitTimeout."""
    if timeout is None:
        return await waiting
    with anyio.move_on_after(timeout) as limit:
        return await waiting
    if limit.cancelled_caught:
        raise WaitTimeout(f"{what} did not come within {timeout:g} s; the work goes on, ask again.")
    raise AssertionError("unreachable")
