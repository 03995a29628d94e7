"""The past of an instance: its journal, its timeline, and what people did with it."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import unquote

from fsm.runtime.entry import CallEntry, JournalEntry, journal
from persistence.overview import keyed
from visualize.dashboard import api
from visualize.dashboard.catalog import Known
from visualize.dashboard.inlay import life
from visualize.dashboard.looking import Looking

OPERATOR = "operator:"
"""How the keys of what people do on the page begin; who it was stands next."""

TIMELINE_TURNS = 400
"""A timeline shows the latest turns; more would be no picture any more."""


async def turns(looking: Looking, id: str, after: int, limit: int) -> api.Journal:
    """Some turns of an instance, oldest first. Raises InstanceUnknown."""
    loaded = await looking.loaded(id)
    known = await looking.known(loaded)
    entries = await looking.store.history(id, after, limit)
    calls = await looking.store.calls_of(id) if entries else []
    found = [_turn(entry, known) for entry in journal(entries, calls)]
    return api.Journal(turns=found, after=found[-1].seq if len(found) == limit else None)


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
    await looking.loaded(id)
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
    return found


def _turn(entry: JournalEntry, known: Known | None) -> api.Turn:
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
        calls=[_call(call, known) for call in entry.calls],
        at=entry.at,
        seconds=entry.duration,
    )


def _call(call: CallEntry, known: Known | None) -> api.Call:
    arguments: Any = known.disclosure.arguments(call.method, call.arguments) if known else None
    answer: Any = known.disclosure.answer(call.method, call.answer) if known and call.ok else call.answer
    return api.Call(
        method=call.method,
        arguments=arguments,
        ok=call.ok,
        answer=answer if known else None,
        at=call.at,
        seconds=call.duration,
        attempt=call.attempt,
    )
