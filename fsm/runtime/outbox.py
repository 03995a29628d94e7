"""The outbox: what a turn adds to its commit for inboxes, its own and others, and what is handed over after it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from fsm.chart.event import Event, Signal, wire_name
from fsm.chart.machine import Machine
from fsm.core.asking import signed
from fsm.core.step import event_name
from fsm.core.table import codec_of
from fsm.errors import EventError, FsmError, MachineUnknown
from fsm.ports.store import Accepted, Commit, Record, Status
from fsm.runtime import records
from fsm.runtime.arrivals import event_work
from fsm.runtime.definitions import definitions_of
from fsm.runtime.kept import Kept
from fsm.runtime.work import Work


def cause_of(event: str, payload: str, items: str = "") -> str:
    """The event that started an invoke, as its effect keeps it; with the items that it is to run over."""
    return json.dumps({"event": event, "payload": payload} | ({"items": items} if items else {}))


def row_of(keeper: Kept, work: Work) -> Accepted:
    """The inbox row of a piece of work."""
    return accepted(keeper.id, work, work.at or keeper.host.clock())


def accepted(instance: str, work: Work, at: float) -> Accepted:
    """The row of a piece of work in the inbox of an instance."""
    lane = {"start": "start", "result": "result", "control": "control"}.get(work.kind, "event")
    return Accepted(
        instance=instance,
        ref=work.ref,
        name=event_name(work.key),
        payload=signed(work.payload, work.by) if work.by else work.payload,
        key=work.sender_key,
        lane=lane,
        at=at,
    )


def accept(keeper: Kept, work: Work) -> Commit:
    """Make the cause of a turn durable before the turn makes its first call."""
    commit = Commit(keeper.id, accepted=[row_of(keeper, work)])
    if work.kind == "start":
        commit.record = keeper.record
        begin(keeper, commit, keeper.host.clock())
    return commit


def begin(keeper: Kept, commit: Commit, now: float) -> None:
    """Let a commit begin the instance."""
    commit.seq, commit.create = None, True
    commit.definitions = definitions_of([keeper.machine], now)


def settle(commit: Commit, instance: str, work: Work, seq: int, answer: str | None = None) -> None:
    """Mark the cause of a turn as consumed by it; what it answered is kept with it."""
    if work.kind == "timer" or not (work.stored or work.sender_key is not None or answer is not None):
        return
    row = Accepted(
        instance,
        work.ref,
        event_name(work.key),
        work.payload,
        key=work.sender_key,
        state="consumed",
        outcome=f'{{"seq":{seq}}}' if answer is None else f'{{"seq":{seq},"reply":{answer}}}',
        at=work.at,
    )
    if work.stored:
        commit.settled = [*commit.settled, row]
    else:
        commit.accepted = [*commit.accepted, row]


def refuse(keeper: Kept, work: Work, problem: EventError) -> Commit:
    """Keep the outcome of a refused event's key; of another one nothing, but it was not refused by a past state."""
    if not work.stored and work.sender_key is None:
        return Commit(keeper.id, keeper.record.seq, keeper.record.fence)
    return _judged(keeper, work, replace(row_of(keeper, work), state="refused", outcome=refusal_of(problem)))


def _judged(keeper: Kept, work: Work, row: Accepted) -> Commit:
    """What became of an event, as the instance stands."""
    commit = Commit(keeper.id, keeper.record.seq, keeper.record.fence)
    if work.stored:
        commit.settled = [row]
    else:
        commit.accepted = [row]
    return commit


def let_go(keeper: Kept, work: Work, problem: FsmError | None = None) -> Commit | None:
    """Take what came too late, or cannot be done, out of the store."""
    fence = keeper.record.fence
    if work.kind == "timer":
        return Commit(keeper.id, fence=fence, timers_cleared=[(str(work.key), work.generation)])
    if not work.stored:
        return None
    outcome = None if problem is None else refusal_of(problem)
    return Commit(keeper.id, fence=fence, settled=[replace(row_of(keeper, work), state="refused", outcome=outcome)])


def refusal_of(problem: FsmError) -> str:
    """A refusal, as the row of its event keeps it."""
    return json.dumps({"error": type(problem).__name__, "message": str(problem)})


def defer(keeper: Kept, work: Work) -> Commit:
    """Keep an event until a state that takes it is entered."""
    return _judged(keeper, work, replace(row_of(keeper, work), state="deferred"))


def deliver(keeper: Kept, commit: Commit, now: float) -> None:
    """Add what the turn sent and spawned. Raises MachineUnknown, ContextInvalid, EventInvalid."""
    live = keeper.live
    if not (live.sent or live.spawned or live.withdrawn):
        return
    rows: list[Accepted] = []
    _withdraw(keeper, commit, now)
    for item in live.sent:
        to = item.to or keeper.id
        event = stamped(keeper, item.event, to)
        row = Accepted(
            instance=to,
            ref=f"send:{keeper.id}:{live.seq}:{item.ordinal}",
            name=wire_name(event),
            payload=keeper.codec.encode_event(event),
            not_before=now + item.delay_ms / 1000 if item.delay_ms else 0.0,
            at=now,
        )
        rows.append(row)
        if item.id and item.delay_ms:
            earlier = live.delayed.get(item.id, [])
            live.delayed = {**live.delayed, item.id: [*earlier, (to, row.ref, row.not_before)]}
    started: list[Record] = []
    for child in live.spawned:
        chart = child.machine.__chart__
        if chart.name not in keeper.host.machines:
            raise MachineUnknown(
                f"{keeper.record.machine} {keeper.id!r} spawned a {chart.name}, which this orchestrator was not given;"
                f" add it to machines="
            )
        codec = codec_of(child.machine)
        context = codec.encode_context(child.data if child.data is not None else codec.default_context())
        record = beginning(child.machine, child.id, context, now, parent=keeper.id)
        started.append(record)
        rows.append(Accepted(child.id, f"start@{child.id}", "start", "{}", lane="start", at=now))
    commit.accepted, commit.started = [*commit.accepted, *rows], [*commit.started, *started]
    commit.definitions = [*commit.definitions, *definitions_of((s.machine for s in live.spawned), now)]


def stamped(keeper: Kept, event: Event, to: str) -> Event:
    """A signal from a child to its parent says which invoke it comes from."""
    place = keeper.live.place
    if place is None or to != keeper.record.parent or not isinstance(event, Signal):
        return event
    return event.model_copy(update={"invoke": place[0]})


def _withdraw(keeper: Kept, commit: Commit, now: float) -> None:
    """Take back delayed events by their names, and forget the names of those that have left."""
    live = keeper.live
    waiting = {name: [s for s in sent if s[2] > now] for name, sent in live.delayed.items()}
    taken = [s for name in live.withdrawn for s in waiting.pop(name, ())]
    live.delayed = {name: sent for name, sent in waiting.items() if sent}
    rows = [Accepted(to, ref, "", "{}", state="refused", not_before=due) for to, ref, due in taken]
    commit.settled = [*commit.settled, *rows]


def beginning(
    machine: type[Machine[Any, Any, Any]],
    id: str,
    context: bytes,
    now: float,
    parent: str = "",
    place: tuple[str, int] | None = None,
) -> Record:
    """The row of an instance that has not taken its first turn; `place` is the invoke that it answers, if any."""
    chart = machine.__chart__
    return Record(
        id=id,
        machine=chart.name,
        version=chart.version,
        digest=chart.digest,
        status=Status.RUNNING.value,
        seq=0,
        config="[]",
        moving="{}" if place is None else json.dumps({"p": place}),
        context=context,
        origin=records.digest_of(chart.name, context),
        parent=parent,
        created=now,
    )


def hand_over(keeper: Kept, commit: Commit) -> None:
    """After the commit: tell the receivers."""
    now = keeper.host.clock()
    for row in commit.accepted:
        if row.state != "waiting":
            continue
        if row.not_before > now:
            keeper.host.timers.notice(row.not_before)
        elif row.instance == keeper.id:
            keeper.add(event_work(keeper.codec, row, again=False, attempt=1))
        else:
            keeper.host.poke(row.instance)
