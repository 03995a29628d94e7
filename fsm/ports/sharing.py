"""Sharing a store between workers: who is alive, and who runs which instance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody who runs instances."""

    id: str
    beat: float
    """When it was last heard of, by the store's clock."""
    lease: float
    """How many seconds of silence make it dead."""
    claims: int = 0
    """How many instances it has."""

    def is_alive(self, now: float) -> bool:
        """Whether it was heard of within its lease, by the store's clock."""
        return abs(now - self.beat) <= self.lease


class Sharing(Protocol):
    """The half of a store that says which worker runs which instance. Every method is one transaction."""

    async def now(self) -> float:
        """The clock that all workers of the store share."""
        ...

    async def heartbeat(self, worker: str, lease_seconds: float) -> bool:
        """Say that a worker is alive; False when its lease had run out meanwhile, so that others may have claimed
        what it had. The first one makes everything that waits claimable."""
        ...

    async def claim(
        self,
        worker: str,
        machines: Sequence[str],
        *,
        limit: int = 100,
        now: float | None = None,
        named: Sequence[str] | None = None,
    ) -> list[str]:
        """Claim instances that nobody alive has: those that something wakes, or the `named` ones, those included that
        the worker has already. They are of these machines, or of machines whose document is stored.

        Gives the ids that were claimed, in order. A claim raises the fence of its instance, so that whoever had it
        before can write no more, and counts one more attempt for its open effects. The time is `now`, or the store's.
        """
        ...

    async def deaths(self, worker: str) -> dict[str, int]:
        """Of what this worker has: the suspects, each with its deaths.

        An instance becomes one, with DEATHS_SUSPECT of them, when it is claimed for the second time from a dead worker
        while the same turn of it was due: that one worker dies is nobody's fault yet. From then on those deaths count
        that come after its trial. A turn that is committed, or an incident that is resolved, ends all this.
        """
        ...

    async def try_alone(self, worker: str, instance: str) -> None:
        """Put a suspect on trial: if this worker dies before a turn of it is committed, that is one more death."""
        ...

    async def release(self, worker: str, instances: Sequence[str], *, until: float = 0.0) -> None:
        """Give claims back; what will be woken by an event, a timer or an effect becomes claimable at that time, and
        not before `until`."""
        ...

    async def poked(self, worker: str) -> list[str]:
        """Claimed instances, in order, into whose inbox somebody else has put something since this was last asked."""
        ...

    async def leave(self, worker: str) -> None:
        """Strike a worker off; what it has not released is claimable when its lease has run out."""
        ...

    async def bury(self, worker: str) -> None:
        """End the lease of a worker that is known to be dead: what it has is claimable at once."""
        ...

    async def workers(self) -> list[Worker]:
        """Those that beat, dead ones included as long as they have claims, in order of id."""
        ...

    async def waking(self, machines: Sequence[str]) -> int:
        """How many instances of these machines something will wake: an event that waits, a timer, an open effect."""
        ...

    async def unclaimed(self, machines: Sequence[str], *, now: float | None = None) -> int:
        """How many instances that something wakes are of other machines than these, without a stored document."""
        ...
