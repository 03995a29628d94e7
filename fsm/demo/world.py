"""The world outside of the worker: customers who pay and couriers who come, some of them twice.

What they do goes into the store's inbox from another process, each event with a key; whether a worker lives at that
moment makes no difference to them.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Iterable

from fsm.demo.script import Plan, Script
from fsm.errors import StoreLocked
from fsm.ports.store import Accepted, Commit, Record, Store, Verdict

TWICE = 0.35
"""How many events are sent a second time, with the same key."""


class World:
    """Sends what is due; the same key again is refused by the store, which is what it counts on."""

    def __init__(self, script: Script, store: Store) -> None:
        self._plans = {plan.id: plan for plan in script.orders}
        self._store = store
        self._random = random.Random(f"{script.seed}:world")
        self._sent: set[str] = set()
        self._again: list[tuple[float, str, str, str]] = []
        self.sent = 0
        self.refused = 0
        """Events that came a second time and were not taken a second time."""

    @property
    def quiet(self) -> bool:
        """Whether nothing will be sent any more."""
        return not self._again

    async def act(self, records: Iterable[Record], working: float) -> None:
        """Send what is due after so many seconds of working time, to orders that exist."""
        for record in records:
            plan = self._plans.get(record.id)
            if plan is None or not record.seq:
                continue
            if working >= plan.pays_at:
                await self._once(plan, "Pay", {"card": plan.card})
            if plan.ships and (f"{plan.id}:Pay" in self._sent if plan.early else "Packed" in record.config):
                await self._once(plan, "Collected", {"courier": plan.courier})
        now = time.monotonic()
        due, self._again = [a for a in self._again if a[0] <= now], [a for a in self._again if a[0] > now]
        for _, id, event, payload in due:
            await self._send(id, event, payload)

    async def _once(self, plan: Plan, event: str, fields: dict[str, str]) -> None:
        name = f"{plan.id}:{event}"
        if name in self._sent:
            return
        payload = json.dumps(fields)
        if await self._send(plan.id, event, payload):
            self._sent.add(name)
            if self._random.random() < TWICE:
                at = time.monotonic() + self._random.uniform(0, 1.5)
                self._again.append((at, plan.id, event, payload))

    async def _send(self, id: str, event: str, payload: str) -> bool:
        """Put an event into the inbox; whether it lies there now, by this call or an earlier one."""
        row = Accepted(id, f"event:{uuid.uuid4().hex}", event, payload, key=f"{event}-{id}", at=time.time())
        try:
            verdict = (await self._store.commit([Commit(id, accepted=[row])]))[0]
        except StoreLocked:
            return False  # the worker writes just now; the key makes it safe to try again
        if verdict is Verdict.FULL:
            return False
        if verdict is Verdict.COMMITTED:
            self.sent += 1
        else:
            self.refused += 1
        return True
