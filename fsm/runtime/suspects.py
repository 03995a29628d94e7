"""Suspects: instances of which a turn was due when their worker died; one that kills is found, and parked.

    worker dies, and the next one ──▶ all whose same turn was due both times: suspects ──tried, one by one──▶ cleared
                                                             └─ the worker dies again: one more death ──▶ parked

Only those who were tried when a worker died have one more death, so whoever stood beside the culprit is never parked.
Nothing of this costs anything before a worker has died.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from fsm.core.step import event_name
from fsm.limits import DEATHS_MAX
from fsm.ports.store import Commit, Incident, Loaded, Status, Verdict
from fsm.runtime import logs, records
from fsm.runtime.claims import Claims
from fsm.runtime.host import Host
from fsm.runtime.kept import Kept
from fsm.runtime.work import Work

CRASH_LOOP = "crash_loop"
"""The kind of the incident of an instance whose turn has killed too many workers."""


class Suspects:
    """The suspects of one worker; one is tried at a time."""

    def __init__(self, host: Host, claims: Claims) -> None:
        self._host, self._claims = host, claims
        self._alone: anyio.Lock | None = None

    def __contains__(self, instance: str) -> bool:
        return instance in self._claims.suspects

    async def try_next(
        self, keeper: Kept, take: Callable[[Work], Awaitable[None]], flush: Callable[[], Awaitable[None]]
    ) -> Suspects | None:
        """Take the next turn of a suspect, and commit it: meanwhile no other one is tried, and the death of this worker
        counts against it. Gives None when it is no suspect any more. Raises StoreError."""
        await self._host.committer.aside()
        self._alone = self._alone or anyio.Lock()
        async with self._alone:
            await self._host.store.try_alone(self._claims.worker, keeper.id)
            if keeper.queue[0].kind == "control":  # it has come meanwhile, and goes first
                return self
            await take(keeper.queue.popleft())
            await flush()
        return None

    async def parked(self, loaded: Loaded) -> Loaded:
        """The instance, parked if its turn has killed too many workers. Raises StoreError."""
        record, now = loaded.record, self._host.clock()
        if record.status != Status.RUNNING or self._claims.suspects.get(record.id, 0) < DEATHS_MAX:
            return loaded
        deaths = (await self._host.store.deaths(self._claims.worker)).get(record.id, 0)
        due = _due(loaded, now)
        if deaths < DEATHS_MAX or due is None:  # somebody has decided to try it again meanwhile
            return loaded
        cause, event = due
        message = (
            f"{deaths} workers died in this turn of {record.machine} {record.id!r}, one after the other: whatever it"
            " runs ends the process (a crash of native code, memory that runs out, a kill)."
        )
        incident = Incident(record.id, CRASH_LOOP, message, cause, event, record.seq, now)
        commit = Commit(record.id, seq=record.seq, fence=record.fence, incident=incident)
        commit.record = records.with_status(record, Status.PARKED, now)
        if (await self._host.committer.submit([commit]))[0] is Verdict.COMMITTED:
            logs.parked(commit.record, CRASH_LOOP, event)
        return await self._host.store.load(record.id) or loaded


def _due(loaded: Loaded, now: float) -> tuple[str, str] | None:
    """Cause and event of the turn that is the next one, in the order of fsm/runtime/arrivals.py."""
    found = [
        (max(row.at, row.not_before), 0, row.n, row.ref, row.name)
        for row in loaded.inbox
        if row.state == "waiting" and row.lane != "control" and row.not_before <= now
    ]
    found += [
        (timer.due, 1, timer.generation, f"timer:{timer.key}#{timer.generation}", event_name(timer.key))
        for timer in loaded.timers
        if timer.due <= now
    ]
    return min(found)[3:] if found else None
