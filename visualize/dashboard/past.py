"""The past of an instance: its journal, its timeline, and what people did with it."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from fsm.errors import PastUnknown
from fsm.ports.store import Record
from fsm.runtime.entry import AttemptEntry, CallEntry, JournalEntry, journal
from fsm.runtime.past import compared, record_at
from persistence.overview import keyed
from visualize.dashboard import api
from visualize.dashboard.catalog import Known
from visualize.dashboard.inlay import life
from visualize.dashboard.looking import Looking
from visualize.dashboard.mask import replaced, told, without

OPERATOR = "operator:"
"""How the keys of what people do on the page begin; who it was stands next."""

TIMELINE_TURNS = 400
"""A timeline shows the latest turns; more would be no picture any more."""


async def turns(looking: Looking, id: str, after: int, limit: int) -> api.Journal:
    """Some turns of an instance, oldest first. Raises InstanceUnknown."""
    loaded = await looking.loaded(id)
    known = await looking.known(loaded)
    entries = await looking.store.history(id, after, limit)
    store = looking.store
    secrets = known.disclosure.secrets(loaded) if known is not None else frozenset[str]()
    entered = (
        journal(entries, await store.calls_of(id), await store.attempts(id), await store.tasks(instance=id))
        if entries
        else []
    )
    found = [_turn(entry, known, secrets) for entry in entered]
    return api.Journal(turns=found, after=found[-1].seq if len(found) == limit else None)


async def moment(looking: Looking, id: str, seq: int) -> api.Moment:
    """An instance as it was after a turn. Raises InstanceUnknown, PastUnknown."""
    loaded = await looking.loaded(id)
    known = await looking.known(loaded)

    async def context(at: int) -> Any:
        record, _ = await record_at(looking.store, loaded.record, at)
        return json.loads(record.context)

    now, changes = await context(seq), None
    if known is None:
        return api.Moment(seq=seq, context=None, changes=None)
    shown = known.disclosure.context(now)
    if seq > 1:
        with suppress(PastUnknown):
            before = await context(seq - 1)
            found = compared("", replaced(known.disclosure.context(before), before, now), shown)
            changes = [api.Change.model_validate(change, from_attributes=True) for change in found]
    return api.Moment(seq=seq, context=shown, changes=changes)


async def timeline(looking: Looking, id: str) -> str:
    """The life of an instance as SVG. Raises InstanceUnknown, DrawingError for one that has not begun."""
    loaded = await looking.loaded(id)
    record, known = loaded.record, await looking.known(loaded)
    entries = await looking.store.history(id, max(-1, record.seq - TIMELINE_TURNS))
    calls = await looking.store.calls_of(id)
    incidents = await looking.store.incidents(resolved=True, instance=id)
    return life(
        journal(entries, calls),
        now=record.closed or time.time(),
        chart=known.chart if known else None,
        incidents=incidents,
    )


async def acts(looking: Looking, id: str) -> list[api.Act]:
    """What people did with an instance on the page, oldest first. Raises InstanceUnknown."""
    loaded = await looking.loaded(id)
    found = []
    for row in await keyed(looking.store, id, OPERATOR):
        said = json.loads(row.payload) if row.lane == "control" else {}
        found.append(
            api.Act(
                actor=unquote((row.key or "").split(":")[1]),
                name=row.name,
                lane=row.lane,
                reason=said.get("reason", ""),
                at=row.at,
                state=row.state,
                outcome=json.loads(row.outcome) if row.outcome else None,
            )
        )
    return [*found, *await _terminated(looking, loaded.record)]


async def _terminated(looking: Looking, record: Record) -> list[api.Act]:
    """An end that no worker was asked for stands in the journal alone."""
    last = await looking.store.history(record.id, record.seq - 1, 1)
    if not last or last[0].event != "terminate":
        return []
    entry, said = last[0], json.loads(last[0].payload)
    return [
        api.Act(
            actor=said["by"],
            name="terminate",
            lane="control",
            reason=said["reason"],
            at=entry.at,
            state="consumed",
            outcome={"seq": entry.seq},
        )
    ]


def _turn(entry: JournalEntry, known: Known | None, secrets: frozenset[str]) -> api.Turn:
    return api.Turn(
        seq=entry.seq,
        event=entry.event,
        payload=known.disclosure.payload(entry.event, entry.payload) if known else None,
        cause=entry.cause,
        transitions=[str(name) for name in entry.transitions],
        entered=[state for step in entry.steps for state in step.entered],
        exited=[state for step in entry.steps for state in step.exited],
        lines=known.lines(entry.steps) if known else [],
        configuration=sorted(entry.configuration),
        calls=[_call(call, known, secrets) for call in entry.calls],
        guards=[api.Guard(**asked._asdict()) for asked in entry.guards],
        actor=entry.actor,
        reason=without(entry.reason, secrets),
        at=entry.at,
        seconds=entry.duration,
    )


def _call(call: CallEntry, known: Known | None, secrets: frozenset[str]) -> api.Call:
    return api.Call(
        method=call.method,
        arguments=_asked(call.method, call.arguments, known, secrets),
        ok=call.ok,
        answer=_told(call.method, call.ok, call.answer, known, secrets),
        at=call.at,
        seconds=call.duration,
        attempt=call.attempt,
        attempts=[_attempt(attempt, known, secrets) for attempt in call.attempts],
    )


def _attempt(attempt: AttemptEntry, known: Known | None, secrets: frozenset[str]) -> api.Attempt:
    return api.Attempt(
        n=attempt.n,
        called=attempt.called,
        parameters=_asked(attempt.called, attempt.parameters, known, secrets),
        reason=without(attempt.reason, secrets),
        ok=attempt.ok,
        outcome=None if attempt.ok is None else _told(attempt.called, attempt.ok, attempt.outcome, known, secrets),
        late=attempt.late is not None,
        started=attempt.started,
        ended=attempt.ended,
        runs=attempt.runs,
    )


def _asked(method: str, arguments: Any, known: Known | None, secrets: frozenset[str]) -> Any:
    return told(known.disclosure.arguments(method, arguments), secrets) if known is not None else None


def _told(method: str, ok: bool, answer: Any, known: Known | None, secrets: frozenset[str]) -> Any:
    """An answer or a failure, in whose texts nothing secret is left."""
    if known is None:
        return None
    return told(known.disclosure.answer(method, answer) if ok else answer, secrets)
