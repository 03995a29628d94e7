"""The machines that the page knows."""

from __future__ import annotations

import pytest

from fsm import Event, Final, State, StateMachine, edge
from fsm.core.step import Recorded
from fsm.errors import EventInvalid, UnknownEvent
from fsm.ports.store import Commit, Definition, Record
from persistence import MemoryStore
from tests.visualize.dashboard.shop import Lamp, Order
from visualize.dashboard.catalog import Catalog, Known

DOCUMENT = '{"name": "Door", "states": ["Shut", "Open"], "transitions": [["push", "Shut", "Open"]]}'


def test_what_is_accepted_depends_on_the_states() -> None:
    known = Known(Order)
    assert known.accepted(["Draft"]) == ["Cancel", "Submit"]
    assert known.accepted(["Open.Paying"]) == ["Cancel", "Hold", "Pay"]
    assert known.accepted(["Fulfil.Parcel.Packed", "Fulfil.Bill.Writing"]) == ["Cancel", "Collected"]
    assert known.accepted(["A state of an older version"]) == ["Cancel"]


def test_an_edge_on_an_event_class_accepts_every_event_of_it() -> None:
    class Key(Event): ...

    class Up(Key): ...

    class Game(StateMachine):
        class On(State, initial=True): ...

        class Off(Final): ...

        end = edge(Key, On, to=Off)

    assert Known(Game).accepted(["On"]) == ["Key", "Key.Up"]


def test_the_lines_of_a_turn_are_those_of_the_diagram() -> None:
    known = Known(Order)
    step = Recorded("Submit", ("begin",), ("Draft",), ("Open", "Open.Paying"))
    (line,) = known.lines([step])
    assert f'id="edge&#45;{line}"' in known.svg
    assert "begin" in known.svg.split(f'id="edge&#45;{line}"')[1][:300]


@pytest.mark.parametrize(("event", "payload", "kind"), [("Fly", "{}", UnknownEvent), ("Submit", "{}", EventInvalid)])
def test_an_event_is_checked_before_it_is_sent(event: str, payload: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        Known(Order).check(event, payload)


@pytest.mark.anyio
async def test_machines_are_found_by_class_or_by_their_stored_document() -> None:
    store = MemoryStore()
    await store.open(owner=True)
    record = Record("d-1", "Door", "1", "d", "running", 0, '["Shut"]', "{}", b"{}")
    await store.commit([Commit("d-1", record=record, create=True, definitions=[Definition("Door", "1", DOCUMENT)])])
    catalog = Catalog([Lamp], lambda text: StateMachine.from_chart(text))
    door = await catalog.find(store, "Door", "1")
    assert door is not None
    assert door is await catalog.find(store, "Door", "1")
    assert door.accepted(["Shut"]) == ["push"]
    assert [known.chart.name for known in catalog.given()] == ["Lamp"]
    assert await catalog.find(store, "Nobody", "1") is None
    await store.close()
