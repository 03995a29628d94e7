"""Parking: an instance that cannot go on waits with an incident, until somebody retries or cancels it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from fsm.core.step import Step, Taken, event_name
from fsm.core.turn import leave
from fsm.core.undo import UNDO
from fsm.errors import FsmError, InstanceError, InstanceParked, SearchInvalid
from fsm.ports.store import Commit, Incident, Record, Status, Verdict
from fsm.runtime import children, finding, logs, operator, outbox, past, records, refusal, rewinding
from fsm.runtime.host import Crowded, Lost
from fsm.runtime.kept import Kept
from fsm.runtime.termination import terminate_by
from fsm.runtime.turned import turned_by
from fsm.runtime.work import Work


def parked_error(record: Record, incident: Incident | None) -> InstanceParked:
    """The error for whoever wants something of a parked instance."""
    why = f"{incident.kind} on {incident.event!r}: {incident.message}" if incident else "see its incidents"
    return InstanceParked(
        f"{record.machine} {record.id!r} is parked: {why} — Events stay accepted; mend the cause and retry"
        f" (orchestrator.retry({record.id!r}) or `fsm retry {record.id}`).",
        instance=record.id,
        incident=incident.kind if incident else "",
    )


async def park(keeper: Kept, work: Work, problem: Exception) -> None:
    """Park an instance because of a turn that failed; its cause is kept and evaluated again on retry."""
    now = keeper.host.clock()
    commit = Commit(keeper.id, seq=keeper.record.seq, fence=keeper.record.fence, inbox_max=None)
    commit.incident = Incident(
        keeper.id, type(problem).__name__, str(problem), work.ref, event_name(work.key), keeper.record.seq, now
    )
    if work.kind == "start" and not work.stored:
        outbox.begin(keeper, commit, now)
    commit.record = records.with_status(keeper.record, Status.PARKED, now)
    if work.kind == "start":
        with suppress(SearchInvalid):
            finding.note(commit, keeper.codec, keeper.record, keeper.record.context, begins=True)
    rows = []
    # a failed invoke runs again on retry, a timer stays due: only events and answers have to be kept
    runs_again = work.kind in ("timer", "fault") or (work.kind == "result" and str(work.key).startswith("error."))
    if not runs_again and not work.stored:
        rows.append(outbox.row_of(keeper, work))
    behind = [w for w in keeper.queue if w.kind == "event"]
    rows += [outbox.row_of(keeper, w) for w in behind if not w.stored]
    commit.accepted = rows
    if runs_again and work.stored and work.kind == "result":
        commit.settled = [replace(outbox.row_of(keeper, work), state="refused", outcome=None)]
    if (await keeper.host.committer.submit([commit]))[0] is not Verdict.COMMITTED:
        raise Lost(f"{keeper.record.machine} {keeper.id!r} was moved by somebody else; read it again")
    keeper.record, keeper.incident = commit.record, commit.incident
    logs.parked(commit.record, commit.incident.kind, commit.incident.event)
    for one in behind:
        one.stored = True
    if runs_again:
        keeper.known.discard(work.ref)
    else:
        work.stored = work.again = True
        keeper.queue.insert(sum(w.kind == "control" for w in keeper.queue), work)  # a retry may have come already
    error = parked_error(keeper.record, keeper.incident)
    error.__cause__ = problem
    for one in (work, *behind):
        one.fail(error)
    keeper.tell()


async def control(keeper: Kept, work: Work) -> None:
    """Retry, skip, resolve, cancel, terminate, pause, resume, rewind. Raises InstanceError where that does not fit."""
    verb, status = str(work.key), keeper.status
    if status.ended:
        raise refusal.ended(keeper.record)
    match verb:
        case "retry" | "repeat" | "skip" | "resolve" if status is Status.PARKED:
            await _go_on(keeper, work, operator.resolution(work))
        case "resume" if status is Status.PAUSED:
            await _go_on(keeper, work, None)
        case "pause" if status is Status.RUNNING:
            await _change(keeper, work, Status.PAUSED, None)
        case "cancel":
            await _cancel(keeper, work)
        case "rewind" | "fork":
            await rewinding.control(keeper, work)
        case "terminate":
            await terminate_by(keeper.host, keeper.id, work.ref, work.payload)
            raise Lost(f"{keeper.record.machine} {keeper.id!r} was terminated")
        case _:
            raise InstanceError(
                f"{keeper.record.machine} {keeper.id!r} is {status.value}: there is nothing to {verb}.",
                instance=keeper.id,
            )
    work.give(Step(verb, keeper.live.at, [], keeper.record.seq, keeper.live.finished, keeper.live.output))


async def _change(
    keeper: Kept, work: Work, status: Status, resolve: str | None, forgiven: list[str] | None = None
) -> None:
    record = records.with_status(keeper.record, status, keeper.host.clock())
    commit = Commit(keeper.id, seq=keeper.record.seq, fence=keeper.record.fence, record=record, resolve=resolve)
    commit.forgiven, commit.repeated = forgiven or [], work.key == "repeat"
    if work.stored:
        commit.settled = [replace(outbox.row_of(keeper, work), state="consumed")]
    apply = await operator.decide(keeper, work, commit) if resolve is not None else None
    if (await keeper.host.committer.submit([commit]))[0] is not Verdict.COMMITTED:
        raise Lost(f"{keeper.record.machine} {keeper.id!r} was moved by somebody else; read it again")
    keeper.record = commit.record or record
    if apply is not None:
        apply()
    keeper.tell()


async def _go_on(keeper: Kept, work: Work, resolution: str | None) -> None:
    forgiven: list[str] = []
    if keeper.incident is not None and resolution is not None:
        cause = keeper.incident.cause
        forgiven = [cause, operator.calls_of(cause, keeper.id), UNDO]
    await _change(keeper, work, Status.RUNNING, resolution, forgiven)
    for waiting in keeper.queue:
        waiting.again, waiting.attempt = True, waiting.attempt + 1
    keeper.incident = None
    loaded = await keeper.host.store.load(keeper.id)
    if loaded is None:
        raise FsmError(f"{keeper.id!r} is no longer in the store")
    keeper.adopt(loaded)
    keeper.host.timers.notice(0.0)


async def _cancel(keeper: Kept, work: Work) -> None:
    """The turn of a cancel, committed by itself: every state is left, nothing is entered."""
    live, before = keeper.live, keeper.record
    live.begin_turn(work.ref, keeper.host.clock())
    trace: list[Taken] = []
    recorded = await keeper.host.store.calls(keeper.id, work.ref) if work.again else ()
    keeper.journal.begin(work.ref, 1, recorded)
    keeper.current = work
    try:
        await leave(live, work.event, trace)
        turned = turned_by(keeper, work, trace, 0.0)
    except BaseException:
        rewinding.be(keeper, before)
        raise
    children.answer(keeper, turned.commit, Status.CANCELLED, keeper.host.clock())
    live.timers, live.invokes = {}, {}
    keeper.record = records.with_status(keeper.record, Status.CANCELLED, keeper.host.clock())
    turned.commit.record, turned.commit.resolve = keeper.record, "cancelled"
    past.mark_end(turned.commit)
    try:
        await keeper.commit(turned, before)
    except Crowded as problem:
        raise problem.told from None  # an operator waits for this, and may terminate instead
