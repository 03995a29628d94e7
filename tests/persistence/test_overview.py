"""How many instances stand where, which ones somebody looks for, and what was sent under a key."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from fsm.ports.store import Accepted, Commit, Record, Status, Verdict
from persistence import open_store
from persistence.overview import Group, Search, groups, keyed, search
from tests.persistence.conftest import AnyStore

pytestmark = pytest.mark.anyio


async def fill(store: AnyStore) -> None:
    """Three orders and one other."""
    await store.open(owner=True)
    for number, (id, machine, status, config) in enumerate(
        [
            ("A-1", "Order", "running", ["Open.Cart"]),
            ("A-2", "Order", "running", ["Open.Cart"]),
            ("b_3", "Order", "parked", ["Open.Paying"]),
            ("Z", "Other", "done", ["End"]),
        ]
    ):
        leaves = json.dumps(config)
        record = Record(id, machine, "1", "d", Status(status), number, leaves, "{}", b"{}", created=100.0 + number)
        keys = [Accepted(id, f"e{number}", "Pay", "{}", key="pay-1")] if id == "A-2" else []
        keys += [Accepted(id, f"c{number}", "retry", "{}", key="operator:anna:1", lane="control")]
        assert await store.commit([Commit(id, record=record, create=True, accepted=keys)]) == [Verdict.COMMITTED]


async def test_instances_are_counted_by_machine_status_and_states(place: Callable[[], AnyStore]) -> None:
    store = place()
    await fill(store)
    found = await groups(store)
    await store.close()
    assert found == [
        Group("Order", "parked", ("Open.Paying",), 1, 2),
        Group("Order", "running", ("Open.Cart",), 2, 1),
        Group("Other", "done", ("End",), 1, 3),
    ]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({}, ["A-1", "A-2", "Z", "b_3"]),
        ({"machine": "Order", "statuses": ["running"]}, ["A-1", "A-2"]),
        ({"states": ["Open"]}, ["A-1", "A-2", "b_3"]),
        ({"states": ["Open.Pay"]}, []),
        ({"text": "a-"}, ["A-1", "A-2"]),
        ({"text": "_"}, ["b_3"]),
        ({"key": "pay-1"}, ["A-2"]),
        ({"started_after": 100.0, "started_before": 102.0}, ["A-2", "b_3"]),
        ({"after": "A-1", "limit": 1}, ["A-2"]),
    ],
)
async def test_instances_are_found(place: Callable[[], AnyStore], wanted: dict[str, Any], ids: list[str]) -> None:
    store = place()
    await fill(store)
    found = await search(store, Search(**wanted))
    await store.close()
    assert [line.id for line in found] == ids


async def test_what_was_sent_under_a_key_is_found_by_its_beginning(place: Callable[[], AnyStore]) -> None:
    store = place()
    await fill(store)
    found = [row.name for row in await keyed(store, "A-2", "operator:")]
    await store.close()
    assert found == ["retry"]


async def test_sealed_rows_are_opened() -> None:
    class Shift:
        """A codec that anybody can read."""

        def seal(self, data: bytes, place: bytes) -> bytes:
            return data[::-1]

        def open(self, data: bytes, place: bytes) -> bytes:
            return data[::-1]

    store = open_store("memory://", codec=Shift())
    await store.open(owner=True)
    record = Record("A", "Order", "1", "d", "running", 0, "[]", "{}", b"{}")
    row = Accepted("A", "c", "retry", '{"by":"anna"}', key="operator:1", lane="control")
    await store.commit([Commit("A", record=record, create=True, accepted=[row])])
    assert [found.payload for found in await keyed(store, "A", "operator:")] == ['{"by":"anna"}']
    assert [group.instances for group in await groups(store)] == [1]
