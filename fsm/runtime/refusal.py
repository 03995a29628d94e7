"""Refusal: an event that the instance does not take, or has taken already."""

from __future__ import annotations

from fsm.core.step import event_name
from fsm.errors import EventError, FsmError, InboxFull, InstanceEnded, TurnTimeout
from fsm.limits import INBOX_MAX, TURN_SECONDS_MAX
from fsm.nearly import SHARE
from fsm.ports.store import Record, Verdict
from fsm.runtime import outbox
from fsm.runtime.host import Host, Lost
from fsm.runtime.kept import Kept
from fsm.runtime.work import Work


def ended(record: Record) -> InstanceEnded:
    """The error for an event to an instance that has ended."""
    return InstanceEnded(
        f"{record.machine} {record.id!r} is {record.status} and takes no more events; start another one.",
        instance=record.id,
    )


def timed_out(record: Record, work: Work) -> TurnTimeout:
    """The error for a turn that took too long."""
    return TurnTimeout(
        f"{record.machine} {record.id!r}: the turn on {event_name(work.key)!r} took longer than"
        f" {TURN_SECONDS_MAX:g} s and was rolled back. Move long work into an invoke, then retry."
    )


def full(machine: str, instance: str, event: str) -> InboxFull:
    """The error for an event to an instance for which too many wait."""
    return InboxFull(
        f"{machine} {instance!r}: {INBOX_MAX:,} events wait already and {event!r} was not added; send it again later.",
        event=event,
        instance=instance,
    )


def nearly_full(host: Host, instance: str, waiting: int) -> None:
    """Warn where the events that wait come near their limit."""
    if waiting < INBOX_MAX * SHARE:
        return
    advice = "Find out why they are taken more slowly than they are sent."
    host.nearly.tell(instance, "inbox", waiting, INBOX_MAX, unit="events", advice=advice)


def answer_twin(keeper: Kept, work: Work) -> None:
    """The key was taken by another process meanwhile: its event is this one."""
    keeper.known.discard(work.ref)
    keeper.host.start_soon(keeper.host.answer_duplicate, keeper, work)


async def let_go(keeper: Kept, work: Work, problem: FsmError | None = None) -> None:
    """A late answer, timer or second start is not applied; its row does not come back. Raises Lost."""
    keeper.known.discard(work.ref)
    commit = outbox.let_go(keeper, work, problem)
    if commit is not None and (await keeper.host.committer.submit([commit]))[0] is Verdict.LOST:
        keeper.queue.appendleft(work)
        raise Lost(f"{keeper.record.machine} {keeper.id!r} is run by somebody else now; read it again")


async def refuse(keeper: Kept, work: Work, problem: EventError) -> None:
    """Of a refused event only its key's outcome is kept; a deferring machine keeps the event. Raises Lost."""
    deferred = keeper.live.table.keeps(keeper.live.at, work.key, problem)
    commit = outbox.defer(keeper, work) if deferred else outbox.refuse(keeper, work, problem)
    verdict = (await keeper.host.committer.submit([commit]))[0]
    if verdict is Verdict.LOST:
        raise Lost(f"{keeper.record.machine} {keeper.id!r} was moved by somebody else; read it again")
    if verdict is Verdict.DUPLICATE:
        answer_twin(keeper, work)
    elif deferred:
        work.stored = True
        keeper.deferred.append(work)
    else:
        keeper.known.discard(work.ref)
        work.fail(problem)
