"""A queue of tasks and incidents is worked in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.visualize.dashboard import office
from tests.visualize.dashboard.serving import Served, browsing, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("office")
    with serving(folder, "--schedules", f"{office.__file__}:schedules", program=office, cases=4, parked=3) as one:
        yield one


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as one:
        yield one


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(8_000)
    yield page
    context.close()


def test_one_task_after_the_other_is_completed_with_its_form(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/#/tasks")
    tasks, task = page.get_by_role("list", name="Tasks"), page.get_by_role("region", name="Task")
    expect(tasks.get_by_role("listitem")).to_have_count(4)
    expect(task).to_contain_text("Is case-01 in order? 0 were spent.")
    assert Axe().run(page).violations_count == 0, Axe().run(page).generate_report()
    task.get_by_label("rate").fill("9")
    task.get_by_role("button", name="Complete").click()
    assert page.evaluate("document.querySelector('.task input[type=number]').validity.rangeOverflow")
    task.get_by_label("rate").fill("4")
    task.get_by_label("approve").check()
    task.get_by_label("kind").select_option(label="odd")
    task.get_by_role("button", name="Complete").click()
    expect(task).to_contain_text("Is case-02 in order? 5 were spent.")
    expect(tasks.get_by_role("listitem")).to_have_count(3)
    task.get_by_label("rate").fill("1")
    task.get_by_role("button", name="Complete").click()
    expect(task).to_contain_text("case-03")
    task.get_by_role("button", name="Claim").click()
    expect(task).to_contain_text("Claimed by")
    task.get_by_role("button", name="Reassign").click()
    page.get_by_role("dialog").get_by_label("To").fill("bob")
    page.get_by_role("dialog").get_by_label("Reason").fill("knows them")
    page.get_by_role("dialog").get_by_role("button", name="Reassign").click()
    expect(tasks).to_contain_text("bob")
    page.goto(f"{served.address}/#/instance/case-01")
    expect(page.locator("#state-Approved")).to_be_visible()


def test_an_incident_is_mended_by_a_change_and_another_skipped(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/#/incidents")
    first = page.get_by_role("article").filter(has_text="late-1")
    first.get_by_role("button", name="Change and retry").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Context").fill('{"limit": "many"}')
    dialog.get_by_label("Reason").fill("a good customer")
    dialog.get_by_role("button", name="Change and retry").click()
    expect(dialog.get_by_role("alert")).to_contain_text("limit")
    dialog.get_by_label("Context").fill('{"limit": 90}')
    dialog.get_by_role("button", name="Change and retry").click()
    expect(first).to_have_count(0)
    second = page.get_by_role("article").filter(has_text="late-2")
    second.get_by_role("button", name="Skip").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("not needed")
    page.get_by_role("dialog").get_by_role("button", name="Skip").click()
    expect(second).to_have_count(0)


def test_a_schedule_is_paused(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/#/schedules")
    expect(page.locator("tbody tr")).to_contain_text("0 2 * * *")
    assert Axe().run(page).violations_count == 0
    page.get_by_role("button", name="Pause nightly").click()
    expect(page.get_by_role("button", name="Resume nightly")).to_be_visible()
