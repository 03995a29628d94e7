"""What an instance was: written with every turn, and read again as of any of them.

A turn's row keeps the moving half of the instance's record as one text, or what of it changed: version and shape, where
it stands, what runs, its output and its context. The other half, the configuration, the journal has anyway.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from fsm.chart.machine import Machine
from fsm.core import past
from fsm.core.codec import event_payload
from fsm.core.effect import Effects
from fsm.core.step import Taken, event_name
from fsm.errors import PastUnknown
from fsm.limits import PAST_WHOLE_EVERY
from fsm.ports.store import Commit, Effect, Entry, Loaded, Record, Status, Store, Timer
from fsm.runtime.children import TIMEOUT
from fsm.runtime.scope import DurableLive
from fsm.runtime.work import Work


@dataclass(frozen=True, slots=True)
class Change:
    """One value of the context that a turn changed; `old` or `new` is None where there was, or is, no such value."""

    path: str
    """As in `lines[0].price`."""
    old: Any
    new: Any
    kind: str = "changed"
    """changed, added or removed."""


# ---- writing

_ENDED, _RUNNING = frozenset(status.value for status in Status if status.ended), Status.RUNNING.value


def kept(before: Record, after: Record) -> str:
    """What the journal keeps of an instance after a turn."""
    if after.seq % PAST_WHOLE_EVERY == 1:
        return past.written(None, text_of(after))
    if before.context == after.context:
        return past.written(_head_of(before), _head_of(after), after.context)
    return past.written(text_of(before), text_of(after))


def mark_end(commit: Commit) -> None:
    """The turn of a commit ends the instance in another way than it would have by itself."""
    entry, record = commit.entry, commit.record
    if entry is not None and record is not None and entry.past:
        entry.past = past.written(None, text_of(record))


def text_of(record: Record) -> bytes:
    """The moving half of a record. What pauses and parks an instance is no turn of its own."""
    return _head_of(record) + record.context


def _head_of(record: Record) -> bytes:
    status = record.status if record.status in _ENDED else _RUNNING
    return f"{record.version}\n{record.digest}\n{status}\n{record.moving}\n{record.output or ''}\n".encode()


def notes(live: DurableLive, work: Work, begun: Effects | None, trace: Sequence[Taken]) -> str:
    """What else is known of a turn: its guards' answers, and what began invokes where that was not its own event."""
    found: dict[str, Any] = {}
    if live.asked:
        found["guards"] = [(event_name(key), transition.name, answer) for key, transition, answer in live.asked]
    if begun is not None and begun.invokes_started:
        own = (event_name(work.key), work.payload)
        causes = {
            live.table.chart.invokes[index].id: (event_name(trace[number][0]), event_payload(trace[number][2]))
            for index, _, number in begun.invokes_started
        }
        if others := {id: cause for id, cause in causes.items() if cause != own}:
            found["causes"] = others
    return json.dumps(found, separators=(",", ":")) if found else ""


# ---- reading


async def record_at(store: Store, record: Record, seq: int) -> tuple[Record, Entry]:
    """The record as it was after a turn, and the turn. Raises PastUnknown."""
    first = first_needed(seq)
    entries = [e for e in await store.history(record.id, first - 1, seq - first + 1) if e.seq <= seq]
    if not entries or entries[-1].seq != seq or not 1 <= seq <= record.seq:
        raise await _unknown(store, record, seq)
    text = past.texts([entry.past for entry in entries])[-1]
    if text is None:
        raise await _unknown(store, record, seq)
    return as_record(record, entries[-1], text), entries[-1]


def first_needed(seq: int) -> int:
    """The first of the turns whose rows say what the instance was after another one."""
    return seq - (seq - 1) % PAST_WHOLE_EVERY if seq >= 1 else seq


def as_record(record: Record, entry: Entry, text: bytes) -> Record:
    """The record of an instance as a text has it."""
    version, digest, status, moving, output, context = text.decode().split("\n", 5)
    ended = Status(status).ended
    return replace(
        record,
        version=version,
        digest=digest,
        status=status,
        seq=entry.seq,
        config=entry.config,
        moving=moving,
        context=context.encode(),
        output=output if ended and output else None,
        closed=entry.at if ended else None,
    )


async def loaded_at(store: Store, machine: type[Machine[Any, Any, Any]] | None, loaded: Loaded, seq: int) -> Loaded:
    """An instance with what ran after a turn; the private contexts of its invokes are its own of that moment.

    Without a machine the invokes that run children, and human tasks, are among them. Raises PastUnknown.
    """
    record, _ = await record_at(store, loaded.record, seq)
    moving = json.loads(record.moving)
    dues, since, runs = moving.get("w", {}), moving.get("b", {}), moving.get("i", {})
    names = {**moving.get("t", {}), **{f"{TIMEOUT}{id}": generation for id, generation in runs.items()}}
    timers = [Timer(record.id, key, generation, dues[key]) for key, generation in names.items() if key in dues]
    children = {i.id for i in machine.__chart__.invokes if i.aside} if machine is not None else set[str]()
    effects = [
        Effect(record.id, id, generation, record.context, await cause_of(store, loaded.record, id, since[id]))
        for id, generation in runs.items()
        if id not in children and id in since
    ]
    return Loaded(record, timers=timers, effects=effects)


async def cause_of(store: Store, record: Record, invoke: str, since: int) -> str:
    """The event that began an invoke, as JSON of its name and payload. Raises PastUnknown."""
    entries = await store.history(record.id, since - 1, 1)
    if not entries or entries[0].seq != since:
        raise await _unknown(store, record, since)
    entry = entries[0]
    own = [entry.event, entry.payload]
    event, payload = json.loads(entry.notes or "{}").get("causes", {}).get(invoke, own)
    return json.dumps({"event": event, "payload": payload})


async def _unknown(store: Store, record: Record, seq: int) -> PastUnknown:
    entries = await store.history(record.id)
    first = next((e.seq for e in entries if e.past.startswith(past.WHOLE)), None)
    what = f"{record.machine} {record.id!r}: what it was after turn {seq} is not known"
    if first is None:
        return PastUnknown(
            f"{what}, nor after any other: its class has history='steps', or an older release wrote it. It can be"
            f" looked back to from its next turns on, if the class keeps a full history.",
            instance=record.id,
        )
    return PastUnknown(
        f"{what}: turns {first} to {record.seq} can be looked back to; older ones were pruned or not recorded.",
        instance=record.id,
        first=first,
    )


# ---- comparing


def changes(before: bytes | None, now: bytes | None) -> tuple[Change, ...] | None:
    """What a turn changed of the context, from the texts before and after it; None where one is not known."""
    if before is None or now is None:
        return None
    old, new = (text.split(b"\n", 5)[5] for text in (before, now))
    return () if old == new else tuple(compared("", json.loads(old), json.loads(new)))


def compared(path: str, old: Any, new: Any) -> list[Change]:
    """Every value that differs, by its path."""
    if isinstance(old, dict) and isinstance(new, dict):
        places = [(f"{path}.{key}" if path else key, key) for key in dict.fromkeys((*old, *new))]
    elif isinstance(old, list) and isinstance(new, list):
        old, new = dict(enumerate(old)), dict(enumerate(new))
        places = [(f"{path}[{key}]", key) for key in dict.fromkeys((*old, *new))]
    else:
        same = old == new and isinstance(old, bool) == isinstance(new, bool)
        return [] if same else [Change(path, old, new)]
    found: list[Change] = []
    for name, key in places:
        if key not in new:
            found.append(Change(name, old[key], None, "removed"))
        elif key not in old:
            found.append(Change(name, None, new[key], "added"))
        else:
            found += compared(name, old[key], new[key])
    return found
