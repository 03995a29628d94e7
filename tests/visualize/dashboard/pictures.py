"""The pictures of docs/dashboard.md: `make docs-pictures` takes them anew."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.visualize.dashboard import office
from tests.visualize.dashboard.serving import browsing, serving

FOLDER = Path(__file__).parents[3] / "docs" / "pictures"
SHOTS = (
    ("machines", "", ".card svg .mark", 1440, "light"),
    ("instances", "instances", "tbody tr", 1440, "light"),
    ("instance", "instance/order-1005", "svg.timeline", 1440, "light"),
    ("instance-dark", "instance/order-1007", "svg.timeline", 1440, "dark"),
    ("instance-small", "instance/order-1007", "svg.timeline", 390, "dark"),
    ("form", "instance/order-1001", "svg.timeline", 1440, "light"),
)

DESK = (
    ("tasks", "tasks", ".task form", 1440, "light"),
    ("incidents", "incidents", "article", 1440, "dark"),
    ("schedules", "schedules", "tbody tr", 1440, "light"),
)


def take(folder: Path) -> None:
    """Take all pictures of a shop and an office that have just been filled."""
    with tempfile.TemporaryDirectory() as place, serving(Path(place), orders=40) as served, browsing() as browser:
        for name, path, ready, width, scheme in SHOTS:
            shoot(browser, f"{served.address}/#/{path}", ready, width, scheme, folder / f"dashboard-{name}.png")

    with (
        tempfile.TemporaryDirectory() as place,
        serving(
            Path(place), "--schedules", f"{office.__file__}:schedules", program=office, cases=6, parked=2
        ) as served,
        browsing() as browser,
    ):
        for name, path, ready, width, scheme in DESK:
            shoot(browser, f"{served.address}/#/{path}", ready, width, scheme, folder / f"dashboard-{name}.png")


def shoot(browser: Browser, address: str, ready: str, width: int, scheme: str, file: Path) -> None:
    """One picture."""
    dark = scheme == "dark"
    context = browser.new_context(
        viewport={"width": width, "height": 1180 if width > 800 else 844},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(address)
    expect(page.locator(ready).first).to_be_visible()
    expect(page.locator("#live")).to_have_text("live")
    if "machines" in file.name:
        expect(page.locator(".card svg")).to_have_count(2)
    if "form" in file.name:
        page.get_by_role("button", name="Submit", exact=True).click()
    page.screenshot(path=file)
    context.close()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    take(FOLDER)
