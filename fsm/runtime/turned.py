"""Turned: an evaluated turn as one commit, with everything that becomes durable together."""

from __future__ import annotations

from dataclasses import replace

from fsm.core.answer import take_answer
from fsm.core.asking import asked
from fsm.core.calendar import due_at
from fsm.core.codec import event_payload
from fsm.core.effect import Effects, effects, overtaken
from fsm.core.step import Taken, event_name
from fsm.core.undo import UNDO, note
from fsm.errors import EntryExceeded
from fsm.limits import ENTRY_BYTES_MAX, INBOX_MACHINES_MAX, MICROSTEPS_MAX
from fsm.nearly import SHARE
from fsm.ports.store import Commit, Effect, Entry, Status, Timer
from fsm.ports.task import CALLS, opened
from fsm.runtime import children, finding, outbox, past, records
from fsm.runtime.host import Turned
from fsm.runtime.kept import Kept
from fsm.runtime.scope import DurableLive
from fsm.runtime.work import Work

_MANY = int(MICROSTEPS_MAX * SHARE)


def turned_by(keeper: Kept, work: Work, trace: list[Taken], took: float) -> Turned:
    """The commit of a turn that went well, and what it lets out. Raises ContextInvalid, EntryExceeded."""
    live, now = keeper.live, keeper.host.clock()
    before = live.saved
    assert before is not None
    if live.table.undoing:
        note(live, work.key, work.event, trace)
    begun = effects(live, trace) if live.moved else None
    touched = live.touched or work.kind == "start"
    context = keeper.codec.encode_context(keeper.self_.ctx, before) if touched else before
    read_seq = live.seq
    live.seq += 1
    if live.finished:
        live.timers, live.invokes = {}, {}
    commit = Commit(keeper.id, seq=read_seq, fence=keeper.record.fence, inbox_max=INBOX_MACHINES_MAX)
    if work.kind == "start" and not work.stored:
        outbox.begin(keeper, commit, now)
    answer = take_answer(live, work.event) if live.sending else None
    outbox.settle(commit, keeper.id, work, live.seq, answer)
    started = _effects(keeper, commit, work, begun, trace, context, now)
    outbox.deliver(keeper, commit, now)
    note_begun(live, commit, begun)
    if live.finished:
        children.answer(keeper, commit, Status.DONE, now)
    record = commit.record = records.write(live, keeper.record, context, keeper.codec, now)
    commit.entry = Entry(
        keeper.id,
        live.seq,
        work.ref,
        event_name(work.key),
        work.payload,
        records.steps_of(trace),
        record.config,
        now,
        took,
        notes=past.notes(live, work, begun, trace),
    )
    if len(trace) >= _MANY or len(commit.entry.payload) + len(commit.entry.steps) > ENTRY_BYTES_MAX:
        _check_size(keeper, commit.entry, len(trace))
    if live.executed:
        commit.statements = list(live.executed)
    if keeper.machine.__history__ == "full":
        commit.entry.past = past.kept(keeper.record, record)
    if live.table.chart.search:
        finding.note(commit, keeper.codec, keeper.record, context, begins=work.kind == "start")
    live.saved, keeper.record = context, record
    done = live.finished
    output = live.output if done else None
    step = records.step_of(answer, work.key, live.at, trace, live.seq, done, output)
    if keeper.deferred and any(plan.entered for _, plan, _ in trace):
        offer_deferred(keeper, commit)
    return Turned(commit, work, step, started)


def _check_size(keeper: Kept, entry: Entry, microsteps: int) -> None:
    """Refuse an entry that is too long, and warn of microsteps that become many. Raises EntryExceeded."""
    if microsteps >= _MANY:
        what, advice = f"turn on {entry.event!r}", "Give transitions that follow each other a guard that ends them."
        keeper.host.nearly.tell(keeper.id, what, microsteps, MICROSTEPS_MAX, unit="microsteps", advice=advice)
    size = len(entry.payload) + len(entry.steps)
    if size > ENTRY_BYTES_MAX:
        raise EntryExceeded(
            f"{keeper.record.machine} {keeper.id!r}: the journal entry of {entry.event!r} is {size:,} bytes long, the"
            f" limit is {ENTRY_BYTES_MAX:,}; {len(entry.payload):,} are its payload, the rest {microsteps:,} steps."
            f" Nothing was changed; let the payload be a reference, or take fewer steps for one event."
        )


def _effects(
    keeper: Kept, commit: Commit, work: Work, begun: Effects | None, trace: list[Taken], context: bytes, now: float
) -> list[Effect]:
    """Put timers and invokes into the commit; the invokes to start when it is durable."""
    cleared = list(begun.timers_cleared) if begun else []
    ended = list(begun.invokes_ended) if begun else []
    if work.kind == "timer":
        cleared.append((work.key, work.generation))
    elif work.kind == "result":
        invoke = work.key.split(".", 2)[2]
        ended.append((invoke, work.generation))
        if keeper.live.table.human:
            cleared += overtaken(keeper.live, invoke)
    commit.timers_cleared, commit.effects_cleared = cleared, ended
    if begun is not None and keeper.live.table.human:
        commit.withdrawn = [place for place in begun.invokes_ended if place[0] in keeper.live.table.human]
    if ended and keeper.host.services.escalates(keeper.record.machine):
        commit.withdrawn = [*commit.withdrawn, *((CALLS, generation) for _, generation in ended)]
    if keeper.live.table.parental:
        children.end(keeper, commit, work, ended, now)
    if begun is None or keeper.live.finished:
        return []
    calendar, chart = keeper.host.calendar, keeper.live.table.chart
    commit.timers_set = [Timer(keeper.id, k, g, due_at(calendar, k, now, ms)) for k, g, ms in begun.timers_set]
    if keeper.live.table.human:
        tasks = asked(keeper.live, begun, trace)
        commit.tasks = [opened(one, keeper.id, chart, now, calendar) for one in tasks]
    started = [
        Effect(
            keeper.id,
            chart.invokes[index].id,
            generation,
            context,
            outbox.cause_of(event_name(trace[number][0]), event_payload(trace[number][2]), begun.items.get(index, "")),
        )
        for index, generation, number in begun.invokes_started
        if not chart.invokes[index].aside
    ]
    commit.effects_set = started
    if any(chart.invokes[index].undoes is not None for index, _, _ in begun.invokes_started):
        commit.forgiven = [UNDO]  # what could not be undone is tried anew
    if keeper.live.table.parental:
        children.begin(keeper, commit, begun, trace, now)
    return started


def note_begun(live: DurableLive, commit: Commit, begun: Effects | None) -> None:
    """Remember when running timers come due, and which turns began running invokes."""
    if commit.timers_set or live.dues:
        due = live.dues | {timer.key: timer.due for timer in commit.timers_set}
        running = live.timers.keys() | {children.TIMEOUT + id for id in live.invokes}
        live.dues = {key: at for key, at in due.items() if key in running}
    started = begun.invokes_started if begun else ()
    if started or live.since:
        invokes = live.table.chart.invokes
        since = live.since | {invokes[index].id: live.seq for index, *_ in started}
        live.since = {id: seq for id, seq in since.items() if id in live.invokes}


def offer_deferred(keeper: Kept, commit: Commit) -> None:
    """Deferred events are offered again, oldest first, before what waits; in the store too, whoever goes on."""
    rows = [replace(outbox.row_of(keeper, work), state="waiting") for work in keeper.deferred]
    commit.settled = [*commit.settled, *rows]
    for work in reversed(keeper.deferred):
        work.again = True
        keeper.queue.appendleft(work)
    keeper.deferred.clear()
