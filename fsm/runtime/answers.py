"""Answers: how whoever waits for an event learns its outcome where its turn was not simply taken for him."""

from __future__ import annotations

import anyio

from fsm.core.table import codec_of
from fsm.errors import FsmError
from fsm.limits import BATCH_MAX
from fsm.ports.store import Record, Status
from fsm.runtime import elsewhere, records, refusal
from fsm.runtime.elsewhere import Elsewhere
from fsm.runtime.host import Host
from fsm.runtime.work import Work

AGAIN_SECONDS = 0.01
"""How long an event is left alone that is between two keepers."""


async def duplicate(host: Host, instance: str, work: Work) -> None:
    """Give the first outcome of its key to whoever sent an event again."""
    try:
        row = await host.store.find_key(instance, work.sender_key or "")
        if row is not None:
            await _follow(host, instance, row.ref, work)
    except FsmError as problem:
        work.fail(problem)


async def again(host: Host, instance: str, work: Work) -> None:
    """Hand work of a forgotten keeper to whoever has the instance now."""
    try:
        keeper = await host.find(instance)
        if work.stored:
            await _follow(host, instance, work.ref, work)
        elif (twin := next((w for w in keeper.pending() if w.ref == work.ref), None)) is not None:
            twin.replies.extend(work.replies)
        elif work.sender_key is not None and await host.store.find_key(instance, work.sender_key) is not None:
            await duplicate(host, instance, work)
        elif not await _was_taken(host, keeper.record, work):
            if keeper.status.ended:
                work.fail(refusal.ended(keeper.record))
            else:
                keeper.add(work)
    except Elsewhere as there:
        await _hand_over(host, there, work)
    except FsmError as problem:
        work.fail(problem)


async def _follow(host: Host, instance: str, ref: str, work: Work) -> None:
    """Answer with what becomes of an event that has a row: that is taken from the store alone, for another keeper may
    have taken it meanwhile, and a keeper may go while the store is asked."""
    while True:
        try:
            keeper = await host.find(instance)
        except Elsewhere as there:
            work.give(await elsewhere.answer(host.store, instance, ref, codec_of(await host.machine_of(there.record))))
            return
        loaded = await host.store.load(instance)
        if loaded is not None and not keeper.gone:
            keeper.adopt(loaded)
            first = next((w for w in keeper.pending() if w.ref == ref), None)
            if first is not None:
                first.replies.extend(work.replies)
                return
        row = await host.store.accepted(instance, ref)
        if row is None or loaded is None:
            return
        step = await elsewhere.outcome(host.store, loaded.record, row, keeper.codec)
        if step is not None:
            work.give(step)
            return
        await anyio.sleep(AGAIN_SECONDS)


async def _was_taken(host: Host, record: Record, work: Work) -> bool:
    """Whether the turn of some work without a row was committed though its keeper was told otherwise: that answers."""
    after = -1 if work.kind == "start" else max(-1, record.seq - BATCH_MAX)
    entries = await host.store.history(record.id, after, BATCH_MAX)
    entry = next((e for e in reversed(entries) if e.cause == work.ref), None)
    if entry is not None:
        last = record.status == Status.DONE and entry.seq == record.seq
        codec = codec_of(await host.machine_of(record))
        row = await host.store.accepted(record.id, work.ref)  # kept when the turn answered a question
        step = await elsewhere.outcome(host.store, record, row, codec) if row is not None else None
        if step is not None:
            work.give(step)
            return True
        work.give(records.recorded_step(entry, done=last, output=codec.decode_output(record.output) if last else None))
    return entry is not None


async def _hand_over(host: Host, there: Elsewhere, work: Work) -> None:
    """Another worker goes on with the instance: timers and results it has itself, events are put into the inbox."""
    record = there.record
    try:
        if not work.stored and await _was_taken(host, record, work):
            return
        if work.kind == "event" and not work.stored:
            wanted, machine = bool(work.replies), await host.machine_of(record)
            work.give(await elsewhere.send(host.store, host.committer, record, machine, work, wait=wanted))
            return
        if work.kind == "control" and not work.stored:
            await elsewhere.control(host.store, host.committer, record, work)
        if work.replies and work.kind in ("event", "control"):
            machine = await host.machine_of(record)
            work.give(await elsewhere.answer(host.store, record.id, work.ref, codec_of(machine)))
        elif work.replies:
            await elsewhere.until(host.store, record.id, elsewhere.begun)
            for entry in await host.store.history(record.id, limit=1):
                work.give(records.recorded_step(entry, done=False, output=None))
    except FsmError as problem:
        work.fail(problem)
