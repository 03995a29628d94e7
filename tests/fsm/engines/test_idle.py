"""A store that workers run is left alone."""

from __future__ import annotations

import pytest

from fsm.engines.idle import check_idle
from fsm.errors import StoreUnsuitable
from persistence import MemoryStore

pytestmark = pytest.mark.anyio


async def test_a_store_is_idle_when_its_workers_have_left() -> None:
    store = MemoryStore()
    await store.open(owner=True)
    await check_idle(store, "refused", "wait")
    await store.heartbeat("ann", 60.0)
    await store.heartbeat("bob", 60.0)
    with pytest.raises(StoreUnsuitable, match=r"^refused: ann, bob may still run its instances\. wait\.$"):
        await check_idle(store, "refused", "wait")
    await store.leave("ann")
    await store.leave("bob")
    await check_idle(store, "refused", "wait")
    await store.close()
