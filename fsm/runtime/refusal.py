"""Refusal: an event that the instance does not take, or has taken already."""

from __future__ import annotations

from fsm.errors import EventError, InstanceEnded
from fsm.ports.store import Record, Verdict
from fsm.runtime import outbox
from fsm.runtime.kept import Kept
from fsm.runtime.work import Work


def ended(record: Record) -> InstanceEnded:
    """The error for an event to an instance that has ended."""
    return InstanceEnded(
        f"{record.machine} {record.id!r} is {record.status} and takes no more events; start another one.",
        instance=record.id,
    )


def answer_twin(keeper: Kept, work: Work) -> None:
    """The key was taken by another process meanwhile: its event is this one."""
    keeper.known.discard(work.ref)
    keeper.host.start_soon(keeper.host.answer_duplicate, keeper, work)


async def refuse(keeper: Kept, work: Work, problem: EventError) -> None:
    """Of a refused event only its key's outcome is kept; a deferring machine keeps the event."""
    deferred = keeper.live.table.keeps(keeper.live.at, work.key, problem)
    commit = outbox.defer(keeper, work) if deferred else outbox.refuse(keeper, work, problem)
    if commit is not None and (await keeper.host.committer.submit([commit]))[0] is Verdict.DUPLICATE:
        answer_twin(keeper, work)
    elif deferred:
        work.stored = True
        keeper.deferred.append(work)
    else:
        keeper.known.discard(work.ref)
        work.fail(problem)
