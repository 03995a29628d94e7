"""Elsewhere: an instance that another worker runs is asked through its inbox, and answers through the store.

Whoever waits looks again and again, ever less often. Should the other worker die meanwhile, somebody else takes the
event from the inbox, perhaps this worker itself: the answer is found in the same place.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import anyio

from fsm import errors
from fsm.chart.event import wire_name
from fsm.chart.machine import Machine
from fsm.core.codec import Codec
from fsm.core.step import Step
from fsm.core.table import codec_of
from fsm.errors import FsmError, InstanceUnknown
from fsm.ports.store import Accepted, Commit, Loaded, Record, Status, Store, Verdict
from fsm.runtime import outbox, parking, records, refusal
from fsm.runtime.commit import Committer
from fsm.runtime.work import Work

T = TypeVar("T")

LOOK_SECONDS, LOOK_SECONDS_MAX = 0.01, 0.25
"""How soon an answer is looked for, and how rarely at last."""


class Elsewhere(FsmError):
    """Another worker runs this instance; whoever asks for a keeper goes the other way."""

    def __init__(self, record: Record) -> None:
        super().__init__(f"{record.machine} {record.id!r} is run by another worker of this store")
        self.record = record


async def until(store: Store, instance: str, seen: Callable[[Loaded], T | None]) -> T:
    """Wait until an instance is seen in some way. Raises InstanceUnknown."""
    pause = LOOK_SECONDS
    while True:
        loaded = await store.load(instance)
        if loaded is None:
            raise InstanceUnknown(f"no instance {instance!r} in the store any more", instance=instance)
        answer = seen(loaded)
        if answer is not None:
            return answer
        await anyio.sleep(pause)
        pause = min(2 * pause, LOOK_SECONDS_MAX)


def ended(loaded: Loaded) -> Record | None:
    """The record of an instance that has ended. Raises InstanceParked."""
    _refuse_parked(loaded)
    return loaded.record if Status(loaded.record.status).ended else None


def begun(loaded: Loaded) -> Record | None:
    """The record of an instance that has taken its first turn. Raises InstanceParked."""
    if loaded.record.seq == 0:
        _refuse_parked(loaded)
    return loaded.record if loaded.record.seq > 0 else None


def _refuse_parked(loaded: Loaded) -> None:
    if loaded.record.status == Status.PARKED:
        raise parking.parked_error(loaded.record, loaded.incident)


async def send(
    store: Store, committer: Committer, record: Record, machine: type[Machine[Any, Any, Any]], work: Work, *, wait: bool
) -> Step:
    """Put an event into the inbox, and wait for its turn if asked to. Raises what `Instance.send` does."""
    row = outbox.accepted(record.id, work, work.at)
    verdict = (await committer.submit([Commit(record.id, accepted=[row])]))[0]
    if verdict is Verdict.FULL:
        raise refusal.full(record.machine, record.id, row.name)
    if verdict is Verdict.DUPLICATE:
        row = await store.find_key(record.id, work.sender_key or "") or row
    if not wait:
        return Step(wire_name(work.event), records.places(record.config), [], record.seq, False, None)
    return await answer(store, record.id, row.ref, codec_of(machine))


async def control(store: Store, committer: Committer, record: Record, work: Work) -> None:
    """Have an instance retried, cancelled, paused or resumed. Raises what its worker says."""
    await committer.submit([Commit(record.id, accepted=[outbox.accepted(record.id, work, work.at)])])
    await settled(store, record.id, work.ref, parked=False)


async def answer(store: Store, instance: str, ref: str, codec: Codec) -> Step:
    """The step of an event that is in the inbox."""
    row = await settled(store, instance, ref, parked=True)
    loaded = await store.load(instance)
    if loaded is None:
        raise InstanceUnknown(f"no instance {instance!r} in the store any more", instance=instance)
    step = await outcome(store, loaded.record, row, codec)
    assert step is not None, f"{instance}: {ref} is settled"
    return step


async def settled(store: Store, instance: str, ref: str, *, parked: bool) -> Accepted:
    """The row of an event that was consumed. Raises its refusal, and InstanceParked where that ends the waiting."""
    pause = LOOK_SECONDS
    while True:
        row = await store.accepted(instance, ref)
        if row is None:
            raise InstanceUnknown(f"no instance {instance!r} in the store any more", instance=instance)
        if row.state in ("consumed", "refused"):
            refuse(instance, row)
            return row
        loaded = await store.load(instance)
        if loaded is not None and parked:
            _refuse_parked(loaded)
        if loaded is not None and Status(loaded.record.status).ended:
            raise refusal.ended(loaded.record)
        await anyio.sleep(pause)
        pause = min(2 * pause, LOOK_SECONDS_MAX)


def refuse(instance: str, row: Accepted) -> None:
    """Raise the refusal that a settled row keeps, if it is one."""
    outcome = json.loads(row.outcome or "{}")
    if "error" in outcome:
        kind = getattr(errors, outcome["error"], errors.Refused)
        if issubclass(kind, errors.EventError):
            raise kind(outcome["message"], event=row.name, instance=instance)
        if issubclass(kind, errors.InstanceError):
            raise kind(outcome["message"], instance=instance)
        raise kind(outcome["message"])


async def outcome(store: Store, record: Record, row: Accepted, codec: Codec) -> Step | None:
    """What became of an accepted event; None while it waits. Raises the refusal."""
    if row.state not in ("consumed", "refused"):
        return None
    refuse(record.id, row)
    done = record.status == Status.DONE
    told = json.loads(row.outcome or "{}")
    seq = told.get("seq", 1)
    answer = json.dumps(told["reply"]) if "reply" in told else None
    entries = await store.history(record.id, after=seq - 1, limit=1)
    if not entries:
        return records.step_of(answer, row.name, records.places(record.config), [], seq, done, None)
    last = done and entries[0].seq == record.seq
    output = codec.decode_output(record.output) if last else None
    return records.recorded_step(entries[0], done=last, output=output, answer=answer)
