"""How an instance came where it is."""

from __future__ import annotations

import pytest

from fsm.errors import DrawingError, PastUnknown
from fsm.ports.store import Commit, Record
from persistence import MemoryStore
from tests.visualize.dashboard.conftest import Opened
from tests.visualize.dashboard.shop import SECRET
from visualize.dashboard.catalog import Catalog
from visualize.dashboard.looking import Looking
from visualize.dashboard.mask import BEFORE, MASKED
from visualize.dashboard.past import moment, timeline, turns

pytestmark = pytest.mark.anyio


async def test_the_journal_comes_in_pages(opened: Opened) -> None:
    async with opened() as page:
        looking = page.app.state.looking
        first = await turns(looking, "order-1004", -1, 2)
        rest = await turns(looking, "order-1004", first.after or -1, 100)
    assert [turn.seq for turn in first.turns] == [1, 2]
    assert rest.turns[0].seq == 3
    assert rest.after is None


async def test_arguments_and_payloads_of_a_known_machine_are_shown_without_secrets(opened: Opened) -> None:
    async with opened() as page:
        found = await turns(page.app.state.looking, "order-1004", -1, 100)
    charged = next(turn for turn in found.turns if turn.calls)
    assert charged.calls[0].arguments["amount"] == 59
    assert found.turns[2].payload["card"] != SECRET


async def test_a_moment_has_the_context_as_it_was_and_what_the_turn_changed(opened: Opened) -> None:
    async with opened() as page:
        looking = page.app.state.looking
        first, second = await moment(looking, "order-1004", 1), await moment(looking, "order-1004", 2)
        with pytest.raises(PastUnknown):
            await moment(looking, "order-1004", 99)
        answer = await page.client.get("/api/moment", params={"id": "order-1004", "seq": 99})
    assert (first.changes, first.context["customer"]) == (None, second.context["customer"])
    changed = {change.path: change.new for change in second.changes or ()}
    assert changed
    assert all(second.context[path] == new for path, new in changed.items() if path in second.context)
    assert answer.status_code == 404


async def test_a_turn_that_changed_a_secret_alone_says_so_and_not_what(opened: Opened) -> None:
    async with opened() as page:
        found = await moment(page.app.state.looking, "order-1004", 3)
    (change,) = [one for one in found.changes or () if one.path == "card"]
    assert (change.kind, change.old, change.new) == ("changed", BEFORE, MASKED)


async def test_what_has_not_begun_has_no_timeline() -> None:
    store = MemoryStore()
    await store.open(owner=True)
    record = Record("d-1", "Door", "1", "d", "running", 0, "[]", "{}", b"{}")
    await store.commit([Commit("d-1", record=record, create=True)])
    with pytest.raises(DrawingError, match="empty"):
        await timeline(Looking(store, Catalog([], lambda text: pytest.fail("no"))), "d-1")
    await store.close()
