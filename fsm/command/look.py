"""`fsm list`, `show`, `history` and `incidents`: what the rows of a store say, without any machine class."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fsm.command import screen
from fsm.command.drawn import drawing_of, steps_of
from fsm.command.people import task_data, task_line
from fsm.command.reading import journal_of, loaded_of, reading
from fsm.command.target import machine_of
from fsm.core.undo import UNDO
from fsm.ports.attempt import Attempt
from fsm.ports.store import CallRow, Entry, Incident, Loaded, Record
from fsm.ports.task import OPEN
from fsm.runtime.entry import actor_of, actors, calls_by_turn
from visualize import to_text


def record_data(record: Record) -> dict[str, Any]:
    """An instance as JSON."""
    return {
        "id": record.id,
        "machine": record.machine,
        "version": record.version,
        "status": record.status,
        "configuration": screen.parsed(record.config),
        "seq": record.seq,
        "created": screen.moment(record.created),
        "closed": screen.moment(record.closed),
    }


async def instances(url: str, wish: Mapping[str, Any], *, after: str, limit: int, as_json: bool) -> None:
    """`fsm list`."""
    async with reading(url) as store:
        found = await store.find(**wish, after=after, limit=limit + 1)
    shown = found[:limit]
    if as_json:
        screen.emit([record_data(r) for r in shown])
    elif not shown:
        print("no instances")
    else:
        screen.table(
            ("ID", "MACHINE", "STATUS", "STATES", "SEQ", "STARTED"),
            [
                (r.id, r.machine, screen.colored(r.status), states_text(r.config), str(r.seq), screen.ago(r.created))
                for r in shown
            ],
        )
    if len(found) > limit:
        print(f"there are more: --after {shown[-1].id} goes on, --limit shows more at once", file=sys.stderr)


def states_text(config: str) -> str:
    """The active leaf states in one line."""
    return ", ".join(json.loads(config)) or "-"


async def show(url: str, id: str, *, target: str | None, as_json: bool) -> None:
    """`fsm show`."""
    machine = machine_of(target) if target else None
    async with reading(url) as store:
        loaded = await loaded_of(store, url, id)
        tree = to_text(await drawing_of(machine, store, loaded.record, url)) if machine else ""
        tasks = await store.tasks(instance=id, statuses=OPEN)
    if as_json:
        screen.emit(instance_data(loaded) | {"tasks": [task_data(t) for t in tasks]} | ({"tree": tree} if tree else {}))
        return
    for line in [*instance_lines(loaded), *(f"task       {task_line(t)}" for t in tasks)]:
        print(line)
    if tree:
        print(f"\n{tree}")


def instance_data(loaded: Loaded) -> dict[str, Any]:
    """An instance with all that waits for it, as JSON."""
    record = loaded.record
    return record_data(record) | {
        "context": screen.parsed(record.context),
        "output": screen.parsed(record.output),
        "parent": record.parent or None,
        "timers": [
            {"key": t.key, "generation": t.generation, "due": screen.moment(t.due)}
            for t in sorted(loaded.timers, key=lambda t: t.due)
        ],
        "invokes": [
            {"id": e.key, "generation": e.generation, "attempt": e.attempt, "progress": screen.parsed(e.progress)}
            for e in loaded.effects
        ],
        "waiting": [
            {
                "event": a.name,
                "payload": screen.parsed(a.payload),
                "key": a.key,
                "lane": a.lane,
                "state": a.state,
                "accepted": screen.moment(a.at),
                "not_before": screen.moment(a.not_before) if a.not_before else None,
            }
            for a in loaded.inbox
        ],
        "incident": incident_data(loaded.incident) if loaded.incident else None,
    }


def instance_lines(loaded: Loaded) -> list[str]:
    """An instance as a person reads it."""
    record, incident = loaded.record, loaded.incident
    lines = [
        f"{record.id}   {record.machine} {record.version}",
        f"status     {record.status}",
        f"states     {states_text(record.config)}",
        f"seq        {record.seq}",
        f"started    {screen.moment(record.created)} ({screen.ago(record.created)})",
    ]
    if record.closed is not None:
        lines.append(f"ended      {screen.moment(record.closed)} ({screen.ago(record.closed)})")
    lines += _labelled("context", json.dumps(screen.parsed(record.context), indent=2, ensure_ascii=False))
    if record.output not in (None, "null"):
        lines += _labelled("output", json.dumps(screen.parsed(record.output), indent=2, ensure_ascii=False))
    for timer in sorted(loaded.timers, key=lambda t: t.due):
        lines.append(f"timer      {timer.key} {screen.ago(timer.due)} ({screen.moment(timer.due)})")
    for effect in loaded.effects:
        again = f" (attempt {effect.attempt})" if effect.attempt > 1 else ""
        lines.append(f"working    {effect.key}{again}{_progress_text(effect.progress)}")
    for waiting in loaded.inbox:
        key = f" key {waiting.key}" if waiting.key else ""
        lines.append(f"{waiting.state:<10} {waiting.name} {waiting.payload}{key} ({screen.ago(waiting.at)})")
    if incident is not None:
        lines += _labelled("incident", f"{incident.kind} on {incident.event}: {incident.message}")
        lines.append(f"           when it is mended: fsm retry {record.id}")
    return lines


def _progress_text(told: str | None) -> str:
    if told is None:
        return ""
    data = json.loads(told)
    return f": {data['value']:g} {data['text']}".rstrip() + f" ({screen.ago(data['at'])})"


def _labelled(label: str, text: str) -> list[str]:
    first, *rest = text.splitlines()
    return [f"{label:<10} {first}", *(f"{'':<10} {line}" for line in rest)]


async def history(url: str, id: str, *, as_json: bool) -> None:
    """`fsm history`."""
    async with reading(url) as store:
        await loaded_of(store, url, id)
        entries, calls = await journal_of(store, id), await store.calls_of(id)
        attempts, people = await store.attempts(id), actors(await store.tasks(instance=id))
    made = calls_by_turn(entries, calls)
    if as_json:
        screen.emit(
            [
                entry_data(e, made[e.cause], attempts)
                | dict(zip(("actor", "reason"), actor_of(e, people), strict=True))
                for e in entries
            ]
        )
        return
    screen.table(
        ("SEQ", "AT", "EVENT", "TRANSITIONS", "STATES", "CALLS", "TOOK"),
        [
            (
                str(e.seq),
                str(screen.moment(e.at)),
                _event_text(e) + (f" by {who}" if (who := actor_of(e, people)[0]) else ""),
                ", ".join(name for step in steps_of(e) for name in step.transitions) or "-",
                states_text(e.config),
                _calls_text(made[e.cause], attempts) or "-",
                screen.span(e.took),
            )
            for e in entries
        ],
    )


def _event_text(entry: Entry) -> str:
    return entry.event + (_kind_of(entry.payload) if entry.event.startswith("error.") else "")


def _calls_text(calls: Sequence[CallRow], attempts: Sequence[Attempt]) -> str:
    """The service calls of a turn; those of which the same is to be said are counted."""
    alike = Counter(_call_text(call, attempts) for call in calls if not call.method.startswith((UNDO, "each:")))
    return ", ".join(f"{n} of {text}" if n > 1 else text for text, n in alike.items())


def _call_text(call: CallRow, attempts: Sequence[Attempt]) -> str:
    made = len(_made(call, attempts))
    kind = _kind_of(call.answer)
    return call.method + (f" ×{made}" if made > 1 else "") + (f" failed{kind}" if kind else "")


def _kind_of(text: str) -> str:
    """How a failure is called, behind a colon; nothing for an answer."""
    told = screen.parsed(text)
    error = told.get("error") if isinstance(told, dict) else None
    return f": {error['kind']}" if isinstance(error, dict) and "kind" in error else ""


def _made(call: CallRow, attempts: Sequence[Attempt]) -> list[Attempt]:
    """The attempts of a call."""
    place = (call.cause, call.method, call.digest, call.k)
    return sorted((a for a in attempts if a.call == place), key=lambda a: a.n)


def attempt_data(attempt: Attempt) -> dict[str, Any]:
    """An attempt of a call as JSON."""
    return {
        "n": attempt.n,
        "called": attempt.called,
        "parameters": screen.parsed(attempt.parameters),
        "reason": attempt.reason,
        "due": screen.moment(attempt.due),
        "started": screen.moment(attempt.started),
        "ended": screen.moment(attempt.ended),
        "runs": attempt.runs,
        "outcome": screen.parsed(attempt.outcome or None),
        "late": screen.parsed(attempt.late or None),
    }


def entry_data(entry: Entry, calls: list[CallRow], attempts: Sequence[Attempt] = ()) -> dict[str, Any]:
    """A turn as JSON."""
    return {
        "seq": entry.seq,
        "at": screen.moment(entry.at),
        "took_ms": round(entry.took * 1000, 3),
        "cause": entry.cause,
        "event": entry.event,
        "payload": screen.parsed(entry.payload),
        "steps": screen.parsed(entry.steps),
        "configuration": screen.parsed(entry.config),
        "calls": [
            {
                "method": c.method,
                "arguments": screen.parsed(c.arguments),
                "answer": screen.parsed(c.answer),
                "at": screen.moment(c.at),
                "took_ms": round(c.took * 1000, 3),
                "attempt": c.attempt,
                "attempts": [attempt_data(a) for a in _made(c, attempts)],
            }
            for c in calls
        ],
    }


async def incidents(url: str, *, resolved: bool, id: str | None, as_json: bool) -> None:
    """`fsm incidents`."""
    async with reading(url) as store:
        if id is not None:
            await loaded_of(store, url, id)
        found = await store.incidents(resolved=resolved, instance=id)
    if as_json:
        screen.emit([incident_data(i) for i in found])
    elif not found:
        print("no incidents" if resolved else "no open incidents")
    else:
        screen.table(
            ("ID", "INSTANCE", "KIND", "EVENT", "SINCE", "RESOLVED", "MESSAGE"),
            [(str(i.id), i.instance, i.kind, i.event, screen.ago(i.at), i.resolution or "-", i.message) for i in found],
        )


def incident_data(incident: Incident) -> dict[str, Any]:
    """An incident as JSON."""
    return {
        "id": incident.id,
        "instance": incident.instance,
        "kind": incident.kind,
        "message": incident.message,
        "cause": incident.cause,
        "event": incident.event,
        "seq": incident.seq,
        "at": screen.moment(incident.at),
        "resolved": screen.moment(incident.resolved),
        "resolution": incident.resolution,
    }
