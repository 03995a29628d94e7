"""`fsm show --at`, `history --changes`, `rewind` and `fork`: what an instance was, without any machine class."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from fsm.command import screen
from fsm.command.failure import Failure
from fsm.command.look import instance_data, instance_lines
from fsm.command.reading import journal_of, loaded_of, reading, telling
from fsm.command.tell import insert
from fsm.errors import InstanceEnded, PastUnknown
from fsm.ports.store import Status, Verdict
from fsm.runtime import forking
from fsm.runtime.entry import JournalEntry, journal
from fsm.runtime.forking import target_of
from fsm.runtime.outbox import accepted
from fsm.runtime.past import Change, loaded_at
from fsm.runtime.rewinding import rewind_work, then


async def show(url: str, id: str, seq: int, as_json: bool) -> None:
    """`fsm show --at`. Raises Failure where that is not known."""
    async with reading(url) as store:
        loaded = await loaded_of(store, url, id)
        with _known(url, id, seq):
            then = await loaded_at(store, None, loaded, seq)
    if as_json:
        screen.emit(instance_data(then))
    else:
        print("\n".join(instance_lines(then)))


@contextmanager
def _known(url: str, id: str, seq: int | None) -> Iterator[None]:
    """Tell a person what is not known. Raises Failure."""
    try:
        yield
    except (PastUnknown, InstanceEnded) as problem:
        first = problem.first if isinstance(problem, PastUnknown) else 0
        fix = f"--at {first} is the oldest" if first else f"`fsm history {id}` lists its turns"
        raise Failure(f"instance {id!r} after turn {seq}", where=url, why=str(problem), fix=fix) from problem


async def rewind(url: str, id: str, seq: int, by: str, reason: str) -> None:
    """`fsm rewind`. Raises Failure where there is no way back."""
    async with telling(url) as store:
        record = (await loaded_of(store, url, id)).record
        if Status(record.status).ended:
            raise Failure(
                f"instance {id!r} cannot be rewound",
                where=url,
                why=f"it is {record.status}",
                fix=f"`fsm fork {id} NEW --at {seq}` begins another one from there",
            )
        with _known(url, id, seq):
            await then(store, record, seq)
        work = rewind_work(seq, by, reason, uuid.uuid4().hex, time.time())
        await insert(store, accepted(id, work, work.at))
    print(f"accepted: {id} goes back to turn {seq} by the worker that runs it")


async def fork(url: str, id: str, new: str, seq: int | None) -> None:
    """`fsm fork`. Raises Failure where nothing can go on from there, or the id is taken."""
    async with telling(url) as store:
        loaded = await loaded_of(store, url, id)
        with _known(url, id, loaded.record.seq if seq is None else seq):
            target = await target_of(store, id, seq)
        commit = forking.fork(target, new, time.time(), {})
        if (await store.commit([commit]))[0] is not Verdict.COMMITTED:
            raise Failure(f"instance {new!r} exists already", where=url, fix="name the fork otherwise")
    print(f"accepted: {new} goes on from turn {target.record.seq} of {id}, begun by a worker")


async def changes(url: str, id: str, as_json: bool) -> None:
    """`fsm history --changes`."""
    async with reading(url) as store:
        await loaded_of(store, url, id)
        turns = journal(await journal_of(store, id), await store.calls_of(id), await store.attempts(id))
    if as_json:
        screen.emit([_data(turn) for turn in turns])
        return
    for turn in turns:
        print("\n".join(lines(turn)))


def _data(turn: JournalEntry) -> dict[str, Any]:
    return {
        "seq": turn.seq,
        "event": turn.event,
        "cause": turn.cause,
        "guards": [asked._asdict() for asked in turn.guards],
        "changes": None if turn.changes is None else [asdict(change) for change in turn.changes],
    }


def lines(turn: JournalEntry) -> list[str]:
    """A turn as a person reads it: a line for itself, one for each guard, one for each change."""
    found = [f"{turn.seq:>5}  {screen.moment(turn.at)}  {turn.event}  ({turn.cause})"]
    found += [
        f"       asked    {a.transition} on {a.event or 'nothing'}: {'yes' if a.answer else 'no'}" for a in turn.guards
    ]
    found += [f"       {change.kind:<8} {_text(change)}" for change in turn.changes or ()]
    if turn.changes is None and turn.seq > 1:  # before the first turn there was nothing to change
        found.append("       what it changed is not known")
    return found


def _text(change: Change) -> str:
    old, new = (json.dumps(value, ensure_ascii=False) for value in (change.old, change.new))
    match change.kind:
        case "added":
            return f"{change.path} = {new}"
        case "removed":
            return f"{change.path} was {old}"
        case _:
            return f"{change.path}: {old} → {new}"
