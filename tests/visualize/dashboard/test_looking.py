"""What the store knows, in the words of the API."""

from __future__ import annotations

import pytest

from fsm.errors import InstanceUnknown, MachineUnknown
from fsm.ports.store import Accepted, Commit, Record, Timer
from persistence import MemoryStore
from visualize.dashboard.catalog import Catalog
from visualize.dashboard.looking import Looking, verbs

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("status", "may"),
    [
        ("running", ["pause", "cancel"]),
        ("parked", ["retry", "skip", "cancel"]),
        ("paused", ["resume", "cancel"]),
        ("done", []),
    ],
)
def test_what_can_be_done_depends_on_the_status(status: str, may: list[str]) -> None:
    assert verbs(status) == may


async def test_what_waits_is_listed_the_next_first_without_what_nobody_can_read() -> None:
    store = MemoryStore()
    await store.open(owner=True)
    record = Record("d-1", "Door", "1", "d", "running", 1, '["Shut"]', "{}", b'{"pin": 1}')
    rows = [Accepted("d-1", "e1", "later", '{"pin": 1}', not_before=50.0), Accepted("d-1", "e2", "now", "{}")]
    timers = [Timer("d-1", "after:Shut#close", 1, 20.0)]
    await store.commit([Commit("d-1", record=record, create=True, accepted=rows, timers_set=timers)])
    looking = Looking(store, Catalog([], lambda text: pytest.fail("there is no document")))
    found = await looking.standing("d-1")
    assert [(w.kind, w.name) for w in found.waiting] == [
        ("event", "now"), ("timer", "after:Shut#close"), ("event", "later"),
    ]  # fmt: skip
    assert (found.known, found.context, {str(w.payload) for w in found.waiting}) == (False, None, {"None"})
    with pytest.raises(InstanceUnknown, match="nobody"):
        await looking.standing("nobody")
    with pytest.raises(MachineUnknown, match="fsm serve MODULE:Door"):
        await looking.chart("Door")
    await store.close()
