"""Forking: a new instance that goes on from what another one was.

Its record and the control that begins it are one commit, and the control carries all that it needs: from then on any
worker begins it, whatever becomes of its origin.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from fsm.core.table import codec_of
from fsm.errors import InstanceExists, InstanceUnknown
from fsm.ports.store import Accepted, Commit, Record, Status, Store, Verdict
from fsm.runtime import elsewhere
from fsm.runtime.definitions import MachineClass
from fsm.runtime.fleet import Fleet
from fsm.runtime.rewinding import Then, changed, then


async def forked(fleet: Fleet, id: str, new: str, at: int | None, changes: Mapping[str, Any]) -> MachineClass:
    """Fork an instance, wait until it has begun, and give its class. Raises what `Orchestrator.fork` does."""
    target = await target_of(fleet.store, id, at)
    machine = await fleet.machine_of(target.record)
    if changes:
        changed(codec_of(machine), target.record.context, changes)
    commit = fork(target, new, fleet.clock(), changes)
    if (await fleet.committer.submit([commit]))[0] is Verdict.COMMITTED:
        fleet.claims.mine.add(new)
        fleet.poke(new)
    else:
        await check_same(fleet.store, commit)
    await elsewhere.settled(fleet.store, new, reference(new), parked=False)
    return machine


async def target_of(store: Store, id: str, at: int | None) -> Then:
    """What an instance was after a turn, by default its last. Raises InstanceUnknown, PastUnknown, InstanceEnded."""
    loaded = await store.load(id)
    if loaded is None:
        raise InstanceUnknown(f"no instance {id!r} in the store; look with find()", instance=id)
    return await then(store, loaded.record, loaded.record.seq if at is None else at)


def reference(new: str) -> str:
    """The control that begins a fork."""
    return f"operator:fork@{new}"


def fork(
    target: Then, new: str, now: float, changes: Mapping[str, Any], said: Mapping[str, str] = MappingProxyType({})
) -> Commit:
    """The commit that writes a fork down; `said` is by whom it is wanted and why, for the journal."""
    origin = target.record
    payload = {"from": origin.id, "at": origin.seq, "changes": dict(changes) or None, "then": target.to_json()}
    text = json.dumps(payload)
    record = replace(
        origin,
        id=new,
        status=Status.RUNNING.value,
        seq=0,
        config="[]",
        moving="{}",
        fence=0,
        origin=hashlib.blake2b(text.encode(), digest_size=16).hexdigest(),
        output=None,
        created=now,
        closed=None,
        base=origin.id,
    )
    row = Accepted(new, reference(new), "fork", json.dumps({**payload, **said}), lane="control", at=now)
    return Commit(new, create=True, record=record, accepted=[row])


async def check_same(store: Store, commit: Commit) -> None:
    """Refuse a fork whose id is taken by anything but itself. Raises InstanceExists."""
    found, wanted = await store.load(commit.instance), commit.record
    assert wanted is not None, "a fork has a record"
    if found is None or _identity(found.record) != _identity(wanted):
        raise InstanceExists(
            f"{wanted.machine} {commit.instance!r} exists already, and is not this fork of {wanted.base!r}. Use another"
            f" id.",
            instance=commit.instance,
        )


def _identity(record: Record) -> tuple[str, str, str]:
    return record.machine, record.base, record.origin
