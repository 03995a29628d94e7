"""`fsm show --at` and `fsm history --changes`: what an instance was, without any machine class."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from fsm.command import screen
from fsm.command.failure import Failure
from fsm.command.look import instance_data, instance_lines
from fsm.command.reading import journal_of, loaded_of, reading
from fsm.errors import PastUnknown
from fsm.runtime.entry import JournalEntry, journal
from fsm.runtime.past import Change, loaded_at


async def show(url: str, id: str, seq: int, as_json: bool) -> None:
    """`fsm show --at`. Raises Failure where that is not known."""
    async with reading(url) as store:
        loaded = await loaded_of(store, url, id)
        try:
            then = await loaded_at(store, None, loaded, seq)
        except PastUnknown as problem:
            raise Failure(
                f"instance {id!r} after turn {seq}", where=url, why=str(problem), fix=_fix(problem)
            ) from problem
    if as_json:
        screen.emit(instance_data(then))
    else:
        print("\n".join(instance_lines(then)))


def _fix(problem: PastUnknown) -> str:
    return f"--at {problem.first} is the oldest" if problem.first else f"`fsm history {problem.instance}` has its steps"


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
    if turn.changes is None:
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
