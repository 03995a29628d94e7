"""Schedules in memory are copied on their way in and out."""

from __future__ import annotations

import pytest

from fsm.errors import StoreError
from fsm.ports.schedule import ScheduleRow
from persistence import MemoryStore

pytestmark = pytest.mark.anyio


async def test_rows_have_no_aliases() -> None:
    store = MemoryStore()
    await store.open(owner=True)
    row = ScheduleRow("a", "every 1h", "start A", next=1.0)
    await store.declare([row])
    row.next = 7.0
    (await store.schedules())[0].next = 8.0
    assert [kept.next for kept in await store.schedules()] == [1.0]


async def test_a_store_that_is_not_open_says_so() -> None:
    with pytest.raises(StoreError, match="is not open"):
        await MemoryStore().schedules()
