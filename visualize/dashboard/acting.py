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

from fsm.errors import ChangeInvalid, InboxFull, InstanceEnded, InstanceError, InstanceExists, StoreError
from fsm.limits import INBOX_MAX
from fsm.ports.store import Accepted, Commit, Loaded, Record, Status, Verdict
from fsm.runtime import forking
from fsm.runtime.claims import check_own
from fsm.runtime.operator import Decision, check
from fsm.runtime.rewinding import rewind_work, then
from fsm.runtime.steering import checked_id
from fsm.runtime.termination import said_by, terminate
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
    """Retry, skip, resolve, pause, resume, cancel or terminate.

    Raises InstanceUnknown, InstanceError, ChangeInvalid, StoreError.
    """
    loaded = await looking.loaded(wanted.id)
    record = loaded.record
    if wanted.verb not in verbs(record.status):
        fits = ", ".join(verbs(record.status)) or "nothing"
        raise InstanceError(
            f"{record.machine} {record.id!r} is {record.status}: there is nothing to {wanted.verb}."
            f" What can be done with it now: {fits}.",
            instance=record.id,
        )
    if wanted.verb == "terminate":
        return await _terminate(looking, record, wanted.reason, actor)
    decision = Decision(actor, wanted.reason, wanted.change, wanted.payload)
    may = {"retry": (wanted.change, wanted.payload), "resolve": (wanted.change, None)}.get(wanted.verb, (None, None))
    if (wanted.change, wanted.payload) != may:
        raise ChangeInvalid(f"{record.id!r}: {wanted.verb} does not change that; a retry does. Leave it out.")
    known = await looking.known(loaded)
    if known is not None:
        check(known.codec, loaded, decision)
    said = decision.text(wanted.verb, record.id)
    return await _put(looking, loaded, wanted.verb, said, "control", actor, None)


async def _terminate(looking: Looking, record: Record, reason: str, actor: str) -> api.Outcome:
    """End an instance by its rows alone: no worker is asked."""
    store = looking.store
    await check_own(store)
    said, ref = said_by(actor, reason), f"terminate:{uuid.uuid4().hex}"
    await terminate(store, store.commit, record.id, ref, said, await store.now())
    _LOG.info("%s: terminate %s %r", actor, record.machine, record.id)
    ended = (await looking.loaded(record.id)).record
    return api.Outcome(state="consumed", seq=ended.seq, error="", message="")


async def rewind(looking: Looking, wanted: api.Rewinding, actor: str) -> api.Outcome:
    """Go back to what an instance was after a turn. Raises PastUnknown, InstanceUnknown, InstanceError, StoreError."""
    loaded = await looking.loaded(wanted.id)
    await then(looking.store, loaded.record, wanted.at)
    work = rewind_work(wanted.at, actor, wanted.reason, uuid.uuid4().hex, time.time())
    return await _put(looking, loaded, "rewind", work.payload, "control", actor, None)


async def fork(looking: Looking, wanted: api.Forking, actor: str) -> api.Forked:
    """Begin another instance from what one was after a turn.

    Raises PastUnknown, InstanceUnknown, InstanceEnded, InstanceExists, InstanceIdInvalid, StoreError.
    """
    store, new = looking.store, checked_id(wanted.new)
    await check_own(store)
    target = await forking.target_of(store, wanted.id, wanted.at)
    if (await store.commit([forking.fork(target, new, time.time(), {}, {"by": actor, "reason": wanted.reason})]))[
        0
    ] is not Verdict.COMMITTED:
        raise InstanceExists(f"There is an instance {new!r} already; name the fork otherwise.", instance=new)
    _LOG.info("%s: fork %r of turn %d of %r: %s", actor, new, wanted.at, wanted.id, wanted.reason)
    return api.Forked(id=new)


async def _put(
    looking: Looking, loaded: Loaded, name: str, payload: str, lane: str, actor: str, key: str | None
) -> api.Outcome:
    """Accept a row, then wait a moment for what becomes of it; the same key gives the first outcome."""
    record = loaded.record
    await check_own(looking.store)
    signed = f"{OPERATOR}{quote(actor, safe='')}:{key or uuid.uuid4().hex}"
    earlier = await looking.store.find_key(record.id, signed)
    if earlier is None:
        _check_open(loaded)
        earlier = Accepted(
            record.id, f"{lane}:{uuid.uuid4().hex}", name, payload, key=signed, lane=lane, at=time.time()
        )
        verdict = (await looking.store.commit([Commit(record.id, accepted=[earlier])]))[0]
        if verdict is Verdict.FULL:
            raise InboxFull(
                f"{INBOX_MAX:,} events wait for {record.id!r} already and {name!r} was not added; send it again later,"
                f" and see that a worker runs: `fsm run`.",
                event=name,
                instance=record.id,
            )
        if verdict is not Verdict.COMMITTED:
            raise StoreError(f"The store did not take {name} for {record.id!r}: {verdict.value}. Try again.")
        _LOG.info("%s: %s %s for %s %r", actor, lane, name, record.machine, record.id)
    return await _outcome(looking, earlier)


def _check_open(loaded: Loaded) -> None:
    record = loaded.record
    if Status(record.status).ended:
        raise InstanceEnded(
            f"{record.machine} {record.id!r} is {record.status} and takes nothing more; choose another instance.",
            instance=record.id,
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
