"""The application and what it gives to anybody."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.visualize.dashboard.conftest import Opened
from visualize.dashboard.server import PAGES

pytestmark = pytest.mark.anyio


async def test_all_that_the_page_names_is_there(opened: Opened) -> None:
    async with opened() as page:
        text = (await page.client.get("/")).text
        named = re.findall(r'(?:href|src)="([^"#]+)"', text)
        for path in {*named, *(f"pages/{file.name}" for file in PAGES.iterdir())}:
            assert (await page.client.get(f"/{path}")).status_code == 200, path
        outside = await page.client.get("/pages/../server.py")
    assert outside.status_code == 404


@pytest.mark.parametrize("file", sorted(PAGES.iterdir()), ids=lambda file: file.name)
def test_the_page_asks_nobody_else_and_runs_no_text(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    outside = [url for url in re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text) if "www.w3.org" not in url]
    assert not outside
    assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|eval|document\.write|new Function)\b", text)
    assert not re.search(r'\son\w+="', text)
