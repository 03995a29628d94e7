"""Sharing a SQL database between workers: claims, made through the gate."""

from __future__ import annotations

from collections.abc import Sequence

from fsm.ports.schedule import ScheduleRow
from fsm.ports.sharing import Worker
from persistence import bodies
from persistence.gate import Gate


class Sharing(Gate):
    """The half of the store that says which worker runs which instance."""

    async def heartbeat(self, worker: str, lease_seconds: float) -> bool:
        """Say that a worker is alive; False when its lease had run out."""
        return await self._run(lambda link: bodies.claims.heartbeat(link, worker, lease_seconds))

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
        return await self._run(lambda link: bodies.claims.claim(link, worker, machines, limit, now, named))

    async def deaths(self, worker: str) -> dict[str, int]:
        """The suspects among the claims of a worker, each with its deaths."""
        return await self._run(lambda link: bodies.claims.deaths(link, worker))

    async def try_alone(self, worker: str, instance: str) -> None:
        """Put a suspect on trial."""
        await self._run(lambda link: bodies.claims.try_alone(link, worker, instance))

    async def release(self, worker: str, instances: Sequence[str], *, until: float = 0.0) -> None:
        """Give claims back."""
        await self._run(lambda link: bodies.claims.release(link, worker, instances, until))

    async def poked(self, worker: str) -> list[str]:
        """Claimed instances that got something from somebody else."""
        return await self._run(lambda link: bodies.claims.poked(link, worker))

    async def leave(self, worker: str) -> None:
        """Strike a worker off."""
        await self._run(lambda link: bodies.claims.leave(link, worker))

    async def bury(self, worker: str) -> None:
        """End the lease of a worker that is known to be dead."""
        await self._run(lambda link: bodies.claims.bury(link, worker))

    async def workers(self) -> list[Worker]:
        """Those that beat, dead ones included as long as they have claims."""
        return await self._run(bodies.claims.workers)

    async def waking(self, machines: Sequence[str]) -> int:
        """How many instances of these machines something will wake."""
        return await self._run(lambda link: bodies.claims.waking(link, machines))

    async def unclaimed(self, machines: Sequence[str], *, now: float | None = None) -> int:
        """How many instances that something wakes nobody who knows only these machines may claim."""
        return await self._run(lambda link: bodies.claims.unclaimed(link, machines, now))

    # ---- schedules

    async def declare(self, rows: Sequence[ScheduleRow]) -> None:
        """Keep schedules; one that is known goes on where it stands, unless its rhythm is another."""
        await self._run(lambda link: bodies.schedules.declare(link, rows))

    async def schedules(self) -> list[ScheduleRow]:
        """All schedules, in order of name."""
        return await self._run(bodies.schedules.schedules)

    async def pause_schedule(self, name: str, *, paused: bool) -> bool:
        """Let a schedule rest, or go on; False when there is none."""
        return await self._run(lambda link: bodies.schedules.pause(link, name, paused))

    async def forget_schedule(self, name: str) -> bool:
        """Delete the row of a schedule; False when there is none."""
        return await self._run(lambda link: bodies.schedules.forget(link, name))
