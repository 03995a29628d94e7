"""Claims in memory go by the wall clock; the laws are in conformance/."""

from __future__ import annotations

import time

import pytest

from fsm.ports.store import Commit
from persistence import MemoryStore
from persistence.conformance.law import create, event

pytestmark = pytest.mark.anyio


async def test_what_comes_later_is_claimable_when_the_clock_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(time, "time", lambda: now)
    store = MemoryStore()
    await store.open(owner=True)
    await store.heartbeat("one", 5.0)
    await store.commit([create("a"), Commit("a", accepted=[event("a", "r", not_before=1_010.0)])])
    assert await store.claim("one", ["M"]) == []
    now = 1_010.0
    assert await store.claim("one", ["M"]) == ["a"]
    assert not await store.heartbeat("one", 5.0), "ten seconds are longer than a lease of five"
