"""`fsm send`: a row in the inbox of a store; the worker that runs the instance notices it."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from fsm.command import screen
from fsm.command.failure import FAILED, Failure, Misuse
from fsm.command.reading import loaded_of, telling
from fsm.command.target import machine_of
from fsm.core.codec import Codec
from fsm.errors import EventInvalid, InboxFull, UnknownEvent
from fsm.limits import EVENT_BYTES_MAX, INBOX_MAX
from fsm.ports.store import Accepted, Commit, Loaded, Status, Store, Verdict


def payload_of(text: str, what: str = "the payload") -> str:
    """The payload of an event, or something else that was given, checked to be a JSON object. Raises Misuse."""
    where = text or "an empty text"
    try:
        data = json.loads(text, parse_constant=_refused)
    except ValueError as problem:
        raise Misuse(
            f"{what} is no JSON: {problem}", where=where, fix="""quote it for the shell: '{"amount": 30}'"""
        ) from problem
    if not isinstance(data, dict):
        raise Misuse(f"{what} is no JSON object", where=where, fix="""name the fields: '{"amount": 30}'""")
    compact = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    if len(compact.encode()) > EVENT_BYTES_MAX:
        raise Misuse(f"{what} is larger than {EVENT_BYTES_MAX:,} bytes", fix="send a reference instead")
    return compact


def _refused(number: str) -> None:
    raise ValueError(f"{number} is a number of Python's, not of JSON's")


async def send(
    url: str, id: str, event: str, payload: str, *, key: str | None, target: str | None, as_json: bool
) -> int:
    """`fsm send`; the exit code: 1 when the same key was refused before."""
    payload = payload_of(payload)
    if target is not None:
        check_event(target, event, payload)
    row = Accepted(id, f"event:{uuid.uuid4().hex}", event, payload, key=key, at=time.time())
    async with telling(url) as store:
        loaded = await loaded_of(store, url, id)
        earlier = await store.find_key(id, key) if key is not None else None
        if earlier is None:
            check_open(loaded, url)
            earlier = await insert(store, row)
    refused = earlier is not None and earlier.state == "refused"
    if as_json:
        screen.emit(sent_data(row, earlier))
    elif earlier is None:
        print(f"accepted {event} for {id}" + _waits(loaded.record.status))
    elif refused:
        outcome = screen.parsed(earlier.outcome) or {}
        raise Failure(
            f"{earlier.name} with key {key} was refused by {id!r} before",
            where=url,
            why=outcome.get("message", ""),
            fix="send it with another key, when the instance can take it",
        )
    else:
        print(f"accepted {event} for {id} before: key {key} is taken, nothing was added" + _different(earlier, row))
    return FAILED if refused else 0


def check_event(target: str, event: str, payload: str) -> None:
    """Refuse an event that the machine does not know. Raises Failure."""
    codec = Codec(machine_of(target).__chart__)
    try:
        codec.decode_event(event, payload)
    except (UnknownEvent, EventInvalid) as problem:
        raise Failure(str(problem), where=target, why=type(problem).__name__) from problem


def check_open(loaded: Loaded, url: str) -> None:
    """Refuse an event to an instance that has ended. Raises Failure."""
    record = loaded.record
    if Status(record.status).ended:
        raise Failure(
            f"instance {record.id!r} is {record.status} and takes no more events",
            where=url,
            fix="send it to another instance",
        )


def sent_data(row: Accepted, earlier: Accepted | None) -> dict[str, Any]:
    """What became of a sent event, as JSON."""
    kept = earlier or row
    return {
        "instance": row.instance,
        "event": kept.name,
        "ref": kept.ref,
        "key": row.key,
        "accepted": kept.state != "refused",
        "duplicate": earlier is not None,
        "state": kept.state,
        "outcome": screen.parsed(kept.outcome),
    }


async def insert(store: Store, row: Accepted) -> Accepted | None:
    """Put a row into the inbox; the earlier row when its key is taken."""
    verdict = (await store.commit([Commit(row.instance, accepted=[row])]))[0]
    if verdict is Verdict.COMMITTED:
        return None
    if verdict is Verdict.FULL:
        raise Failure(
            f"{INBOX_MAX:,} events wait for {row.instance!r} already and {row.name} was not added",
            why=InboxFull.__name__,
            fix="send it again later, and see that a worker runs: fsm run",
        )
    earlier = await store.find_key(row.instance, row.key or "")
    if earlier is None:
        raise Failure(f"the store did not take {row.name} for {row.instance!r}", why=verdict.value, fix="try again")
    return earlier


def _waits(status: str) -> str:
    return f"; it is {status}, the event waits" if status in ("parked", "paused") else ""


def _different(earlier: Accepted, row: Accepted) -> str:
    same = earlier.name == row.name and screen.parsed(earlier.payload) == screen.parsed(row.payload)
    return "" if same else f" (the earlier one was {earlier.name} {earlier.payload})"
