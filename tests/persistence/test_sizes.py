"""A warning at four fifths of a limit, once."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from fsm.limits import CONTEXT_BYTES_MAX, ENTRY_BYTES_MAX, EVENT_BYTES_MAX
from fsm.ports.store import Commit
from persistence import MemoryStore, SQLStore
from persistence.conformance.law import create, event, turn
from persistence.sizes import Sizes

NEARLY, LESS = int(CONTEXT_BYTES_MAX * 0.8), int(CONTEXT_BYTES_MAX * 0.79)


def test_a_context_near_its_limit_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    watched = Sizes()
    watched.watch([create("a", context=b"x" * LESS)])
    assert not caplog.records
    for _ in range(3):
        watched.watch([create("a", context=b"x" * NEARLY), create("b", context=b"x" * CONTEXT_BYTES_MAX)])
    assert [r.getMessage().split(" Keep")[0] for r in caplog.records] == [
        "'a': its context has 838,860 bytes, 79 % of the 1,048,576 that it may have.",
        "'b': its context has 1,048,576 bytes, 100 % of the 1,048,576 that it may have.",
    ]


def test_payloads_and_journal_entries_are_watched_too(caplog: pytest.LogCaptureFixture) -> None:
    large = event("a", "r")
    large.payload = "x" * EVENT_BYTES_MAX
    moved = turn("a", 0, accepted=[large])
    assert moved.entry is not None
    moved.entry.event, moved.entry.payload, moved.entry.steps = "pay", large.payload, "x" * ENTRY_BYTES_MAX
    Sizes().watch([moved])
    assert [r.getMessage().split(" has ")[0] for r in caplog.records] == [
        "'a': its payload of pay",
        "'a': its journal entry",
        "'a': its payload of go",
    ]


@pytest.mark.anyio
async def test_every_store_warns(place: Callable[[], MemoryStore | SQLStore], caplog: pytest.LogCaptureFixture) -> None:
    store = place()
    await store.open(owner=True)
    with caplog.at_level(logging.WARNING, "fsm.persistence"):
        await store.commit([create("a", context=b"x" * NEARLY), Commit("a", accepted=[event("a", "r")])])
    await store.close()
    assert len(caplog.records) == 1
