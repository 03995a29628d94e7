"""Questions to a store in memory that no database is asked in this way; the laws are in conformance/."""

from __future__ import annotations

import pytest

from fsm.ports.store import Commit
from persistence import MemoryStore
from persistence.conformance.law import create, event

pytestmark = pytest.mark.anyio


async def test_an_instance_with_several_late_events_is_named_once() -> None:
    store = MemoryStore()
    await store.open(owner=True)
    rows = [event("a", f"r{n}", not_before=10.0 + n) for n in range(3)]
    await store.commit([create("a", worker="w"), Commit("a", accepted=rows)])
    assert await store.delayed_due("w", 0.0, 20.0) == ["a"]
    assert await store.waking(["M"]) == 1
