"""Rewinding: an instance goes on from what it, or another one, was after an earlier turn.

    rewind   ─▶ control in the inbox ─▶ a turn of an operator: what runs is ended, what ran then begins afresh
    fork     ─▶ a new record, with a control in its inbox ─▶ the same turn, its first one

No action, guard, entry or exit is run. The journal goes on; what was sent stays sent, what was accepted stays accepted.
Generations go on too, so that no answer or timer of before is taken for one of now.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from typing import Any

from fsm.chart.chart import Invocation
from fsm.chart.event import Event, Started
from fsm.core.asking import question
from fsm.core.effect import Effects, work_of
from fsm.core.step import Step
from fsm.core.undo import UNDO
from fsm.errors import ContextInvalid, FsmError, InstanceEnded, InstanceError
from fsm.ports.store import Commit, Effect, Entry, Loaded, Record, Status, Store, Timer, Verdict
from fsm.ports.task import CALLS, Task, opened
from fsm.runtime import children, finding, operator, outbox, past, records, refusal
from fsm.runtime.host import Lost, Turned
from fsm.runtime.kept import Kept
from fsm.runtime.migration import looked_at
from fsm.runtime.turned import note_begun, offer_deferred
from fsm.runtime.work import Work


@dataclass(frozen=True, slots=True)
class Then:
    """What an instance was after a turn, with what began its invokes."""

    record: Record
    at: float
    causes: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """As the control that begins a fork carries it: its origin may have been pruned when it is taken."""
        record = self.record
        return {
            "version": record.version,
            "digest": record.digest,
            "seq": record.seq,
            "config": record.config,
            "moving": record.moving,
            "context": record.context.decode(),
            "at": self.at,
            "causes": self.causes,
        }

    @staticmethod
    def from_json(data: dict[str, Any], record: Record) -> Then:
        """The same again; what an instance is born with is that of its record."""
        given = {name: data[name] for name in ("version", "digest", "seq", "config", "moving")}
        return Then(replace(record, **given, context=data["context"].encode()), data["at"], data["causes"])


async def then(store: Store, record: Record, seq: int) -> Then:
    """What an instance was after a turn. Raises PastUnknown, and InstanceEnded where that turn ended it."""
    earlier, entry = await past.record_at(store, record, seq)
    if Status(earlier.status).ended:
        raise InstanceEnded(
            f"{record.machine} {record.id!r} was {earlier.status} after turn {seq}: nothing can go on from there."
            f" Choose an earlier turn.",
            instance=record.id,
        )
    since: dict[str, int] = json.loads(earlier.moving).get("b", {})
    causes = {id: await past.cause_of(store, record, id, begun) for id, begun in since.items()}
    return Then(earlier, entry.at, causes)


async def control(keeper: Kept, work: Work) -> None:
    """Take a rewind or the beginning of a fork. Raises FsmError, and nothing has changed."""
    payload = json.loads(work.payload)
    given = payload.pop("then", None)
    if given is None:
        if keeper.record.seq == 0:
            raise InstanceError(f"{keeper.record.machine} {keeper.id!r} has not begun: there is no way back.")
        target = await then(keeper.host.store, keeper.record, int(payload["at"]))
    elif keeper.record.seq:
        await refusal.let_go(keeper, work)  # it has begun already
        return
    else:
        target = Then.from_json(given, keeper.record)
    before = keeper.record
    try:
        turned = _turned(keeper, work, target, payload)
        be(keeper, turned.commit.record or before)
    except FsmError as problem:
        be(keeper, before)
        if given is not None:
            await _give_up(keeper, work, problem)
        raise
    await keeper.commit(turned, before)


def be(keeper: Kept, record: Record) -> None:
    """Let a keeper be what a row of its instance, which has not ended, says."""
    keeper.record = record
    vars(keeper.self_)["ctx"] = records.read(keeper.live, record, keeper.codec)
    keeper.live.saved = record.context


async def _give_up(keeper: Kept, work: Work, problem: FsmError) -> None:
    """A fork that cannot begin has ended."""
    record = records.with_status(keeper.record, Status.FAILED, keeper.host.clock())
    commit = Commit(keeper.id, seq=0, fence=record.fence, record=record)
    row = outbox.row_of(keeper, work)
    commit.settled = [replace(row, state="refused", outcome=outbox.refusal_of(problem))]
    if (await keeper.host.committer.submit([commit]))[0] is not Verdict.COMMITTED:
        raise Lost(f"{record.machine} {record.id!r} is run by somebody else now; read it again")
    keeper.record = record


def _turned(keeper: Kept, work: Work, target: Then, payload: dict[str, Any]) -> Turned:
    """The turn; what it changes in memory is read again afterwards, whether it succeeds or not."""
    before, now, live = keeper.record, keeper.host.clock(), keeper.live
    record = _fitting(keeper, target, payload.get("changes"))
    moving = json.loads(record.moving)
    commit = Commit(keeper.id, seq=before.seq, fence=before.fence, resolve=str(work.key))
    if work.stored:
        outbox.settle(commit, keeper.id, work, before.seq + 1)
    commit.timers_cleared = list(live.timers.items())
    ended = list(live.invokes.items())
    commit.effects_cleared = ended
    commit.withdrawn = [place for place in ended if place[0] in live.table.human]
    commit.withdrawn += [(CALLS, generation) for _, generation in ended]
    children.end(keeper, commit, work, ended, now)
    offer_deferred(keeper, commit)
    if keeper.incident is not None:
        cause = keeper.incident.cause
        commit.forgiven = [cause, operator.calls_of(cause, keeper.id)]
    live.seq = before.seq + 1
    live.timers, live.invokes, live.dues, live.since = {}, {}, {}, {}
    commit.timers_set = _timers(keeper, moving, now - target.at)
    commit.effects_set = _invokes(keeper, commit, record, moving, target.causes, now)
    if any(invocation.undoes is not None for _, invocation in _running(keeper, moving)):
        commit.forgiven = [*commit.forgiven, UNDO]
    begun = Effects(invokes_started=[(i, live.invokes[v.id], 0) for i, v in _running(keeper, moving)])
    note_begun(live, commit, begun)
    made = {"g": live.generation, "t": live.timers, "i": live.invokes, "w": live.dues, "b": live.since}
    made["u"] = [astuple(deed) for deed in live.deeds]  # what was done since can still be undone
    place = {"p": live.place} if live.place is not None else {}
    delayed = {"s": live.delayed} if live.delayed else {}
    kept = {name: moving[name] for name in ("h", "d") if name in moving}
    status = before.status if before.status == Status.PAUSED else Status.RUNNING.value
    commit.record = replace(
        before,
        version=record.version,
        digest=record.digest,
        status=status,
        seq=before.seq + 1,
        config=record.config,
        moving=json.dumps({**{n: v for n, v in made.items() if v}, **kept, **place, **delayed}, separators=(",", ":")),
        context=record.context,
        output=None,
        closed=None,
    )
    finding.note(commit, keeper.codec, before, record.context, begins=before.seq == 0)
    commit.entry = _entry(before, commit.record, work, payload, now)
    if keeper.machine.__history__ == "full":
        commit.entry.past = past.kept(before, commit.record)
    notes = {id: tuple(json.loads(cause).values()) for id, cause in target.causes.items() if id in live.invokes}
    commit.entry.notes = json.dumps({"causes": notes}) if notes else ""
    started = list(commit.effects_set) if status == Status.RUNNING else []
    step = Step(work.key, keeper.live.at, [], before.seq + 1, False, None)
    return Turned(commit, work, step, started)


def _fitting(keeper: Kept, target: Then, changes: Mapping[str, Any] | None) -> Record:
    """The record as the class has it, with its context changed. Raises SnapshotUnfit, SnapshotNewer, ContextInvalid."""
    effects = [Effect(keeper.id, id, 0, target.record.context, cause) for id, cause in target.causes.items()]
    record = looked_at(keeper.machine, Loaded(target.record, effects=effects)).record
    return replace(record, context=changed(keeper.codec, record.context, changes)) if changes else record


def changed(codec: Any, context: bytes, changes: Mapping[str, Any]) -> bytes:
    """A context with other values in some of its fields. Raises ContextInvalid."""
    data = json.loads(context)
    fields = codec.chart.context.model_fields
    if unknown := [name for name in changes if name not in fields]:
        known = ", ".join(fields) or "none"
        raise ContextInvalid(f"{codec.chart.name}: the context has no field {unknown[0]!r}. Its fields: {known}.")
    try:
        made = codec.chart.context.model_validate_json(json.dumps({**data, **changes}))
    except (ValueError, TypeError) as problem:
        raise ContextInvalid(
            f"{codec.chart.name}: the changed context does not fit its type: {problem}. Nothing was changed."
        ) from problem
    encoded: bytes = codec.encode_context(made)
    return encoded


def _timers(keeper: Kept, moving: dict[str, Any], passed: float) -> list[Timer]:
    """The timers that ran then, with what was left of them."""
    live, found = keeper.live, []
    for key in moving.get("t", {}):
        live.generation += 1
        live.timers[key] = live.generation
        due = moving.get("w", {}).get(key, 0.0) + passed
        found.append(Timer(keeper.id, key, live.generation, max(due, keeper.host.clock())))
    return found


def _running(keeper: Kept, moving: dict[str, Any]) -> list[tuple[int, Any]]:
    return [(n, i) for n, i in enumerate(keeper.live.table.chart.invokes) if i.id in moving.get("i", {})]


def _invokes(
    keeper: Kept, commit: Commit, record: Record, moving: dict[str, Any], causes: dict[str, str], now: float
) -> list[Effect]:
    """The invokes that ran then, begun afresh on the context of that moment; and the children and human tasks."""
    live, effects = keeper.live, []
    vars(keeper.self_)["ctx"] = keeper.codec.decode_context(record.context)
    for index, invocation in _running(keeper, moving):
        live.generation += 1
        live.invokes[invocation.id] = live.generation
        told: dict[str, str] = json.loads(causes.get(invocation.id, outbox.cause_of("start", "{}")))
        if not invocation.aside:
            over = work_of(live, invocation, live.generation)
            cause = outbox.cause_of(told["event"], told["payload"], over)
            effects.append(Effect(keeper.id, invocation.id, live.generation, record.context, cause))
            continue
        begun = Effects(invokes_started=[(index, live.generation, 0)])
        try:
            event = keeper.codec.restore_event(told["event"], told["payload"])
            if invocation.person is not None:
                commit.tasks = [*commit.tasks, _task(keeper, commit, invocation, event, now)]
            else:
                children.begin(keeper, commit, begun, [(told["event"], live.table.beginning, event)], now)
        except FsmError:
            raise
        except Exception as problem:
            raise ContextInvalid(
                f"{record.machine} {keeper.id!r}: {invocation.id} cannot begin again:"
                f" {type(problem).__name__}: {problem}. Nothing was changed; choose another turn, or mend the class."
            ) from problem
    return effects


def _task(keeper: Kept, commit: Commit, invocation: Invocation, event: Event, now: float) -> Task:
    """A human task, asked anew; it is overdue when its timer says so, which has what was left of it."""
    table = keeper.live.table
    asked = question(table.chart.name, keeper.self_, invocation, keeper.live.generation, event)
    task = opened(asked, keeper.id, table.chart, now, keeper.host.calendar)
    keys = {t.trigger.key for t in table.timers_of.get(invocation.state, ()) if t.trigger.invoke == invocation.id}
    return replace(task, due=next((timer.due for timer in commit.timers_set if timer.key in keys), task.due))


def _entry(before: Record, after: Record, work: Work, payload: dict[str, Any], now: float) -> Entry:
    old, new = json.loads(before.config), json.loads(after.config)
    step = {
        "event": work.key,
        "transitions": [],
        "exited": [s for s in old if s not in new],
        "entered": [s for s in new if s not in old],
    }
    text = json.dumps({name: value for name, value in payload.items() if value is not None})
    return Entry(after.id, after.seq, work.ref, str(work.key), text, json.dumps([step]), after.config, now, 0.0)


def rewind_work(seq: int, by: str, reason: str, ref: str, at: float) -> Work:
    """The control that rewinds an instance. Raises InstanceError without a name or a reason."""
    if not by or not reason:
        raise InstanceError("a rewind is journaled with who asked for it and why: pass by= and reason=.")
    payload = json.dumps({"at": seq, "by": by, "reason": reason})
    return Work("control", f"operator:rewind#{ref}", "rewind", Started(), payload, at=at)
