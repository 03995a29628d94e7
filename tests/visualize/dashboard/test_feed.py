"""What changes, as it happens."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from fsm.errors import StoreFull
from tests.visualize.dashboard.conftest import Opened
from tests.visualize.dashboard.shop import Lamp, Press
from visualize.dashboard import feed as feeds
from visualize.dashboard.feed import ALIVE, Feed

pytestmark = pytest.mark.anyio


async def take(feed: AsyncIterator[str], name: str) -> tuple[str, Any]:
    """The next event of a name: its id and its data."""
    with anyio.fail_after(5):
        async for text in feed:
            said = dict(line.split(": ", 1) for line in text.strip().splitlines() if not line.startswith(":"))
            if said.get("event") == name:
                return said.get("id", ""), json.loads(said["data"])
    raise AssertionError("the feed ended")


async def test_a_feed_goes_on_after_the_turn_that_was_seen(opened: Opened) -> None:
    async with opened() as page:
        feed = page.app.state.feed.of_instance("lamp-3", 1)
        first, second = await take(feed, "turn"), await take(feed, "turn")
        assert (first[0], second[0]) == ("2", "3")
        assert (await take(feed, "standing"))[1]["summary"]["configuration"] == ["Off"]
        assert (await take(feed, "overview"))[1]["incidents"] == 1, "the bar of every page says it"
        await page.orchestrator.get("lamp-3", Lamp).send(Press())
        assert (await take(feed, "turn"))[1]["configuration"] == ["On"]
        page.app.state.feed.close()
        assert [text async for text in feed if text != ALIVE][1:] == []


async def test_the_overview_comes_when_it_has_changed_and_not_again(opened: Opened) -> None:
    async with opened() as page:
        feed: Feed = page.app.state.feed
        name, found = await take(feed.of_all(""), "overview")
        assert found["machines"][0]["here"] == {"Off": 2, "On": 1}
        again = feed.of_all(name)
        await page.orchestrator.get("lamp-1", Lamp).send(Press())
        assert (await take(again, "overview"))[1]["machines"][0]["here"] == {"Off": 1, "On": 2}


async def test_a_feed_that_has_nothing_to_say_says_so(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "POLL_SECONDS", 0.001)
    async with opened() as page:
        name, _ = await take(page.app.state.feed.of_all(""), "overview")
        async for text in page.app.state.feed.of_all(name):
            assert text == ALIVE
            break


async def test_a_store_that_fails_ends_the_feed_with_a_word(opened: Opened) -> None:
    async def failing() -> AsyncIterator[str]:
        yield "event: x\ndata: 1\n\n"
        raise StoreFull("the disk is full")

    async with opened() as page:
        said = [text async for text in page.app.state.feed.heard(failing())]
    assert said[0].startswith("retry: ")
    assert "the disk is full" in said[-1]


async def test_no_more_listen_than_there_is_room_for(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "FEEDS_MAX", 1)
    async with opened() as page:
        feed: Feed = page.app.state.feed
        with feed.place():
            answer = await page.client.get("/api/feed")
        assert not feed.full
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
