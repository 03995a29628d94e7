"""The store in memory: the same promises on dicts, for tests and for what need not outlive the process.

The data live as long as the store object, so that closing it and opening it again is a restart. Everything is checked
before anything is applied; rows are copied on their way in and out, for a row in a database has no aliases either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter

from fsm.errors import StatementFailed, StoreError
from fsm.ports.store import Accepted, Commit, Record, Status, Verdict
from fsm.ports.task import CALLS, OPEN, Task
from persistence.memory_claims import MemoryClaims
from persistence.memory_queries import MemoryQueries
from persistence.memory_retention import MemoryRetention
from persistence.memory_rows import (
    accepted_copy,
    attempt_copy,
    call_copy,
    effect_copy,
    entry_copy,
    incident_copy,
    record_copy,
    timer_copy,
)
from persistence.memory_schedules import MemorySchedules
from persistence.resolution import resolved_at
from persistence.room import Room


class MemoryStore(MemoryQueries, MemoryClaims, MemorySchedules, MemoryRetention):
    """A store that lives as long as its object.

        store = MemoryStore()
        await store.open(owner=True)

    Guarantees what every store does, as far as a process can: a commit is applied whole or not at all.
    """

    async def open(self, *, owner: bool) -> None:
        """Open the store."""
        self._opened += 1

    async def close(self) -> None:
        """Close what was opened once; the data stay. May be called twice."""
        self._opened = max(0, self._opened - 1)

    async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
        """Write several turns; a verdict for each."""
        return self.commit_now(batch)

    def commit_now(self, batch: Sequence[Commit]) -> list[Verdict]:
        """Write several turns; nothing here ever waits."""
        self._check_open()
        self._sizes.watch(batch)
        verdicts: list[Verdict] = []
        lost: set[str] = set()
        for commit in batch:
            verdict = Verdict.LOST if commit.read and commit.instance in lost else self._verdict(commit)
            if verdict is Verdict.COMMITTED:
                self._apply(commit)
            elif verdict is Verdict.LOST:
                lost.add(commit.instance)
            verdicts.append(verdict)
        return verdicts

    async def tasks(self, *, statuses: Sequence[str] = (), limit: int = 1000, **equal: str | None) -> list[Task]:
        """Human tasks, those that were opened first before others."""
        self._check_open()
        wanted = {name: value for name, value in equal.items() if value is not None}
        found = [
            task
            for task in self._tasks.values()
            if (not statuses or task.status in statuses) and all(getattr(task, n) == v for n, v in wanted.items())
        ]
        return sorted(found, key=attrgetter("opened", "id"))[:limit]

    def _verdict(self, commit: Commit) -> Verdict:
        if commit.statements:
            raise StatementFailed("memory://: there are no tables to execute statements on. Nothing was written.")
        record = self._records.get(commit.instance)
        if commit.create:
            assert commit.record is not None, f"{commit.instance}: a commit that creates carries the record"
            if record is not None:
                return Verdict.LOST
        elif commit.read and not _as_read(record, commit):
            return Verdict.LOST
        if commit.firing is not None and not self._may_fire(commit.firing):
            return Verdict.LOST
        if any(row.state == "consumed" and not self._is_open_row(row.ref) for row in commit.settled):
            return Verdict.LOST
        if not all(self._stands(task) for task in commit.tasks if task.revision):
            return Verdict.LOST
        keys: set[tuple[str, str]] = set()
        for row in commit.accepted:
            if row.key is not None:
                place = (row.instance, row.key)
                if place in self._keys or place in keys or row.ref in self._inbox:
                    return Verdict.DUPLICATE
                keys.add(place)
        if commit.accepted and not Room(self._waiting, self._has_ended).admits(commit):
            return Verdict.FULL
        seqs = self._journal.get(commit.instance)
        if commit.entry is not None and seqs and commit.entry.seq <= seqs[-1].seq:
            raise StoreError(
                f"memory://, writing {commit.instance!r}: its journal has an entry {commit.entry.seq} already. Nothing"
                " was written. This is a bug: report it."
            )
        return Verdict.COMMITTED

    def _waiting(self, instance: str, most: int) -> int:
        return len(self._open_rows.get(instance, ()))

    def _has_ended(self, instance: str) -> bool:
        record = self._records.get(instance)
        return record is not None and Status(record.status).ended

    def _name(self, commit: Commit) -> None:
        """What the instance is found by."""
        if commit.attributes_anew:
            self._attributes.pop(commit.instance, None)
        for attribute in commit.attributes:
            own = self._attributes.setdefault(attribute.instance, {})
            if attribute.value is None:
                own.pop(attribute.name, None)
            else:
                own[attribute.name] = attribute.value

    def _ask(self, commit: Commit) -> None:
        """Human tasks."""
        for id, task in self._tasks.items() if commit.withdrawn else ():
            if task.instance != commit.instance:
                continue
            undone_call = task.name.startswith(CALLS) and task.status in OPEN
            if (CALLS if undone_call else task.name, task.generation) in commit.withdrawn:
                closed, revision = resolved_at(commit), task.revision + 1
                self._tasks[id] = replace(task, status="withdrawn", closed=closed, revision=revision)
        self._tasks |= {task.id: task for task in commit.tasks}

    def _apply(self, commit: Commit) -> None:
        instance = commit.instance
        if commit.record is not None and (commit.create or commit.seq is not None):
            self._move(commit.record)
        if commit.firing is not None:
            self._fire(commit.firing)
        for definition in commit.definitions:
            self._definitions[definition.machine, definition.version] = replace(definition)
        for record in commit.started:
            self._records.setdefault(record.id, record_copy(record))
        for row in commit.accepted:
            self._accept(row)
        for row in commit.settled:
            self._settle(row)
        for row in commit.amended:
            if self._is_open_row(row.ref):
                self._inbox[row.ref].payload = row.payload
        if commit.entry is not None:
            self._journal.setdefault(instance, []).append(entry_copy(commit.entry))
        # First what ends, then what begins: a state that is left and entered again sets its timer anew.
        for ended in commit.timers_cleared:
            self._timers.get(instance, {}).pop(ended, None)
        for ended in commit.effects_cleared:
            self._effects.get(instance, {}).pop(ended, None)
        for timer in commit.timers_set:
            self._timers.setdefault(timer.instance, {})[timer.key, timer.generation] = timer_copy(timer)
        for effect in commit.effects_set:
            self._effects.setdefault(effect.instance, {})[effect.key, effect.generation] = effect_copy(effect)
        for effect in commit.progress:
            opened = self._effects.get(instance, {}).get((effect.key, effect.generation))
            if opened is not None:
                opened.progress = effect.progress
        for cause in commit.forgiven:
            kept = self._calls.get(commit.instance, {})
            begins = ('{"error"', '{"once"') if commit.repeated else ('{"error"',)
            failed = [place for place, call in kept.items() if call.cause == cause and call.answer.startswith(begins)]
            for place in failed:
                del kept[place]
        for call in commit.calls:
            place = (call.cause, call.method, call.digest, call.k)
            self._calls.setdefault(call.instance, {}).setdefault(place, call_copy(call))
        for attempt in commit.attempts:
            kept_attempts, number = self._attempts.setdefault(attempt.instance, {}), (*attempt.call, attempt.n)
            if number not in kept_attempts or kept_attempts[number].runs <= attempt.runs:
                kept_attempts[number] = attempt_copy(attempt)
        self._name(commit)
        self._ask(commit)
        if commit.resolve is not None:
            for incident in self._incidents:
                if incident.instance == instance and incident.resolved is None:
                    incident.resolved, incident.resolution = resolved_at(commit), commit.resolve
        if commit.incident is not None:
            commit.incident.id = len(self._incidents) + 1
            self._incidents.append(incident_copy(commit.incident))
        self._mark(commit)

    def _stands(self, task: Task) -> bool:
        kept = self._tasks.get(task.id)
        return kept is not None and kept.status in OPEN and kept.revision == task.revision - 1

    def _move(self, record: Record) -> None:
        before = self._records.get(record.id)
        moved = record_copy(record)
        if before is not None:
            # What an instance is born with stays, whatever the caller says; the SQL stores do not write it either.
            moved.machine, moved.origin, moved.parent = before.machine, before.origin, before.parent
            moved.created, moved.base = before.created, before.base
        self._records[record.id] = moved

    def _accept(self, row: Accepted) -> None:
        if row.ref in self._inbox:
            return
        self._newest += 1
        row.n = self._newest
        kept = accepted_copy(row)
        self._inbox[row.ref] = kept
        if row.key is not None:
            self._keys[row.instance, row.key] = kept
        self._file(kept)

    def _settle(self, row: Accepted) -> None:
        kept = self._inbox.get(row.ref)
        if kept is not None and self._is_open_row(row.ref):
            kept.state, kept.outcome = row.state, row.outcome
            self._file(kept)


def _as_read(record: Record | None, commit: Commit) -> bool:
    if record is None or record.fence != (commit.fence or 0):
        return False
    return commit.seq is None or record.seq == commit.seq
