"""Auditing: what of a store cannot be right, and which of its instances nothing will ever move. It only looks.

Everything is asked page by page. What moves meanwhile is read a second time before anything is said of it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fsm.chart.machine import Machine
from fsm.core.live import Live, child_id
from fsm.core.table import codec_of, table_of
from fsm.core.turn import accepted
from fsm.errors import FsmError
from fsm.ports.store import Loaded, Status, Store
from fsm.runtime import records
from fsm.runtime.children import TIMEOUT

PAGE = 500
AHEAD_SECONDS = 60.0
"""How far in the future a turn may lie before a clock must have jumped."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that an audit found."""

    kind: str
    """stranded, contradiction, claim or clock."""
    instance: str
    """Or the worker, of a claim."""
    message: str


async def audit(store: Store, machines: Mapping[str, type[Machine[Any, Any, Any]]]) -> AsyncIterator[Finding]:
    """Everything that is found, in order of id. An instance that waits for an event from outside is stranded where its
    class is given and has no edge for any."""
    now = await store.now()
    for worker in await store.workers():
        if worker.claims and worker.beat + worker.lease < now:
            silent = f"silent for {now - worker.beat:.0f} s, its lease is {worker.lease:g} s; it holds {worker.claims}"
            yield Finding("claim", worker.id, f"{silent} instances that nobody has claimed since: is any worker alive?")
    after = ""
    while page := await store.find(after=after, limit=PAGE):
        after = page[-1].id
        for finding in await examined(store, [record.id for record in page], machines, now):
            yield finding


async def examined(
    store: Store, ids: Sequence[str], machines: Mapping[str, type[Machine[Any, Any, Any]]], now: float
) -> list[Finding]:
    """What is found of some instances, each read twice before anything is said of it."""
    read = await store.load_many(ids)
    suspects = [one.record.id for one in read if await _of(store, one, machines, now)]
    again = await store.load_many(suspects) if suspects else ()
    return [finding for loaded in again for finding in await _of(store, loaded, machines, now)]


async def _of(
    store: Store, loaded: Loaded, machines: Mapping[str, type[Machine[Any, Any, Any]]], now: float
) -> list[Finding]:
    record = loaded.record
    wrong = [*await _journal(store, loaded), *_rows(loaded), *await _family(store, loaded)]
    found = [Finding("contradiction", record.id, what) for what in wrong]
    if record.status == Status.RUNNING and (why := stranded(loaded, machines.get(record.machine))):
        found.append(Finding("stranded", record.id, why))
    last = await store.history(record.id, record.seq - 1, 1)
    if last and last[0].at > now + AHEAD_SECONDS:
        found.append(Finding("clock", record.id, f"its last turn lies {last[0].at - now:.0f} s in the future"))
    return found


async def _journal(store: Store, loaded: Loaded) -> list[str]:
    record = loaded.record
    entries = await store.history(record.id, record.seq - 1, 2)
    if [entry.seq for entry in entries] == ([record.seq] if record.seq else []):
        return []
    said = ", ".join(str(entry.seq) for entry in entries) or "nothing"
    return [f"the record stands after turn {record.seq}, its journal has {said} from there on"]


def _rows(loaded: Loaded) -> list[str]:
    """Timers and invokes that the record and their rows do not agree about."""
    record = loaded.record
    if Status(record.status).ended:
        left = [*(f"timer {t.key}" for t in loaded.timers), *(f"invoke {e.key}" for e in loaded.effects)]
        return [f"it is {record.status}, but its {what} is left" for what in left]
    moving: dict[str, Any] = json.loads(record.moving or "{}")
    timers, invokes = moving.get("t", {}), moving.get("i", {})
    rows = {(t.key, t.generation) for t in loaded.timers}
    known = {*timers.items(), *((TIMEOUT + id, generation) for id, generation in invokes.items())}
    found = [f"timer {key}#{n} is kept, but runs no more" for key, n in sorted(rows - known)]
    found += [f"timer {key}#{n} runs, but no row will let it fire" for key, n in timers.items() if (key, n) not in rows]
    effects = {(e.key, e.generation) for e in loaded.effects}
    return found + [f"invoke {key}#{n} is kept, but runs no more" for key, n in sorted(effects - set(invokes.items()))]


async def _family(store: Store, loaded: Loaded) -> list[str]:
    """A child whose parent is gone, and an invoke that neither runs nor has answered nor has a child."""
    record, found = loaded.record, []
    moving: dict[str, Any] = json.loads(record.moving or "{}")
    if Status(record.status).ended:
        return []
    if "p" in moving and await store.load(record.parent) is None:
        found.append(f"it is a child of {record.parent!r}, which does not exist")
    answered = {row.ref for row in loaded.inbox}
    running = {(e.key, e.generation) for e in loaded.effects}
    if moving.get("i"):
        running |= {(t.name, t.generation) for t in await store.tasks(instance=record.id) if t.status != "withdrawn"}
    for id, generation in moving.get("i", {}).items():
        if (id, generation) in running or f"result:{id}#{generation}@{record.id}" in answered:
            continue
        if await store.load(child_id(record.id, id, generation)) is None:
            found.append(f"invoke {id}#{generation} is waited for, but nothing runs it and no answer is there")
    return found


def stranded(loaded: Loaded, machine: type[Machine[Any, Any, Any]] | None) -> str:
    """Why nothing will ever move a running instance; empty when something may."""
    record = loaded.record
    moving: dict[str, Any] = json.loads(record.moving or "{}")
    if loaded.inbox or loaded.timers or loaded.effects or moving.get("i"):
        return ""
    if record.seq == 0:
        return "it has not begun, and nothing in its inbox will begin it"
    if machine is None:
        return ""
    live = Live(record.id, table_of(machine))
    try:
        records.read(live, record, codec_of(machine))
    except FsmError:
        return ""  # of another version: `fsm check --store` says what becomes of those
    if accepted(live):
        return ""
    return f"no timer, invoke or child is left, and no event has an edge in {', '.join(sorted(live.at.ids))}"
