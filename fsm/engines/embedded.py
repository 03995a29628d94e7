"""The embedded engine: the orchestrator on a store, in this process or in many on one PostgreSQL."""

from __future__ import annotations

from fsm.ports.engine import Health
from fsm.ports.store import Status
from fsm.runtime.orchestrator import Orchestrator

PARKED_MAX = 1_000
"""Parked instances that are named; there may be more."""


class Embedded(Orchestrator):
    """The orchestrator as an engine."""

    async def health(self) -> Health:
        """What waits for somebody. Raises OrchestratorClosed, StoreError."""
        self._access.check_open()
        parked = await self.store.find(statuses=[Status.PARKED], limit=PARKED_MAX)
        left = self.left_alone
        problems = (f"{left} instances with work to do fit no class here",) if left else ()
        return Health("embedded", tuple(record.id for record in parked), problems)
