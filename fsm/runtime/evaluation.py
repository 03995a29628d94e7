"""Evaluation: what a piece of work does to a live instance, and how that is undone."""

from __future__ import annotations

from fsm.core.heed import heed
from fsm.core.step import Taken
from fsm.core.turn import start, turn
from fsm.ports.store import Verdict
from fsm.runtime import children, outbox
from fsm.runtime.host import Duplicate, Lost
from fsm.runtime.kept import Kept
from fsm.runtime.scope import DurableLive
from fsm.runtime.work import Work


class Savepoint:
    """Where an instance stood before a turn. The context is not in it: it is made again from its bytes."""

    __slots__ = (
        "_at",
        "_deeds",
        "_delayed",
        "_dues",
        "_generation",
        "_histories",
        "_invokes",
        "_seq",
        "_since",
        "_timers",
    )

    def __init__(self, live: DurableLive) -> None:
        self._at, self._histories, self._delayed = live.at, live.histories, live.delayed
        self._timers, self._invokes = dict(live.timers), dict(live.invokes)
        self._dues, self._since, self._deeds = live.dues, live.since, live.deeds
        self._generation, self._seq = live.generation, live.seq

    def restore(self, live: DurableLive) -> None:
        """Go back to it; an instance that takes turns has not ended."""
        live.at, live.histories, live.delayed = self._at, self._histories, self._delayed
        live.timers, live.invokes = self._timers, self._invokes
        live.dues, live.since, live.deeds = self._dues, self._since, self._deeds
        live.generation, live.seq = self._generation, self._seq
        live.finished, live.output = False, None


def is_current(live: DurableLive, work: Work) -> bool:
    """Whether a start is the first, and a timer or result belongs to the present stay of its state."""
    if work.kind == "start":
        return live.seq == 0
    if work.kind == "timer" and work.key.startswith(children.TIMEOUT):
        return live.invokes.get(work.key.removeprefix(children.TIMEOUT)) == work.generation
    if work.kind == "timer":
        return live.timers.get(work.key) == work.generation
    if work.kind == "result":
        return live.invokes.get(work.key.split(".", 2)[2]) == work.generation
    return True


async def accepted(keeper: Kept, work: Work) -> None:
    """Make the cause of a turn durable, before the turn makes its first call. Raises Duplicate, Lost."""
    commit = outbox.accept(keeper, work)
    commit.inbox_max = None  # it is taken already
    if not commit.create:
        commit.fence = keeper.record.fence
    verdict = (await keeper.host.committer.submit([commit]))[0]
    if verdict is Verdict.DUPLICATE:
        raise Duplicate
    if verdict is Verdict.LOST:
        raise Lost(f"{keeper.record.machine} {keeper.id!r} is run by somebody else now, or was begun by somebody else")
    if commit.record is not None:
        keeper.record = commit.record
    work.stored = True


async def evaluate(keeper: Kept, work: Work) -> list[Taken]:
    """Take the turn in memory. Raises whatever keeps it from happening."""
    live = keeper.live
    if work.failure is not None and work.kind in ("fault", "event"):
        raise work.failure
    if work.kind == "start":
        return await start(live, work.event)
    if work.kind == "timer" and work.key.startswith(children.TIMEOUT):
        del live.invokes[work.key.removeprefix(children.TIMEOUT)]
        return await heed(live, *children.timed_out(keeper, work), strict=False)
    if work.kind == "timer":
        del live.timers[work.key]
    elif work.kind == "result":
        del live.invokes[work.key.split(".", 2)[2]]
    table = live.table
    strict = work.kind == "event" and (table.chart.unhandled != "ignore" or table.defers(live.at, work.key))
    if table.heeding and work.kind in ("event", "result"):
        return await heed(live, work.key, work.event, failure=work.failure, strict=strict)
    return await turn(live, work.key, work.event, failure=work.failure, strict=strict)
