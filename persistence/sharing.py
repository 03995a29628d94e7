"""Sharing a SQL database between workers: claims, made through the gate."""

from __future__ import annotations

from collections.abc import Sequence

from persistence import claims
from persistence.gate import Gate


class Sharing(Gate):
    """The half of the store that says which worker runs which instance."""

    async def heartbeat(self, worker: str, lease_seconds: float) -> bool:
        """Say that a worker is alive; False when its lease had run out."""
        return await self._run(lambda link: claims.heartbeat(link, worker, lease_seconds))

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
        return await self._run(lambda link: claims.claim(link, worker, machines, limit, now, named))

    async def release(self, worker: str, instances: Sequence[str]) -> None:
        """Give claims back."""
        await self._run(lambda link: claims.release(link, worker, instances))

    async def poked(self, worker: str) -> list[str]:
        """Claimed instances that got something from somebody else."""
        return await self._run(lambda link: claims.poked(link, worker))

    async def leave(self, worker: str) -> None:
        """Strike a worker off."""
        await self._run(lambda link: claims.leave(link, worker))
