"""What the API answers."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.visualize.dashboard.conftest import Opened
from tests.visualize.dashboard.shop import SECRET

pytestmark = pytest.mark.anyio


async def test_the_overview_counts_instances_by_machine_status_and_state(opened: Opened) -> None:
    async with opened() as page:
        found = (await page.client.get("/api/overview")).json()
    lamp, order = found["machines"]
    assert (lamp["name"], lamp["statuses"], lamp["here"]) == ("Lamp", {"running": 3}, {"Off": 2, "On": 1})
    assert order["statuses"] == {"parked": 1, "running": 11}
    assert order["here"]["OnHold"] == 2
    assert found["incidents"] == 1


async def test_a_machine_has_its_diagram_without_colours_of_its_own(opened: Opened) -> None:
    async with opened() as page:
        found = (await page.client.get("/api/machine", params={"name": "Order"})).json()
    assert 'id="state&#45;Open.Paying"' in found["svg"]
    assert "var(--ink)" in found["svg"]
    assert not re.search(r"=\"#[0-9a-fA-F]{6}", found["svg"])
    assert "<style" not in found["svg"]
    assert found["tags"] == {"waiting": ["Open.Paying", "OnHold"]}


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({"machine": "Lamp"}, ["lamp-1", "lamp-2", "lamp-3"]),
        ({"status": "parked"}, ["order-1007"]),
        ({"state": "OnHold"}, ["order-1003", "order-1010"]),
        ({"machine": "Order", "tag": "waiting"}, ["order-1002", "order-1003", "order-1009", "order-1010"]),
        ({"tag": "waiting", "state": "Open"}, ["order-1002", "order-1009"]),
        ({"tag": "unheard-of"}, []),
        ({"text": "R-100"}, [f"order-{n}" for n in range(1001, 1010)]),
        ({"key": "pay-3"}, ["order-1004"]),
        ({"older": 3600}, []),
        ({"younger": 3600, "machine": "Lamp", "limit": 1}, ["lamp-1"]),
        ({"after": "order-1011"}, ["order-1012"]),
    ],
)
async def test_instances_are_found(opened: Opened, wanted: dict[str, Any], ids: list[str]) -> None:
    async with opened() as page:
        found = (await page.client.get("/api/instances", params=wanted)).json()
    assert [one["id"] for one in found["instances"]] == ids


async def test_a_list_goes_on_where_it_ended(opened: Opened) -> None:
    async with opened() as page:
        first = (await page.client.get("/api/instances", params={"limit": 10})).json()
        rest = (await page.client.get("/api/instances", params={"limit": 10, "after": first["after"]})).json()
    assert len(first["instances"]) == 10
    assert len(rest["instances"]) == 5
    assert rest["after"] is None


async def test_an_instance_says_what_it_accepts_and_keeps_its_secrets(opened: Opened) -> None:
    async with opened() as page:
        found = (await page.client.get("/api/instance", params={"id": "order-1004"})).json()
        journal = await page.client.get("/api/history", params={"id": "order-1004"})
        draft = (await page.client.get("/api/instance", params={"id": "order-1001"})).json()
    assert found["context"]["receipt"] == {"number": "R-59"}
    assert found["context"]["card"] == "••••••"
    assert [form["event"] for form in draft["accepts"]] == ["Cancel", "Submit"]
    assert draft["accepts"][1]["form"]["properties"]["amount"]["minimum"] == 1
    assert {w["name"]: w["kind"] for w in found["waiting"]} == {"after:Fulfil.Bill.Writing#billed": "timer"}
    assert [turn["event"] for turn in journal.json()["turns"]][:3] == ["start", "Submit", "Pay"]
    assert journal.json()["turns"][2]["payload"] == {"card": "••••••"}
    charged = journal.json()["turns"][3]
    assert charged["calls"][0]["answer"] == {"number": "R-59"}
    assert charged["lines"]
    assert SECRET not in str(found)


async def test_what_nobody_knows_the_class_of_is_not_shown(opened: Opened) -> None:
    async with opened(known=False) as page:
        found = (await page.client.get("/api/instance", params={"id": "order-1004"})).json()
        journal = await page.client.get("/api/history", params={"id": "order-1004"})
        machine = await page.client.get("/api/machine", params={"name": "Order"})
    assert (found["known"], found["context"], found["accepts"]) == (False, None, [])
    assert SECRET not in journal.text
    assert machine.status_code == 404
    assert "--no-work" in machine.json()["detail"]


async def test_the_timeline_is_drawn_in_the_colours_of_the_page(opened: Opened) -> None:
    async with opened() as page:
        answer = await page.client.get("/api/timeline", params={"id": "order-1007"})
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "ConnectionRefusedError" in answer.text or "UnhandledError" in answer.text
    assert "var(--failure)" in answer.text


async def test_an_event_is_sent_once_whatever_its_sender_believes(opened: Opened) -> None:
    sent = {"id": "lamp-1", "event": "Press", "key": "k"}
    async with opened() as page:
        first = await page.post("/api/events", sent)
        again = await page.post("/api/events", sent)
        stands = (await page.client.get("/api/instance", params={"id": "lamp-1"})).json()
        acts = (await page.client.get("/api/acts", params={"id": "lamp-1"})).json()
    assert first.json() == {"state": "consumed", "seq": 2, "error": "", "message": ""}
    assert again.json() == first.json()
    assert stands["summary"]["configuration"] == ["On"]
    assert [(act["actor"], act["name"], act["lane"]) for act in acts] == [("anna", "Press", "event")]


@pytest.mark.parametrize(
    ("data", "status", "word"),
    [
        ({"id": "lamp-1", "event": "Fly"}, 422, "no event 'Fly'"),
        ({"id": "lamp-1", "event": "Press", "payload": {"hard": 1}}, 422, "hard"),
        ({"id": "order-1001", "event": "Submit", "payload": {"amount": 0}}, 422, "amount"),
        ({"id": "nobody", "event": "Press"}, 404, "nobody"),
        ({"id": "lamp-1", "event": "Press", "payload": {"a": "x" * 270_000}}, 422, "larger"),
        ({"id": "lamp-1", "event": "Press", "other": 1}, 422, "other"),
        ({"id": "", "event": "Press"}, 422, "id"),
    ],
)
async def test_what_cannot_be_sent_is_refused_before_anything_is_written(
    opened: Opened, data: dict[str, Any], status: int, word: str
) -> None:
    async with opened() as page:
        answer = await page.post("/api/events", data)
        acts = await page.client.get("/api/acts", params={"id": "lamp-1"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert word in answer.json()["detail"]
    assert acts.json() == []


async def test_an_event_that_the_machine_refuses_comes_back_with_the_reason(opened: Opened) -> None:
    async with opened() as page:
        answer = await page.post("/api/events", {"id": "order-1001", "event": "Resume"})
    assert answer.json()["state"] == "refused"
    assert answer.json()["error"] == "NotAccepted"


async def test_a_parked_instance_is_retried_with_a_reason(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "BANK_MENDED", str(tmp_path / "mended"))
    async with opened() as page:
        found = (await page.client.get("/api/instance", params={"id": "order-1007"})).json()
        (tmp_path / "mended").touch()
        answer = await page.post("/api/controls", {"id": "order-1007", "verb": "retry", "reason": "the bank is back"})
        acts = (await page.client.get("/api/acts", params={"id": "order-1007"})).json()
        resolved = (await page.client.get("/api/incidents", params={"resolved": True})).json()
    assert found["verbs"] == ["retry", "skip", "resolve", "cancel", "terminate"]
    assert found["incident"]["kind"] == "UnhandledError"
    assert answer.json()["state"] == "consumed"
    assert [(a["actor"], a["name"], a["reason"]) for a in acts] == [("anna", "retry", "the bank is back")]
    assert [i["resolution"] for i in resolved] == ["retried by anna"]


async def test_an_instance_is_paused_resumed_and_cancelled(opened: Opened) -> None:
    said = []
    async with opened() as page:
        for verb in ("pause", "resume", "cancel"):
            assert (await page.post("/api/controls", {"id": "lamp-1", "verb": verb, "reason": "a test"})).is_success
            said.append((await page.client.get("/api/instance", params={"id": "lamp-1"})).json()["summary"]["status"])
        late = await page.post("/api/controls", {"id": "lamp-1", "verb": "pause", "reason": "a test"})
    assert said == ["paused", "running", "cancelled"]
    assert late.status_code == 409
    assert "there is nothing to pause" in late.json()["detail"]


async def test_workers_are_listed(opened: Opened) -> None:
    async with opened() as page:
        found = (await page.client.get("/api/workers")).json()
    assert [one["alive"] for one in found] == [True]


async def test_a_feed_begins_after_the_turn_that_was_seen(opened: Opened) -> None:
    async with opened() as page:
        page.app.state.feed.close()
        full = await page.client.get("/api/feed", params={"id": "lamp-1"})
    assert full.status_code == 503


async def test_the_description_names_every_answer(opened: Opened) -> None:
    async with opened() as page:
        found = (await page.client.get("/api/openapi.json")).json()
    assert "/api/controls" in found["paths"]
    for path, operations in found["paths"].items():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["422"]["content"], path
