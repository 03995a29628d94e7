"""Claims in memory: the rules of persistence/claims.py on dicts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from fsm.limits import DEATHS_SUSPECT
from fsm.ports.sharing import Worker
from fsm.ports.store import Commit, Status
from persistence.memory_rows import MemoryRows, Ready, waits


class MemoryClaims(MemoryRows):
    """The half of the store that says which worker runs which instance."""

    async def heartbeat(self, worker: str, lease_seconds: float) -> bool:
        """Say that a worker is alive; False when its lease had run out."""
        self._check_open()
        in_time = worker not in self._workers or worker not in self._dead()
        if worker not in self._workers:
            for instance in {*self._open_rows, *self._timers, *self._effects} - self._ready.keys():
                wake = self._wake(instance)
                if wake is not None:
                    self._ready[instance] = Ready(None, wake)
        self._workers[worker] = time.time(), lease_seconds
        return in_time

    async def claim(
        self,
        worker: str,
        machines: Sequence[str],
        *,
        limit: int = 100,
        now: float | None = None,
        named: Sequence[str] | None = None,
    ) -> list[str]:
        """Claim instances that something wakes, or the named ones."""
        self._check_open()
        dead = self._dead() - {worker}
        time_now = time.time() if now is None else now
        for instance in named or ():
            if instance in self._records:
                self._ready.setdefault(instance, Ready(None, 0.0))
        found = [
            (ready.due, instance)
            for instance, ready in self._ready.items()
            if (
                ready.worker in dead
                or (ready.worker is None and (named is not None or ready.due <= time_now))
                or (ready.worker == worker and named is not None)
            )
            and (named is None or instance in named)
            and self._known(instance, machines)
        ]
        claimed = sorted(instance for _, instance in sorted(found)[:limit])
        for instance in claimed:
            ready = self._ready[instance]
            if ready.worker not in (None, worker) and self._turn_is_due(instance, time_now):
                seq = self._records[instance].seq
                before = ready.deaths if ready.died == seq else 0
                more = 1 if before < DEATHS_SUSPECT else ready.tried
                ready.deaths, ready.died, ready.tried = before + more, seq, False
            ready.worker, ready.poked = worker, False
            self._records[instance].fence += 1
            for effect in self._effects.get(instance, {}).values():
                effect.attempt += 1
        return claimed

    def _turn_is_due(self, instance: str, now: float) -> bool:
        rows = self._open_rows.get(instance, {}).values()
        return self._runs(instance) and (
            any(waits(row) and row.lane != "control" and row.not_before <= now for row in rows)
            or any(timer.due <= now for timer in self._timers.get(instance, {}).values())
        )

    async def deaths(self, worker: str) -> dict[str, int]:
        """The suspects among the claims of a worker, each with its deaths."""
        self._check_open()
        mine = (
            (i, ready) for i, ready in self._ready.items() if ready.worker == worker and ready.deaths >= DEATHS_SUSPECT
        )
        return {i: ready.deaths for i, ready in mine if ready.died == self._records[i].seq}

    async def try_alone(self, worker: str, instance: str) -> None:
        """Put a suspect on trial."""
        self._check_open()
        ready = self._ready.get(instance)
        if ready is not None and ready.worker == worker:
            ready.tried = True

    def _known(self, instance: str, machines: Sequence[str]) -> bool:
        record = self._records.get(instance)
        return record is not None and (
            record.machine in machines or any(machine == record.machine for machine, _ in self._definitions)
        )

    async def release(self, worker: str, instances: Sequence[str], *, until: float = 0.0) -> None:
        """Give claims back."""
        self._check_open()
        for instance in instances:
            ready = self._ready.get(instance)
            if ready is None or ready.worker != worker:
                continue
            wake = self._wake(instance)
            if wake is None:
                del self._ready[instance]
            else:
                ready.worker, ready.due, ready.poked = None, max(wake, until), False

    async def poked(self, worker: str) -> list[str]:
        """Claimed instances that got something from somebody else."""
        self._check_open()
        heard = sorted(i for i, ready in self._ready.items() if ready.worker == worker and ready.poked)
        for instance in heard:
            self._ready[instance].poked = False
        return heard

    async def leave(self, worker: str) -> None:
        """Strike a worker off."""
        self._check_open()
        if all(ready.worker != worker for ready in self._ready.values()):
            self._workers.pop(worker, None)

    async def bury(self, worker: str) -> None:
        """End the lease of a worker that is known to be dead."""
        self._check_open()
        if worker in self._workers:
            self._workers[worker] = 0.0, 0.0

    async def workers(self) -> list[Worker]:
        """Those that beat, dead ones included as long as they have claims."""
        self._check_open()
        claims = Counter(ready.worker for ready in self._ready.values())
        return [Worker(id, *beats, claims[id]) for id, beats in sorted(self._workers.items())]

    async def waking(self, machines: Sequence[str]) -> int:
        """How many instances of these machines something will wake."""
        self._check_open()
        return sum(r.machine in machines and self._wake(i) is not None for i, r in self._records.items())

    async def unclaimed(self, machines: Sequence[str], *, now: float | None = None) -> int:
        """How many instances that something wakes nobody who knows only these machines may claim."""
        self._check_open()
        time_now = time.time() if now is None else now
        return sum(
            ready.worker is None and ready.due <= time_now and not self._known(instance, machines)
            for instance, ready in self._ready.items()
            if instance in self._records
        )

    def _dead(self) -> set[str]:
        now = time.time()
        return {worker for worker, (beat, lease) in self._workers.items() if abs(now - beat) > lease}

    def _wake(self, instance: str) -> float | None:
        """When something will wake an instance; None when nothing will."""
        record = self._records.get(instance)
        if record is None or Status(record.status).ended:
            return None
        running = record.status == Status.RUNNING
        rows = [row for row in self._open_rows.get(instance, {}).values() if waits(row)]
        times = [row.not_before for row in rows if running or row.lane == "control"]
        if running:
            times += [timer.due for timer in self._timers.get(instance, {}).values()]
            times += [0.0] if self._effects.get(instance) else []
        return min(times, default=None)

    def _mark(self, commit: Commit) -> None:
        """What a commit says about claims: who was born, who has ended, who has got an event."""
        if commit.record is not None and Status(commit.record.status).ended:
            ready = self._ready.pop(commit.instance, None)
            if commit.expel and ready is not None and ready.worker is not None:
                self._ready[commit.instance] = Ready(ready.worker, ready.due, poked=True)
        elif commit.create and commit.worker:
            self._ready.setdefault(commit.instance, Ready(None, 0.0)).worker = commit.worker
        if commit.resolve is not None and commit.instance in self._ready:
            self._ready[commit.instance].deaths = 0
        for row in commit.accepted:
            if row.state == "waiting":
                ready = self._ready.setdefault(row.instance, Ready(None, row.not_before))
                ready.due = min(ready.due, row.not_before)
                ready.poked = ready.poked or ready.worker not in (None, commit.worker)
