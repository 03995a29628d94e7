"""Who is let in, and what every answer carries."""

from __future__ import annotations

from typing import Any

import pytest

from tests.visualize.dashboard.conftest import Opened
from visualize.dashboard import door
from visualize.dashboard.access import COOKIE, Person, Proxy, Rules

pytestmark = pytest.mark.anyio

TOKENS = Rules({"t" * 24: Person("anna", "operate"), "v" * 24: Person("vera", "view")})
ANNA, VERA = {"authorization": f"Bearer {'t' * 24}"}, {"authorization": f"Bearer {'v' * 24}"}
PRESS = {"id": "lamp-1", "event": "Press"}


async def test_a_stranger_sees_nothing_but_the_way_in(opened: Opened) -> None:
    async with opened(TOKENS) as page:
        shown = await page.client.get("/")
        asked = await page.client.get("/api/overview")
        changed = await page.client.post("/api/events", json=PRESS)
        wrong = await page.client.get("/api/overview", headers={"authorization": "Bearer nonsense"})
    assert shown.status_code == 200
    assert (asked.status_code, changed.status_code, wrong.status_code) == (401, 401, 401)
    assert asked.headers["www-authenticate"].startswith("Bearer")


async def test_who_may_look_may_not_operate(opened: Opened) -> None:
    async with opened(TOKENS) as page:
        looked = await page.client.get("/api/overview", headers=VERA)
        refused = await page.client.post("/api/events", json=PRESS, headers=VERA)
        sent = await page.client.post("/api/events", json=PRESS, headers=ANNA)
    assert (looked.status_code, refused.status_code, sent.status_code) == (200, 403, 200)
    assert "vera may look" in refused.json()["detail"]


async def test_a_token_becomes_a_cookie_that_only_our_page_can_use(opened: Opened) -> None:
    async with opened(TOKENS) as page:
        answer = await page.client.post("/api/session", json={"token": "t" * 24})
        session = (await page.client.get("/api/session")).json()
        bare = await page.client.post("/api/events", json=PRESS)
        sent = await page.post("/api/events", PRESS)
        await page.client.delete("/api/session", headers={"x-csrf-token": session["csrf"]})
        gone = await page.client.get("/api/session")
    assert {"httponly", "samesite=strict"} <= set(answer.headers["set-cookie"].lower().split("; "))
    assert (session["actor"], session["role"], session["leaves"]) == ("anna", "operate", True)
    assert (bare.status_code, sent.status_code, gone.status_code) == (403, 200, 401)


async def test_a_forged_cookie_is_worth_nothing(opened: Opened) -> None:
    async with opened(TOKENS) as page:
        await page.client.post("/api/session", json={"token": "v" * 24})
        cookie = page.client.cookies[COOKIE].replace("view", "operate")
        page.client.cookies.clear()
        answer = await page.client.get("/api/session", headers={"cookie": f"{COOKIE}={cookie}"})
    assert answer.status_code == 401


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
async def test_another_site_changes_nothing(opened: Opened, headers: dict[str, str]) -> None:
    async with opened() as page:
        answer = await page.client.post("/api/events", json=PRESS, headers=headers | await page.csrf())
        stands = (await page.client.get("/api/instance", params={"id": "lamp-1"})).json()
    assert answer.status_code == 403
    assert stands["summary"]["seq"] == 1


async def test_a_name_that_somebody_points_at_this_machine_opens_nothing(opened: Opened) -> None:
    async with opened() as page:
        answer = await page.client.get("/api/overview", headers={"host": "evil.example:8427"})
    assert answer.status_code == 421


async def test_a_proxy_names_people_and_nobody_else_does(opened: Opened) -> None:
    rules = Rules(proxy=Proxy("X-Forwarded-User", frozenset({"anna"})))
    anna, bob = {"x-forwarded-user": "anna"}, {"x-forwarded-user": "bob"}
    async with opened(rules) as page:
        roles = [(await page.client.get("/api/session", headers=h)).json()["role"] for h in (anna, bob)]
        nobody = await page.client.get("/api/overview")
    async with opened(rules, address="10.0.0.7") as page:
        forged = await page.client.get("/api/overview", headers=anna)
    assert roles == ["operate", "view"]
    assert (nobody.status_code, forged.status_code) == (401, 401)


async def test_every_answer_keeps_the_browser_strict(opened: Opened) -> None:
    async with opened() as page:
        for path in ("/", "/pages/page.css", "/api/overview", "/api/nowhere", "/nowhere"):
            headers = (await page.client.get(path)).headers
            assert "default-src 'none'" in headers["content-security-policy"], path
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
        assert (await page.client.get("/api/overview")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"method": "POST", "url": "/api/events", "content": b"x" * 400_000}, 413),
        ({"method": "POST", "url": "/api/events", "content": b"{"}, 422),
        ({"method": "GET", "url": f"/api/instances?text={'x' * 9_000}"}, 414),
        ({"method": "GET", "url": "/api/nowhere"}, 404),
        ({"method": "PUT", "url": "/api/overview"}, 405),
        ({"method": "GET", "url": "/api/instance?id=%00"}, 422),
        ({"method": "GET", "url": "/api/instances?limit=1e9"}, 422),
    ],
)
async def test_what_is_wrong_gets_a_problem_and_never_a_traceback(
    opened: Opened, request_: dict[str, Any], status: int
) -> None:
    async with opened() as page:
        answer = await page.client.request(**request_, headers=await page.csrf())
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "title", "status", "detail"}
    assert "Traceback" not in answer.text


async def test_a_body_of_unknown_length_is_refused(opened: Opened) -> None:
    async def pieces() -> Any:
        yield b"{}"

    async with opened() as page:
        answer = await page.client.post("/api/events", content=pieces(), headers=await page.csrf())
    assert answer.status_code == 411


async def test_who_asks_too_often_has_to_wait(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "READS", (20, 0.001))
    monkeypatch.setattr(door, "SIGN_INS", (5, 0.001))
    async with opened(TOKENS) as page:
        guesses = [(await page.client.post("/api/session", json={"token": str(n)})).status_code for n in range(6)]
        looks = [(await page.client.get("/api/session", headers=ANNA)).status_code for _ in range(21)]
    assert guesses == [401] * 5 + [429]
    assert looks == [200] * 20 + [429]
