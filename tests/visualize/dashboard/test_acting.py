"""What people do."""

from __future__ import annotations

import logging

import pytest

from fsm.errors import InboxFull, InstanceEnded, InstanceError, StoreUnsuitable
from fsm.limits import INBOX_MAX
from fsm.ports.engine import VIEW
from fsm.ports.store import Accepted, Commit, Definition, Record
from persistence import MemoryStore
from visualize.dashboard import acting, api
from visualize.dashboard.acting import control, send
from visualize.dashboard.catalog import Catalog
from visualize.dashboard.looking import Looking
from visualize.dashboard.past import acts

pytestmark = pytest.mark.anyio
PUSH = api.Sending(id="d-1", event="push")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acting, "WAIT_SECONDS", 0.01)


async def looking(status: str = "running") -> Looking:
    """A store with one instance that nobody runs."""
    store = MemoryStore()
    await store.open(owner=True)
    record = Record("d-1", "Door", "1", "d", status, 1, '["Shut"]', "{}", b"{}")
    await store.commit([Commit("d-1", record=record, create=True)])
    return Looking(store, Catalog([], lambda text: pytest.fail("there is no document")))


async def test_what_nobody_takes_yet_waits_under_the_name_of_its_sender(caplog: pytest.LogCaptureFixture) -> None:
    here = await looking()
    with caplog.at_level(logging.INFO):
        outcome = await send(here, PUSH, "anna@example.org")
    assert outcome.state == "waiting"
    assert [(act.actor, act.name, act.state) for act in await acts(here, "d-1")] == [
        ("anna@example.org", "push", "waiting")
    ]
    assert "anna@example.org: event push" in caplog.text


async def test_the_same_key_of_two_people_is_two_events() -> None:
    here = await looking()
    keyed = api.Sending(id="d-1", event="push", key="k")
    for actor in ("anna", "bob", "anna"):
        await send(here, keyed, actor)
    assert [act.actor for act in await acts(here, "d-1")] == ["anna", "bob"]


async def test_a_verb_that_does_not_fit_the_status_is_refused_with_those_that_do() -> None:
    wanted = api.Control(id="d-1", verb="retry", reason="because")
    with pytest.raises(InstanceError, match="with it now: resume, cancel"):
        await control(await looking("paused"), wanted, "anna")
    with pytest.raises(InstanceError, match="now: nothing"):
        await control(await looking("done"), wanted, "anna")


async def test_what_has_ended_takes_nothing_more() -> None:
    here = await looking("done")
    with pytest.raises(InstanceEnded):
        await send(here, PUSH, "anna")
    assert await acts(here, "d-1") == []


async def test_a_full_inbox_takes_no_event_and_hears_an_operator() -> None:
    here = await looking()
    rows = [Accepted("d-1", f"e{n}", "push", "{}") for n in range(INBOX_MAX)]
    await here.store.commit([Commit("d-1", accepted=rows)])
    with pytest.raises(InboxFull, match="10,000 events wait for 'd-1' already and 'push' was not added"):
        await send(here, PUSH, "anna")
    await control(here, api.Control(id="d-1", verb="pause", reason="see why"), "anna")
    assert [one.name for one in await acts(here, "d-1")] == ["pause"]


async def test_what_only_shows_takes_nothing() -> None:
    here = await looking()
    await here.store.commit([Commit(VIEW, definitions=[Definition(VIEW, "", "Restate at r", 0.0)])])
    for wanted in (PUSH, api.Control(id="d-1", verb="terminate", reason="why not")):
        with pytest.raises(StoreUnsuitable, match="Restate at r"):
            await (send(here, wanted, "anna") if isinstance(wanted, api.Sending) else control(here, wanted, "anna"))


async def test_a_terminated_instance_ends_without_a_worker_and_says_who_did_it() -> None:
    here = await looking()
    outcome = await control(here, api.Control(id="d-1", verb="terminate", reason="a mistake"), "anna")
    assert (outcome.state, outcome.seq) == ("consumed", 2)
    assert (await here.standing("d-1")).summary.status == "cancelled"
    (act,) = await acts(here, "d-1")
    assert (act.actor, act.name, act.reason) == ("anna", "terminate", "a mistake")
