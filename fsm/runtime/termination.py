"""Terminating: an instance ends by what its rows say alone, whatever state it, its class or its worker is in.

Nothing of its machine runs. The commit raises the fence, so that whoever runs it can write no more, and tells him.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from fsm.core.live import child_id
from fsm.errors import InstanceError, InstanceUnknown
from fsm.limits import TERMINATIONS_MAX
from fsm.ports.store import Accepted, Commit, Entry, Loaded, Status, Store, Verdict
from fsm.ports.task import CALLS
from fsm.runtime import children, outbox, past, refusal
from fsm.runtime.host import Host

Submit = Callable[[Sequence[Commit]], Awaitable[list[Verdict]]]


def said_by(by: str, reason: str) -> str:
    """Who steers an instance, and why, as its journal keeps it."""
    return json.dumps({"by": by, "reason": reason}, ensure_ascii=False)


async def terminate(store: Store, submit: Submit, id: str, ref: str, said: str, now: float) -> list[str]:
    """End an instance, and those of its children that go on; `ref` is the cause. Gives the ids of all who were told.

    Raises InstanceUnknown, InstanceEnded, StoreError, InstanceError where it moves on all the time.
    """
    for _ in range(TERMINATIONS_MAX):
        loaded = await store.load(id)
        if loaded is None:
            raise InstanceUnknown(f"no instance {id!r} in the store; look with find()", instance=id)
        if Status(loaded.record.status).ended:
            raise refusal.ended(loaded.record)
        commit = _ending(loaded, ref, said, now)
        commit.accepted = [*commit.accepted, *await _to_children(store, loaded, said, now)]
        if (await submit([commit]))[0] is Verdict.COMMITTED:
            return [id, *(row.instance for row in commit.accepted)]
    raise InstanceError(
        f"{id!r} took a turn each of the {TERMINATIONS_MAX} times that it was to be terminated; pause it first.",
        instance=id,
    )


async def terminate_by(host: Host, id: str, ref: str, said: str) -> None:
    """The same by a worker, which reads again what it runs itself."""
    for told in await terminate(host.store, host.committer.submit, id, ref, said, host.clock()):
        host.poke(told)


def _ending(loaded: Loaded, ref: str, said: str, now: float) -> Commit:
    before = loaded.record
    moving = json.loads(before.moving or "{}")
    kept = {part: value for part, value in moving.items() if part not in ("t", "i", "s")}  # what might still happen
    record = replace(
        before,
        status=Status.CANCELLED.value,
        seq=before.seq + 1,
        fence=before.fence + 1,
        moving=json.dumps(kept, separators=(",", ":")),
        closed=now,
    )
    commit = Commit(before.id, seq=before.seq, fence=before.fence, record=record, resolve="terminated", expel=True)
    commit.entry = Entry(before.id, record.seq, ref, "terminate", said, "[]", before.config, now, 0.0)
    commit.entry.past = past.kept(before, record)
    commit.timers_cleared = [(timer.key, timer.generation) for timer in loaded.timers]
    ended = moving.get("i", {})
    commit.withdrawn = [*ended.items(), *((CALLS, generation) for generation in ended.values())]
    commit.effects_cleared = [(effect.key, effect.generation) for effect in loaded.effects]
    refused = outbox.refusal_of(refusal.ended(record))
    commit.settled = [
        replace(row, state="consumed", outcome=f'{{"seq":{record.seq}}}')
        if row.ref == ref
        else replace(row, state="refused", outcome=refused)
        for row in loaded.inbox
    ]
    if "p" in moving and ref != _by_parent(before.id):  # a parent that has ended hears nothing more
        invoke, generation = moving["p"]
        commit.accepted = [children.lost(before, str(invoke), int(generation), now)]
    return commit


async def _to_children(store: Store, loaded: Loaded, said: str, now: float) -> list[Accepted]:
    """What is put into the inboxes of the children that go on: their workers obey it."""
    invokes = json.loads(loaded.record.moving or "{}").get("i", {})
    ids = [child_id(loaded.record.id, invoke, generation) for invoke, generation in invokes.items()]
    return [
        Accepted(child.id, _by_parent(child.id), "terminate", said, lane="control", at=now)
        for child in (await store.find(ids=ids) if ids else [])
        if not Status(child.status).ended
    ]


def _by_parent(child: str) -> str:
    return f"terminate@{child}"
