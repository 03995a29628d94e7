"""Acting: what people do goes into the inbox of an instance, with their name; whoever runs it takes it from there.

So it is durable before anything is decided, it can be found again, and it does not matter where the worker is.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from urllib.parse import quote

import anyio

from fsm.errors import ChangeInvalid, InboxFull, InstanceEnded, InstanceError, StoreError
from fsm.limits import INBOX_MAX
from fsm.ports.store import Accepted, Commit, Loaded, Status, Verdict
from fsm.runtime.operator import Decision, check
from visualize.dashboard import api
from visualize.dashboard.looking import Looking, verbs
from visualize.dashboard.past import OPERATOR

WAIT_SECONDS, LOOK_SECONDS = 2.0, 0.05
"""How long an answer waits for the turn, and how often it looks."""

_LOG = logging.getLogger("fsm.dashboard")


async def send(looking: Looking, wanted: api.Sending, actor: str) -> api.Outcome:
    """Send an event. Raises UnknownEvent, EventInvalid, InstanceUnknown, InstanceEnded, InboxFull, StoreError."""
    loaded = await looking.loaded(wanted.id)
    payload = json.dumps(wanted.payload, ensure_ascii=False, separators=(",", ":"))
    known = await looking.known(loaded)
    if known is not None:
        known.check(wanted.event, payload)
    return await _put(looking, loaded, wanted.event, payload, "event", actor, wanted.key)


async def control(looking: Looking, wanted: api.Control, actor: str) -> api.Outcome:
    """Retry, skip, pause, resume or cancel. Raises InstanceUnknown, InstanceError, ChangeInvalid, StoreError."""
    loaded = await looking.loaded(wanted.id)
    record = loaded.record
    if wanted.verb not in verbs(record.status):
        may = ", ".join(verbs(record.status)) or "nothing"
        raise InstanceError(
            f"{record.machine} {record.id!r} is {record.status}: there is nothing to {wanted.verb}."
            f" What can be done with it now: {may}.",
            instance=record.id,
        )
    decision = Decision(actor, wanted.reason, wanted.change, wanted.payload)
    if wanted.verb != "retry" and (wanted.change, wanted.payload) != (None, None):
        raise ChangeInvalid(f"{record.id!r}: only a retry changes something; leave change and payload out.")
    known = await looking.known(loaded)
    if known is not None:
        check(known.codec, loaded, decision)
    said = decision.text(wanted.verb, record.id)
    return await _put(looking, loaded, wanted.verb, said, "control", actor, None)


async def _put(
    looking: Looking, loaded: Loaded, name: str, payload: str, lane: str, actor: str, key: str | None
) -> api.Outcome:
    """Accept a row, then wait a moment for what becomes of it; the same key gives the first outcome."""
    record = loaded.record
    signed = f"{OPERATOR}{quote(actor, safe='')}:{key or uuid.uuid4().hex}"
    earlier = await looking.store.find_key(record.id, signed)
    if earlier is None:
        _check_room(loaded)
        earlier = Accepted(
            record.id, f"{lane}:{uuid.uuid4().hex}", name, payload, key=signed, lane=lane, at=time.time()
        )
        verdict = (await looking.store.commit([Commit(record.id, accepted=[earlier])]))[0]
        if verdict is not Verdict.COMMITTED:
            raise StoreError(f"The store did not take {name} for {record.id!r}: {verdict.value}. Try again.")
        _LOG.info("%s: %s %s for %s %r", actor, lane, name, record.machine, record.id)
    return await _outcome(looking, earlier)


def _check_room(loaded: Loaded) -> None:
    record = loaded.record
    if Status(record.status).ended:
        raise InstanceEnded(
            f"{record.machine} {record.id!r} is {record.status} and takes nothing more; choose another instance.",
            instance=record.id,
        )
    if len(loaded.inbox) >= INBOX_MAX:
        raise InboxFull(
            f"{INBOX_MAX:,} events wait for {record.id!r} already; start a worker with `fsm run`.", instance=record.id
        )


async def _outcome(looking: Looking, row: Accepted) -> api.Outcome:
    with anyio.move_on_after(WAIT_SECONDS):
        while True:
            row = await looking.store.accepted(row.instance, row.ref) or row
            if row.state != "waiting":
                break
            await anyio.sleep(LOOK_SECONDS)
    said = json.loads(row.outcome) if row.outcome else {}
    return api.Outcome.model_validate(
        {
            "state": row.state,
            "seq": said.get("seq"),
            "error": said.get("error", ""),
            "message": said.get("message", ""),
        }
    )
