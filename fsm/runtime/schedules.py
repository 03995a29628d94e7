"""Schedules at work: what is due is fired, by one of the workers that declare it.

    row read ── due ──▶ one commit: the row moves on from the due time that was read, and what it does is written
                           ├─ COMMITTED ──▶ whoever has the instance goes on
                           └─ LOST ──▶ another worker was first: nothing was written

So a due time is fired once, whatever crashes, freezes or is deployed beside it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import anyio

from fsm.chart.event import wire_name
from fsm.core.table import codec_of
from fsm.errors import (
    FsmError,
    InboxFull,
    MachineUnknown,
    OrchestratorClosed,
    ScheduleInvalid,
    ScheduleUnknown,
    StoreError,
)
from fsm.limits import FIRINGS_AT_ONCE, INBOX_MAX
from fsm.ports.schedule import Firing, ScheduleRow
from fsm.ports.store import Accepted, Commit, Status, Store, Verdict
from fsm.runtime import outbox
from fsm.runtime.commit import Committer
from fsm.runtime.definitions import Definitions, definitions_of
from fsm.schedule.schedule import Schedule

logger = logging.getLogger("fsm.runtime")

LOOK_SECONDS = 1.0
"""How often the rows are read: what was paused, resumed or fired elsewhere is noticed within it."""

ABANDONED_SECONDS = 60.0
"""How long a due time of another rhythm waits until its workers are taken for gone: a late restart of an older release
may have declared it."""


class Host(Protocol):
    """What schedules need of the fleet."""

    store: Store
    committer: Committer
    open: bool

    def clock(self) -> float:
        """Seconds since the epoch."""
        ...

    def poke(self, instance: str) -> None:
        """Something was put into an instance's inbox."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a schedule stands, as people read it."""

    name: str
    rhythm: str
    does: str
    next: datetime
    last: datetime | None
    said: str
    paused: bool


class Schedules:
    """The schedules of the store, and those among them that this worker fires."""

    def __init__(self, host: Host, definitions: Definitions, declared: Sequence[Schedule]) -> None:
        self._host, self._definitions, self._declared = host, definitions, tuple(declared)
        self._wake = anyio.Event()
        self._complained: dict[str, float] = {}
        names = [schedule.name for schedule in self._declared]
        for schedule in self._declared:
            if names.count(schedule.name) > 1:
                raise ScheduleInvalid(f"Schedule({schedule.name!r})", ["another one has the same name"])
            if schedule.start is not None:
                definitions.admit(schedule.start)
                if not callable(schedule.data):
                    _context(schedule, _moment(0.0))

    def __bool__(self) -> bool:
        return bool(self._declared)

    # ---- for users

    async def list(self) -> list[Standing]:
        """All schedules of the store, in order of name. Raises StoreError."""
        return [standing(row) for row in await self._host.store.schedules()]

    async def pause(self, name: str) -> None:
        """Fire nothing until `resume`; what is missed meanwhile is dealt with then. Raises ScheduleUnknown."""
        await self._pause(name, paused=True)

    async def resume(self, name: str) -> None:
        """Fire again. Raises ScheduleUnknown."""
        await self._pause(name, paused=False)
        self.notice()

    async def _pause(self, name: str, *, paused: bool) -> None:
        if not await self._host.store.pause_schedule(name, paused=paused):
            raise ScheduleUnknown(f"no schedule {name!r} in the store; list() names those that there are")

    # ---- at work

    async def declare(self) -> None:
        """Keep what is declared here; what is known goes on where it stands. Raises StoreError."""
        await self._declare(self._declared)

    async def _declare(self, schedules: Sequence[Schedule]) -> None:
        now = _moment(self._host.clock()).replace(microsecond=0)
        await self._host.store.declare(
            [ScheduleRow(s.name, str(s.rhythm), s.does, s.rhythm.after(now).timestamp()) for s in schedules]
        )

    def notice(self) -> None:
        """Look now."""
        self._wake.set()

    async def serve(self) -> None:
        """Fire what is due until cancelled."""
        while True:
            self._wake = anyio.Event()
            try:
                pause = await self._look()
            except StoreError as problem:
                logger.warning("cannot fire what is scheduled: %s", problem)
                pause = LOOK_SECONDS
            except OrchestratorClosed:
                return
            with anyio.move_on_after(pause):
                await self._wake.wait()

    async def _look(self) -> float:
        """Fire what is due; how long it takes until something may be."""
        rows = {row.name: row for row in await self._host.store.schedules()}
        pause = LOOK_SECONDS
        for schedule in self._declared:
            row = rows.get(schedule.name)
            if row is None or row.paused:
                continue
            if row.rhythm == str(schedule.rhythm):
                pause = min(pause, await self._tried(schedule, row))
            elif row.next < self._host.clock() - ABANDONED_SECONDS:
                logger.warning("schedule %s: nobody fires %r any more; declared anew", row.name, row.rhythm)
                await self._declare([schedule])
        return max(pause, 0.0)

    async def _tried(self, schedule: Schedule, row: ScheduleRow) -> float:
        """The same for one of them; what one cannot write holds up no other."""
        try:
            return await self._catch_up(schedule, row)
        except StoreError as problem:
            logger.warning("schedule %s: what is due cannot be written: %s", schedule.name, problem)
            return LOOK_SECONDS

    async def _catch_up(self, schedule: Schedule, row: ScheduleRow) -> float:
        due = row.next
        for _ in range(FIRINGS_AT_ONCE):
            now = self._host.clock()
            if due > now:
                return due - now
            if not self._host.open:
                break
            try:
                fired, after = schedule.owed(_moment(due), _moment(now))
                commit, said = await self._delivery(schedule, fired)
            except StoreError:
                raise
            except Exception as problem:
                self._complain(schedule, due, problem)
                return LOOK_SECONDS
            last = row.last if fired is None else fired.timestamp()
            commit.firing = Firing(schedule.name, row.rhythm, due, after.timestamp(), last, said)
            verdict = (await self._host.committer.submit([commit]))[0]
            if verdict is Verdict.FULL:
                full = f"{INBOX_MAX:,} events wait for {commit.accepted[0].instance!r} already"
                self._complain(schedule, due, InboxFull(full))
            if verdict is not Verdict.COMMITTED:
                return LOOK_SECONDS
            for accepted in commit.accepted:
                self._host.poke(accepted.instance)
            due = commit.firing.next
            row.last = last
        return 0.0 if self._host.open else LOOK_SECONDS

    def _complain(self, schedule: Schedule, due: float, problem: Exception) -> None:
        """Say once for each due time what stands in its way; it is tried again until it is away."""
        if self._complained.get(schedule.name) != due:
            self._complained[schedule.name] = due
            unknown = isinstance(problem, MachineUnknown)
            logger.log(
                logging.INFO if unknown else logging.ERROR,
                "schedule %s: what is due at %s cannot be done: %s",
                schedule.name,
                _moment(due).isoformat(),
                problem,
                exc_info=None if unknown else problem,
            )

    # ---- what is due, as a commit

    async def _delivery(self, schedule: Schedule, due: datetime | None) -> tuple[Commit, str]:
        """What is written when a schedule is fired, and what is said of it."""
        commit = Commit(f"schedule:{schedule.name}")
        if due is None:
            return commit, "missed"
        if schedule.start is not None:
            return commit, self._start(commit, schedule, due)
        return commit, await self._send(commit, schedule, due)

    def _start(self, commit: Commit, schedule: Schedule, due: datetime) -> str:
        machine, id, now = schedule.start, schedule.named(due), self._host.clock()
        assert machine is not None
        commit.started = [outbox.beginning(machine, id, _context(schedule, due), now)]
        commit.accepted = [Accepted(id, f"start@{id}", "start", "{}", lane="start", at=now)]
        commit.definitions = definitions_of([machine], now)
        return f"started {id}"

    async def _send(self, commit: Commit, schedule: Schedule, due: datetime) -> str:
        assert schedule.send is not None
        to, event = schedule.send
        loaded = await self._host.store.load(to)
        if loaded is None or Status(loaded.record.status).ended:
            said = f"there is no {to}" if loaded is None else f"{to} is {loaded.record.status}"
            logger.warning("schedule %s: nothing was sent, %s", schedule.name, said)
            return said
        made: Any = event(due) if callable(event) else event
        codec = codec_of(await self._definitions.machine_of(loaded.record))
        codec.check_event(made)
        row = Accepted(
            to, f"schedule:{schedule.named(due)}", wire_name(made), codec.encode_event(made), at=self._host.clock()
        )
        commit.accepted = [row]
        return f"sent {row.name} to {to}"


def standing(row: ScheduleRow) -> Standing:
    """A row as people read it."""
    last = None if row.last is None else _moment(row.last)
    return Standing(row.name, row.rhythm, row.does, _moment(row.next), last, row.said, bool(row.paused))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _context(schedule: Schedule, due: datetime) -> bytes:
    """The data of what is started. Raises ScheduleInvalid."""
    assert schedule.start is not None
    codec = codec_of(schedule.start)
    data: Any = schedule.data(due) if callable(schedule.data) else schedule.data
    try:
        return codec.encode_context(codec.default_context() if data is None else data)
    except FsmError as problem:
        raise ScheduleInvalid(f"Schedule({schedule.name!r})", [f"data={data!r}: {problem}"]) from problem
