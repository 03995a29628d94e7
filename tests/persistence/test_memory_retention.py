"""Retention in memory; the laws are in conformance/."""

from __future__ import annotations

import pytest

from fsm.ports.retaining import Keep
from persistence import MemoryStore
from persistence.conformance.law import create

pytestmark = pytest.mark.anyio


async def test_pruning_without_a_clock_goes_by_that_of_the_machine() -> None:
    store = MemoryStore()
    await store.open(owner=True)
    await store.commit([create("long ago", status="done", closed=1.0), create("just now", status="done", closed=4e9)])
    assert await store.prune("M", Keep(days=1)) == 1
    assert [record.id for record in await store.find()] == ["just now"]


async def test_an_instance_without_a_time_of_its_end_is_never_old() -> None:
    store = MemoryStore()
    await store.open(owner=True)
    await store.commit([create("a", status="failed")])
    assert await store.prune("M", Keep(days=0)) == 0
