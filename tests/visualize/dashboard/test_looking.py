"""What the store knows, in the words of the API."""

from __future__ import annotations

import json

import anyio
import pytest

from fsm import Orchestrator
from fsm.chart.chart import Chart
from fsm.errors import DrawingError, InstanceUnknown, MachineUnknown
from fsm.ports.store import Accepted, Commit, Incident, Record, Timer
from persistence import MemoryStore
from tests.visualize.dashboard.plant import CODE, Grind, Mill, Plant, SlowMill
from tests.visualize.dashboard.shop import Order
from visualize.dashboard import catalog
from visualize.dashboard.api import Progress
from visualize.dashboard.catalog import Catalog
from visualize.dashboard.looking import Looking, verbs
from visualize.dashboard.mask import MASKED
from visualize.dashboard.past import turns

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("status", "may"),
    [
        ("running", ["pause", "cancel", "terminate"]),
        ("parked", ["retry", "skip", "resolve", "cancel", "terminate"]),
        ("paused", ["resume", "cancel", "terminate"]),
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


async def test_how_far_an_invoke_is_and_what_can_be_undone_are_shown_and_every_attempt_without_secrets() -> None:
    store = MemoryStore()
    async with Orchestrator(store, [Plant], {Mill: SlowMill()}) as orchestrator:
        plant = await orchestrator.start(Plant, id="p-1")
        await plant.send(Grind())
        looking = Looking(store, Catalog([Plant], lambda text: pytest.fail("it is known")))
        with anyio.fail_after(10):
            while (far := await _progress(looking)) is None or far.done + far.failed < 2:
                await anyio.sleep(0.01)
        found = await looking.standing("p-1")
        turn = (await turns(looking, "p-1", -1, 10)).turns[-1]
    assert far == Progress(items=3, done=1, failed=1)
    assert [(one.state, one.taken) for one in found.undoable] == [("Idle", "")]
    (call,) = turn.calls
    assert [(one.n, one.ok, one.runs, one.parameters) for one in call.attempts] == [
        (1, False, 1, {"code": MASKED}), (2, True, 1, {"code": MASKED}),
    ]  # fmt: skip
    assert call.attempts[0].outcome["message"] == f"{MASKED} does not open it"


async def _progress(looking: Looking) -> Progress | None:
    return next((w.progress for w in (await looking.standing("p-1")).waiting if w.kind == "invoke"), None)


async def test_the_text_of_an_incident_says_nothing_secret() -> None:
    store = MemoryStore()
    await store.open(owner=True)
    context = json.dumps({"code": CODE, "said": ""}).encode()
    record = Record("p-1", "Plant", Plant.__chart__.version, "d", "parked", 1, '["Idle"]', "{}", context)
    incident = Incident("p-1", "CallFailed", f"{CODE} does not open it", "e", "Grind", 1, 0.0)
    await store.commit([Commit("p-1", record=record, create=True, incident=incident)])
    looking = Looking(store, Catalog([Plant], lambda text: pytest.fail("it is known")))
    (listed,), standing = await looking.incidents(resolved=False, id=None, limit=10), await looking.standing("p-1")
    assert standing.incident is not None
    assert listed.message == standing.incident.message == f"{MASKED} does not open it"
    await store.close()


async def test_diagrams_are_laid_out_ahead_and_one_that_cannot_be_is_told_to_who_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = MemoryStore()
    await store.open(owner=True)
    looking = Looking(store, Catalog([Order, Plant], lambda text: pytest.fail("they are known")))
    sick, well = looking.catalog.given()

    def drawn(chart: Chart) -> str:
        if chart is sick.chart:
            raise DrawingError("no engine")
        return "<svg/>"

    monkeypatch.setattr(catalog, "inlay", drawn)
    await looking.draw_ahead()
    monkeypatch.setattr(catalog, "inlay", lambda chart: pytest.fail("it is there"))
    assert (await looking.chart(well.chart.name)).svg == "<svg/>"
    monkeypatch.setattr(catalog, "inlay", drawn)
    with pytest.raises(DrawingError, match="no engine"):
        await looking.chart(sick.chart.name)
    await store.close()


async def test_of_several_regions_the_one_that_has_failed_is_told() -> None:
    store = MemoryStore()
    await store.open(owner=True)
    leaves = ["Fulfil.Parcel.Packed", "Fulfil.Bill.Writing"]
    record = Record("o-1", "Order", "1", "d", "parked", 1, json.dumps(leaves), "{}", b"{}")
    incident = Incident("o-1", "ValueError", "no name", "c", "Collected", 1, 5.0)
    await store.commit([Commit("o-1", record=record, create=True, incident=incident)])
    known = Looking(store, Catalog([Order], lambda text: pytest.fail("it is known")))
    assert (await known.standing("o-1")).failed == ["Fulfil.Parcel.Packed"]
    strange = Looking(store, Catalog([], lambda text: pytest.fail("there is no document")))
    assert (await strange.standing("o-1")).failed == leaves
    await store.close()
