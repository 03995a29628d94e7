"""What waits for people is listed, claimed and completed through the API, with their names."""

from __future__ import annotations

from typing import Any

import pytest

from tests.visualize.dashboard.conftest import office
from visualize.dashboard.access import Person, Rules

pytestmark = pytest.mark.anyio

GOOD = {"approve": True, "rate": 5, "note": "fine"}


async def test_tasks_are_claimed_released_reassigned_and_completed() -> None:
    async with office() as page:
        found = (await page.client.get("/api/tasks", params={"assignee": "credit"})).json()
        first, second = found[0]["id"], found[1]["id"]
        claimed = (await page.post("/api/tasks", {"id": first, "deed": "claim"})).json()
        mine = (await page.client.get("/api/tasks", params={"claimed_by": "anna"})).json()
        await page.post("/api/tasks", {"id": first, "deed": "release"})
        await page.post("/api/tasks", {"id": second, "deed": "reassign", "to": "bob", "reason": "knows them"})
        done = (await page.post("/api/tasks", {"id": first, "deed": "complete", "answer": GOOD})).json()
        await page.orchestrator.get(found[0]["instance"]).result(timeout=5)
        left = (await page.client.get("/api/tasks")).json()
        closed = (await page.client.get("/api/tasks", params={"closed": True})).json()
        turns = await page.orchestrator.get(found[0]["instance"]).history()
    assert len(found) == 5
    assert found[0]["form"]["properties"]["rate"]["maximum"] == 5
    assert (claimed["status"], claimed["claimed_by"], [t["id"] for t in mine]) == ("claimed", "anna", [first])
    assert (done["status"], done["by"], [d["verb"] for d in done["deeds"]]) == (
        "completed",
        "anna",
        ["claim", "release", "complete"],
    )
    assert {t["id"]: t["assignee"] for t in left}[second] == "bob"
    assert ([t["id"] for t in closed], turns[-1].actor) == ([first], "anna")


@pytest.mark.parametrize(
    ("data", "status", "word"),
    [
        ({"id": "nobody", "deed": "claim"}, 404, "no human task"),
        ({"deed": "complete", "answer": {"approve": True, "rate": 9}}, 422, "rate"),
        ({"deed": "complete"}, 422, "approve"),
        ({"deed": "eat"}, 422, "deed"),
        ({"deed": "claim", "more": 1}, 422, "more"),
    ],
)
async def test_what_cannot_be_done_is_refused_with_the_reason(data: dict[str, Any], status: int, word: str) -> None:
    async with office() as page:
        first = (await page.client.get("/api/tasks")).json()[0]["id"]
        answer = await page.post("/api/tasks", {"id": first} | data)
        again = (await page.client.get("/api/tasks")).json()
    assert (answer.status_code, word in answer.json()["detail"]) == (status, True), answer.text
    assert again[0]["status"] == "open"


async def test_of_two_people_one_completes_a_task() -> None:
    async with office() as page:
        first = (await page.client.get("/api/tasks")).json()[0]["id"]
        await page.post("/api/tasks", {"id": first, "deed": "complete", "answer": GOOD})
        late = await page.post("/api/tasks", {"id": first, "deed": "complete", "answer": GOOD | {"approve": False}})
    assert late.status_code == 409
    assert "completed by 'anna'" in late.json()["detail"]


async def test_whoever_may_only_look_does_nothing() -> None:
    async with office(Rules(local=Person("vera", "view"))) as page:
        first = (await page.client.get("/api/tasks")).json()[0]["id"]
        assert (await page.post("/api/tasks", {"id": first, "deed": "claim"})).status_code == 403


async def test_forms_of_a_class_that_is_not_known_here_cannot_be_checked() -> None:
    async with office(known=False) as page:
        first = (await page.client.get("/api/tasks")).json()[0]["id"]
        answer = await page.post("/api/tasks", {"id": first, "deed": "complete", "answer": GOOD})
    assert answer.status_code == 404
    assert "not known here" in answer.json()["detail"]


async def test_an_incident_is_retried_with_changes_or_skipped() -> None:
    async with office() as page:
        wrong = await page.post(
            "/api/controls", {"id": "late-1", "verb": "retry", "reason": "more money", "change": {"limit": "x"}}
        )
        right = await page.post(
            "/api/controls", {"id": "late-1", "verb": "retry", "reason": "more money", "change": {"limit": 90}}
        )
        skipped = await page.post("/api/controls", {"id": "late-2", "verb": "skip", "reason": "not needed"})
        odd = await page.post(
            "/api/controls", {"id": "case-01", "verb": "pause", "reason": "look first", "change": {"limit": 1}}
        )
        stands = [await page.orchestrator.get(id).snapshot() for id in ("late-1", "late-2")]
    assert (wrong.status_code, "limit" in wrong.json()["detail"]) == (422, True)
    assert (right.json()["state"], skipped.json()["state"], odd.status_code) == ("consumed", "consumed", 422)
    assert [(s.status, s.context.limit, s.context.spent) for s in stands] == [("running", 90, 50), ("running", 10, 0)]
