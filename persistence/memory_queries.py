"""What is asked of a store in memory."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from fsm.ports.attempt import Attempt
from fsm.ports.store import Accepted, CallRow, Definition, Entry, Incident, Loaded, Record, Timer
from persistence.memory_rows import (
    MemoryRows,
    accepted_copy,
    attempt_copy,
    call_copy,
    effect_copy,
    entry_copy,
    incident_copy,
    record_copy,
    timer_copy,
)


class MemoryQueries(MemoryRows):
    """The reading half of the store."""

    async def load(self, instance: str) -> Loaded | None:
        """One instance with all that waits for it, or None."""
        self._check_open()
        record = self._records.get(instance)
        if record is None:
            return None
        opened = [i for i in self._incidents if i.instance == instance and i.resolved is None]
        effects = self._effects.get(instance, {})
        return Loaded(
            record_copy(record),
            sorted(map(accepted_copy, self._open_rows.get(instance, {}).values()), key=attrgetter("n")),
            sorted(map(timer_copy, self._timers.get(instance, {}).values()), key=attrgetter("due")),
            [effect_copy(effects[place]) for place in sorted(effects)],
            incident_copy(opened[-1]) if opened else None,
            instance in self._calls or instance in self._attempts,
        )

    async def load_many(self, instances: Sequence[str]) -> list[Loaded]:
        """The same for many, in order of id."""
        found = [await self.load(instance) for instance in sorted(set(instances))]
        return [loaded for loaded in found if loaded is not None]

    async def due(self, worker: str, now: float, limit: int = 1000) -> list[Timer]:
        """Timers of the running instances of a worker whose time has come, earliest first."""
        self._check_open()
        found = [t for t in self._running_timers() if t.due <= now and self._has(worker, t.instance)]
        return [timer_copy(t) for t in sorted(found, key=attrgetter("due", "instance", "key"))[:limit]]

    async def next_due(self, worker: str) -> float | None:
        """When the earliest timer or delayed event of a running instance of a worker comes due."""
        self._check_open()
        times = [t.due for t in self._running_timers() if self._has(worker, t.instance)]
        times += [row.not_before for row in self._delayed() if self._at_work(worker, row.instance)]
        return min(times, default=None)

    async def delayed_due(self, worker: str, since: float, now: float) -> list[str]:
        """Ids of the instances of a worker with waiting rows whose time came in (since, now]."""
        self._check_open()
        rows = [r for r in self._delayed() if since < r.not_before <= now and self._at_work(worker, r.instance)]
        return list(dict.fromkeys(row.instance for row in sorted(rows, key=attrgetter("not_before"))))

    def _has(self, worker: str, instance: str) -> bool:
        ready = self._ready.get(instance)
        return ready is not None and ready.worker == worker

    def _at_work(self, worker: str, instance: str) -> bool:
        return self._has(worker, instance) and self._runs(instance)

    async def calls(self, instance: str, cause: str) -> list[CallRow]:
        """The recorded calls of one cause."""
        return [call for call in await self.calls_of(instance) if call.cause == cause]

    async def attempts(self, instance: str, cause: str | None = None) -> list[Attempt]:
        """The attempts of one cause, or of all; those of one call in their order."""
        self._check_open()
        found = [attempt_copy(a) for a in self._attempts.get(instance, {}).values() if cause in (None, a.cause)]
        return sorted(found, key=attrgetter("n"))

    async def find_key(self, instance: str, key: str) -> Accepted | None:
        """The inbox row of a sender's key, consumed ones included."""
        self._check_open()
        found = self._keys.get((instance, key))
        return None if found is None else accepted_copy(found)

    async def accepted(self, instance: str, ref: str) -> Accepted | None:
        """The inbox row of an event, consumed ones included."""
        self._check_open()
        found = self._inbox.get(ref)
        return accepted_copy(found) if found is not None and found.instance == instance else None

    async def definition(self, machine: str, version: str) -> Definition | None:
        """The document of a machine that was made from data, or None."""
        self._check_open()
        found = self._definitions.get((machine, version))
        return None if found is None else replace(found)

    async def find(
        self,
        *,
        machine: str | None = None,
        statuses: Sequence[str] = (),
        states: Sequence[str] = (),
        attributes: Sequence[tuple[str, str]] = (),
        ids: Sequence[str] = (),
        breached: bool = False,
        after: str = "",
        limit: int = 1000,
    ) -> list[Record]:
        """Records in order of id."""
        self._check_open()
        found: list[Record] = []
        for i in sorted(self._records):
            record = self._records[i]
            if len(found) == limit:
                break
            if i <= after or (machine is not None and record.machine != machine):
                continue
            if (statuses and record.status not in statuses) or (states and not _active(record, states)):
                continue
            own = self._attributes.get(i, {})
            if (ids and i not in ids) or any(own.get(name) != value for name, value in attributes):
                continue
            if breached and not any(entry.event.startswith("breach:") for entry in self._journal.get(i, ())):
                continue
            found.append(record_copy(record))
        return found

    async def history(self, instance: str, after: int = -1, limit: int = 10_000) -> list[Entry]:
        """The journal of one instance, oldest first."""
        self._check_open()
        return [entry_copy(e) for e in self._journal.get(instance, ()) if e.seq > after][:limit]

    async def calls_of(self, instance: str) -> list[CallRow]:
        """Every recorded call of one instance, in the order of recording."""
        self._check_open()
        return [call_copy(call) for call in self._calls.get(instance, {}).values()]

    async def incidents(self, *, resolved: bool = False, instance: str | None = None) -> list[Incident]:
        """Open incidents, oldest first; with `resolved=True` the closed ones too."""
        self._check_open()
        return [
            incident_copy(i)
            for i in self._incidents
            if (resolved or i.resolved is None) and (instance is None or i.instance == instance)
        ]

    async def now(self) -> float:
        """The clock of the machine."""
        self._check_open()
        return time.time()


def _active(record: Record, states: Sequence[str]) -> bool:
    leaves: list[Any] = json.loads(record.config)
    return any(leaf == state or leaf.startswith(f"{state}.") for leaf in leaves for state in states)
