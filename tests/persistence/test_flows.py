"""What all instances of one machine did."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from fsm.ports.store import Commit, Entry, Incident, Record, Status, Verdict
from persistence.flows import Dwell, Raised, flows
from tests.persistence.conftest import AnyStore

pytestmark = pytest.mark.anyio


def step(event: str, taken: list[str], exited: list[str], entered: list[str]) -> str:
    return json.dumps([{"event": event, "transitions": taken, "exited": exited, "entered": entered}])


async def live(store: AnyStore, id: str, *turns: tuple[float, str, list[str]], machine: str = "Order") -> None:
    """Write the turns (time, steps, configuration) of one instance."""
    for seq, (at, steps, config) in enumerate(turns, 1):
        leaves = json.dumps(config)
        record = Record(id, machine, "1", "d", Status.RUNNING, seq, leaves, "{}", b"{}")
        entry = Entry(id, seq, f"c{seq}", "Go", "{}", steps, leaves, at, 0.0)
        commit = Commit(id, seq - 1 if seq > 1 else None, record=record, create=seq == 1, entry=entry)
        if config == ["Stuck"]:
            commit.incident = Incident(id, "CallFailed", "no answer", f"c{seq}", "Go", seq, at)
        assert await store.commit([commit]) == [Verdict.COMMITTED]


START = step("start", [], [], ["Open"])


async def test_flows_count_where_instances_stand_and_which_way_they_came(place: Callable[[], AnyStore]) -> None:
    store = place()
    await store.open(owner=True)
    for number in range(20):
        paid = step("Pay", ["pay"], ["Open"], ["Paid"])
        await live(store, f"A-{number:02}", (100.0, START, ["Open"]), (101.0 + number, paid, ["Paid"]))
    await live(store, "B", (100.0, START, ["Open"]))
    await live(store, "C", (100.0, START, ["Open"]), (160.0, step("Go", ["go"], ["Open"], ["Stuck"]), ["Stuck"]))
    await live(store, "Z", (100.0, START, ["Open"]), machine="Other")
    found = await flows(store, "Order")
    await store.close()
    assert found.here == {"Open": 1, "Paid": 20, "Stuck": 1}
    assert {s.transitions: n for s, n in found.steps} == {(): 22, ("pay",): 20, ("go",): 1}
    assert found.dwell == {"Open": Dwell(21, 11.0, 20.0)}
    assert found.incidents == ((Raised("Go", ("Stuck",)), 1),)


async def test_a_machine_without_instances_has_no_flows(place: Callable[[], AnyStore]) -> None:
    store = place()
    await store.open(owner=True)
    found = await flows(store, "Order")
    await store.close()
    assert (found.here, found.dwell, found.steps, found.incidents) == ({}, {}, (), ())
