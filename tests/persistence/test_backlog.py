"""The backlog: what is due and waits, in every store the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

import pytest

from fsm.errors import StoreError
from fsm.ports.store import Commit, Status, Timer
from persistence.backlog import Backlog, backlog
from persistence.conformance.law import create, event
from persistence.sealing import SealedStore
from tests.persistence.conftest import AnyStore

pytestmark = pytest.mark.anyio


async def test_what_is_due_is_counted_by_instance_with_the_age_of_the_oldest(place: Callable[[], AnyStore]) -> None:
    store, now = place(), time.time()
    await store.open(owner=True)
    assert await backlog(store) == Backlog(0, 0.0)
    await store.commit(
        [
            create("a"),
            Commit("a", accepted=[event("a", "a1", at=now - 50), event("a", "a2", at=now - 900, not_before=now - 30)]),
            Commit("a", timers_set=[Timer("a", "t", 1, now - 40)]),
            create("later"),
            Commit("later", accepted=[event("later", "l1", at=now - 500, not_before=now + 500)]),
            Commit("later", timers_set=[Timer("later", "t", 1, now + 500)]),
            create("parked", status=Status.PARKED.value),
            Commit("parked", accepted=[event("parked", "p1", at=now - 500)]),
            create("deferred"),
            Commit("deferred", accepted=[event("deferred", "d1", at=now - 500, state="deferred")]),
        ]
    )
    found = await backlog(store)
    assert found.instances == 1
    assert 50 <= found.lag < 60
    await store.commit([create("b"), Commit("b", timers_set=[Timer("b", "t", 1, now - 100)])])
    found = await backlog(store)
    assert found.instances == 2
    assert 100 <= found.lag < 110
    assert (await backlog(SealedStore(store, cast(Any, None)))).instances == 2
    await store.close()


async def test_a_store_of_somebody_else_is_not_guessed_at() -> None:
    with pytest.raises(StoreError, match="does not tell what waits"):
        await backlog(cast(Any, object()))
