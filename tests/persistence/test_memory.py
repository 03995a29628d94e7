"""What is special about the store in memory; what it shares with the others is in test_laws.py."""

from __future__ import annotations

import pytest

from fsm.errors import StoreError
from fsm.ports.store import Commit, Entry, Record, Store, Verdict
from persistence import MemoryStore

pytestmark = pytest.mark.anyio


def _turn(seq: int, entry_seq: int) -> Commit:
    record = Record("a", "M", "1", "", "running", seq + 1, "[]", "{}", b"")
    return Commit("a", seq=seq, record=record, entry=Entry("a", entry_seq, "c", "e", "", "[]", "[]", 0.0, 0.0))


async def test_it_is_a_store() -> None:
    store: Store = MemoryStore()
    await store.open(owner=False)
    assert await store.load("a") is None


async def test_two_stores_share_nothing() -> None:
    one, two = MemoryStore(), MemoryStore()
    await one.open(owner=True)
    await two.open(owner=True)
    record = Record("a", "M", "1", "", "running", 0, "[]", "{}", b"")
    assert await one.commit([Commit("a", create=True, record=record)]) == [Verdict.COMMITTED]
    assert await two.load("a") is None


async def test_a_journal_entry_that_exists_already_is_refused_whole() -> None:
    store = MemoryStore()
    await store.open(owner=True)
    record = Record("a", "M", "1", "", "running", 0, "[]", "{}", b"")
    entry = Entry("a", 1, "c", "e", "", "[]", "[]", 0.0, 0.0)
    await store.commit([Commit("a", create=True, record=record, entry=entry)])
    with pytest.raises(StoreError, match="entry 1 already"):
        await store.commit([_turn(0, entry_seq=1)])
    loaded = await store.load("a")
    assert loaded is not None
    assert loaded.record.seq == 0
