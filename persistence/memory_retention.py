"""Retention in memory: the rules of persistence/retention.py on dicts."""

from __future__ import annotations

import time
from typing import Final

from fsm.errors import StoreError
from fsm.ports.retaining import Fold, Keep, whole
from fsm.ports.store import Record, Status
from persistence.memory_rows import MemoryRows

DAY_SECONDS: Final = 86_400.0


class MemoryRetention(MemoryRows):
    """The part of the store that forgets."""

    async def erase(self, instance: str) -> bool:
        """Delete one instance that has ended, with all that belongs to it."""
        self._check_open()
        record = self._records.get(instance)
        if record is None:
            return False
        if (why := self._needed(record)) is not None:
            raise StoreError(f"{instance!r} was not erased: {why}.")
        self._drop(instance)
        for ref in [ref for ref, row in self._inbox.items() if row.instance == instance]:
            self._forget(ref)
        return True

    async def prune(
        self, machine: str, keep: Keep, *, now: float | None = None, limit: int = 1000, fold: Fold = whole
    ) -> int:
        """Delete what a policy does not keep; how many instances went."""
        self._check_open()
        moment = time.time() if now is None else now
        keys_before = moment - keep.key_days * DAY_SECONDS
        gone = self._beyond(machine, keep, moment)[:limit]
        for instance in gone:
            self._drop(instance)
            for ref, row in list(self._inbox.items()):
                if row.instance == instance and (row.key is None or row.at < keys_before):
                    self._forget(ref)
                elif row.instance == instance:
                    row.payload, row.state = "", "consumed"
                    self._file(row)
        if keep.journal_days is not None:
            self._shorten(machine, moment - keep.journal_days * DAY_SECONDS, fold)
        for ref, row in list(self._inbox.items()):
            if row.payload == "" and row.at < keys_before and row.instance not in self._records:
                self._forget(ref)
        return len(gone)

    def _needed(self, record: Record) -> str | None:
        """What an instance is still needed for."""
        if not Status(record.status).ended:
            return "it goes on. Cancel it first"
        parent = self._records.get(record.parent)
        if parent is not None and not Status(parent.status).ended:
            return "its parent goes on and may still ask for it. Erase it when the parent has ended"
        if any(i.instance == record.id and i.resolved is None for i in self._incidents):
            return "an incident of it is open. Retry or cancel it first"
        if any(r.base == record.id and not Status(r.status).ended for r in self._records.values()):
            return "a fork of it goes on and refers to it. Erase it when the fork has ended"
        return None

    def _beyond(self, machine: str, keep: Keep, now: float) -> list[str]:
        """Instances that a policy does not keep and nobody needs, the oldest first."""
        if keep.last is None and keep.days is None:
            return []
        ended = [r for r in self._records.values() if r.machine == machine and Status(r.status).ended]
        ended.sort(key=lambda record: (record.closed or 0.0, record.id))
        if keep.last is not None:
            ended = ended[: max(0, len(ended) - keep.last)]
        if keep.days is not None:
            before = now - keep.days * DAY_SECONDS
            ended = [r for r in ended if r.closed is not None and r.closed < before]
        return [record.id for record in ended if self._needed(record) is None]

    def _shorten(self, machine: str, before: float, fold: Fold) -> None:
        for record in self._records.values():
            if record.machine == machine and not Status(record.status).ended and record.id in self._journal:
                entries = self._journal[record.id]
                first = next((n for n, e in enumerate(entries) if e.at >= before or e.seq >= record.seq), 0)
                if first:
                    entries[first].past = fold(record.id, [e.past for e in entries[: first + 1]])
                    del entries[:first]

    def _drop(self, instance: str) -> None:
        for rows in (self._records, self._journal, self._timers, self._effects, self._calls, self._ready):
            rows.pop(instance, None)
        self._attempts.pop(instance, None)
        self._attributes.pop(instance, None)
        self._tasks = {id: task for id, task in self._tasks.items() if task.instance != instance}
        self._incidents = [i for i in self._incidents if i.instance != instance]

    def _forget(self, ref: str) -> None:
        row = self._inbox.pop(ref)
        if row.key is not None:
            self._keys.pop((row.instance, row.key), None)
        row.state = "consumed"
        self._file(row)
