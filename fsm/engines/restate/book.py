"""The book of one object: the store that a turn sees inside a handler, and what its commits become outside of it.

    commit ──▶ record, inbox, timers, effects, incident, calls   the state of the object
           ──▶ events for others, instances begun                messages
           ──▶ timers, effects set and cleared                   delayed messages, invocations, cancellations
           ──▶ everything                                        the view

Nothing of it leaves before the handler says so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, Final

from fsm.core.undo import UNDO
from fsm.engines.restate.packing import packed, text_of, unpacked
from fsm.errors import EngineUnfit
from fsm.ports.attempt import Attempt
from fsm.ports.store import Accepted, CallRow, Commit, Definition, Effect, Incident, Loaded, Record, Timer, Verdict

STATE: Final = frozenset(
    {
        "instance", "seq", "fence", "record", "create", "accepted", "settled", "amended", "timers_set",
        "timers_cleared", "effects_set", "effects_cleared", "calls", "attempts", "forgiven", "repeated", "started",
        "incident", "resolve",
    }
)  # fmt: skip
"""What the object keeps, or sends."""
VIEW_ONLY: Final = frozenset(
    {
        "entry", "definitions", "attributes", "attributes_anew", "progress", "expel", "worker", "tasks", "withdrawn",
        "inbox_max",
    }
)  # fmt: skip
"""What is only looked at, in the view."""
REFUSED: Final = frozenset({"statements", "firing"})
"""What cannot be done here."""


def unknown_fields() -> list[str]:
    """The fields of a commit that nobody has thought of here; there must be none."""
    return sorted({field.name for field in fields(Commit)} - STATE - VIEW_ONLY - REFUSED)


def _opened(row: Accepted) -> bool:
    return row.state in ("waiting", "deferred")


class Book:
    """What one object keeps, for the time of one handler."""

    executes = False

    def __init__(self, instance: str, state: bytes | None) -> None:
        kept: dict[str, Any] = json.loads(state or b"{}")
        self.instance = instance
        self.record = unpacked(Record, kept["record"]) if "record" in kept else None
        self.inbox = {row["ref"]: unpacked(Accepted, row) for row in kept.get("inbox", [])}
        self.timers = [unpacked(Timer, row) for row in kept.get("timers", [])]
        self.effects = [unpacked(Effect, row) for row in kept.get("effects", [])]
        self.incident = unpacked(Incident, kept["incident"]) if kept.get("incident") else None
        self.recorded = [unpacked(CallRow, row) for row in kept.get("calls", [])]
        self.tries = [unpacked(Attempt, row) for row in kept.get("attempts", [])]
        self.running: dict[str, str] = kept.get("running", {})
        """The invocations that were begun for timers and invokes."""
        self.commits: list[Commit] = []
        self.settled: dict[str, Accepted] = {}
        self.sent: list[tuple[Accepted, Record | None]] = []
        self.set: list[Timer] = []
        self.begun: list[Effect] = []
        self.ended: list[str] = []
        """Invocations that are to be cancelled."""

    def state(self) -> bytes:
        """What the object keeps."""
        kept: dict[str, Any] = {
            "inbox": [packed(row) for row in self.inbox.values()],
            "timers": [packed(row) for row in self.timers],
            "effects": [packed(row) for row in self.effects],
            "calls": [packed(row) for row in self.recorded],
            "attempts": [packed(row) for row in self.tries],
            "running": self.running,
        }
        if self.record is not None:
            kept["record"] = packed(self.record)
        if self.incident is not None:
            kept["incident"] = packed(self.incident)
        return text_of(kept)

    # ---- what a turn asks of its store

    async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
        """Take commits in; in a handler nothing can come between. Raises EngineUnfit."""
        for commit in batch:
            refused = [name for name in sorted(REFUSED) if getattr(commit, name)]
            if refused:
                raise EngineUnfit("Restate", [f"a turn of {self.instance!r} has {', '.join(refused)}"])
            self._apply(commit)
        return [Verdict.COMMITTED] * len(batch)

    async def load(self, instance: str) -> Loaded | None:
        """The object itself."""
        if self.record is None or instance != self.instance:
            return None
        return Loaded(self.record, list(self.inbox.values()), self.timers, self.effects, self.incident)

    async def calls(self, instance: str, cause: str) -> list[CallRow]:
        """The recorded calls of one cause, as far as it is open."""
        return [row for row in self.recorded if row.cause == cause]

    async def attempts(self, instance: str, cause: str | None = None) -> list[Attempt]:
        """The attempts of one cause."""
        return [row for row in self.tries if cause in (None, row.cause)]

    async def find(self, *, ids: Sequence[str] = (), **_: Any) -> list[Record]:
        """Others, of which nothing is known here but their ids: who has ended lets messages go."""
        assert self.record is not None
        return [replace(self.record, id=id, status="running") for id in ids]

    async def definition(self, machine: str, version: str) -> Definition | None:
        """Nothing: definitions are in the view."""
        return None

    # ---- what a commit becomes

    def _apply(self, commit: Commit) -> None:
        if commit.record is not None:
            self.record = commit.record
        records = {record.id: record for record in commit.started}
        for row in commit.accepted:
            if row.instance == self.instance and (not _opened(row) or row.state == "deferred" or row.ref in self.inbox):
                self._keep(row)
            else:
                self.sent.append((row, records.get(row.instance)))
        shown = [row for row in commit.accepted if all(row is not sent for sent, _ in self.sent)]
        commit.inbox_max = None  # the engine has the queues: what it has taken is shown
        commit.accepted, commit.started = shown, [r for r in commit.started if r.id == self.instance]
        for row in commit.settled:
            self._settle(row)
        for row in commit.amended:
            if row.ref in self.inbox:
                self.inbox[row.ref] = replace(self.inbox[row.ref], payload=row.payload)
        self._time(commit)
        self._remember(commit)
        if commit.resolve is not None:
            self.incident = None
        self.incident = commit.incident or self.incident
        self.commits.append(commit)

    def _keep(self, row: Accepted) -> None:
        if _opened(row):
            self.inbox[row.ref] = row

    def _settle(self, row: Accepted) -> None:
        kept = self.inbox.get(row.ref)
        if kept is not None and _opened(row):
            self.inbox[row.ref] = replace(kept, state=row.state)
        elif kept is not None:
            del self.inbox[row.ref]
            self.settled[row.ref] = row
            self._forget(row.ref)

    def _forget(self, ref: str) -> None:
        """The calls of a cause that was dealt with; what was undone is kept."""
        mine = {ref}
        if ref.startswith("result:"):
            mine.add(ref.replace("result:", "invoke:", 1).removesuffix(f"@{self.instance}"))
        self.recorded = [row for row in self.recorded if row.cause not in mine or row.cause == UNDO]
        self.tries = [row for row in self.tries if row.cause not in mine or row.cause == UNDO]

    def _time(self, commit: Commit) -> None:
        """Timers and effects: first what ends, then what begins."""
        for key, generation in commit.timers_cleared:
            self.timers = [t for t in self.timers if (t.key, t.generation) != (key, generation)]
            self.set = [t for t in self.set if (t.key, t.generation) != (key, generation)]
            self._forget(f"timer:{key}#{generation}")
            self._end(f"timer:{key}#{generation}")
        for key, generation in commit.effects_cleared:
            self.effects = [e for e in self.effects if (e.key, e.generation) != (key, generation)]
            self.begun = [e for e in self.begun if (e.key, e.generation) != (key, generation)]
            self._end(f"invoke:{key}#{generation}")
        self.timers += commit.timers_set
        self.set += commit.timers_set
        for effect in commit.effects_set:
            known = [e for e in self.effects if (e.key, e.generation) == (effect.key, effect.generation)]
            self.effects = [*(e for e in self.effects if e not in known), effect]
            if not known:
                self.begun.append(effect)

    def _end(self, place: str) -> None:
        invocation = self.running.pop(place, "")
        if invocation:
            self.ended.append(invocation)

    def _remember(self, commit: Commit) -> None:
        begins = ('{"error"', '{"once"') if commit.repeated else ('{"error"',)
        self.recorded = [r for r in self.recorded if r.cause not in commit.forgiven or not r.answer.startswith(begins)]
        known = {(row.cause, row.method, row.digest, row.k) for row in self.recorded}
        self.recorded += [r for r in commit.calls if (r.cause, r.method, r.digest, r.k) not in known]
        for attempt in commit.attempts:
            self.tries = [row for row in self.tries if (row.call, row.n) != (attempt.call, attempt.n)]
            self.tries.append(attempt)

    def adopt(self, now: float) -> None:
        """Take in what another engine has left: its timers are set, what is delayed is sent once more."""
        self.set = list(self.timers)
        for row in [row for row in self.inbox.values() if row.state == "waiting" and row.not_before > now]:
            del self.inbox[row.ref]
            self.sent.append((row, None))

    # ---- the end of a handler

    def begin_again(self, effect: Effect) -> None:
        """An invoke is to be run again whose answer did not help."""
        place = f"invoke:{effect.key}#{effect.generation}"
        if place not in self.running and effect not in self.begun:
            self.begun.append(effect)

    def close(self) -> list[Commit]:
        """What the view is to be told: the last commit raises the fence, so that it is told once."""
        if self.record is None:
            return []
        before, self.record = self.record, replace(self.record, fence=self.record.fence + 1)
        last = Commit(self.instance, seq=before.seq, fence=before.fence, record=self.record)
        return [*self.commits, last]
