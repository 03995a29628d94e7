"""Schedules are listed, paused and resumed through the API."""

from __future__ import annotations

import pytest

from tests.visualize.dashboard.conftest import office

pytestmark = pytest.mark.anyio


async def test_a_schedule_rests_and_goes_on() -> None:
    async with office() as page:
        (found,) = (await page.client.get("/api/schedules")).json()
        (paused,) = (await page.post("/api/schedules", {"name": "nightly", "deed": "pause"})).json()
        (resumed,) = (await page.post("/api/schedules", {"name": "nightly", "deed": "resume"})).json()
        unknown = await page.post("/api/schedules", {"name": "daily", "deed": "pause"})
    assert (found["name"], found["paused"], found["last"]) == ("nightly", False, None)
    assert "0 2 * * *" in found["rhythm"]
    assert (paused["paused"], resumed["paused"], unknown.status_code) == (True, False, 404)
