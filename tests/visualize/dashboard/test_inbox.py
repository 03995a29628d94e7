"""A queue of tasks and incidents is worked in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.visualize.dashboard import office
from tests.visualize.dashboard.serving import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("office")
    with serving(folder, "--schedules", f"{office.__file__}:schedules", program=office, cases=14, parked=5) as one:
        yield one


def test_one_task_after_the_other_is_completed_with_its_form(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/#/tasks")
    tasks, task = page.get_by_role("list", name="Tasks"), page.get_by_role("region", name="Task")
    expect(tasks.get_by_role("listitem")).to_have_count(14)
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
    expect(tasks.get_by_role("listitem")).to_have_count(13)
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


def test_an_incident_is_mended_by_a_change_another_skipped_and_one_done_by_hand(page: Page, served: Served) -> None:
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
    third = page.get_by_role("article").filter(has_text="late-3")
    third.get_by_role("button", name="Resolve").click()
    dialog.get_by_label("Context").fill('{"spent": 50}')
    dialog.get_by_label("Reason").fill("paid in cash")
    dialog.get_by_role("button", name="Resolve").click()
    expect(third).to_have_count(0)
    page.goto(f"{served.address}/#/instance/late-3")
    expect(page.get_by_role("region", name="Context")).to_contain_text("50")


def test_the_focus_stays_on_a_task_when_the_list_is_read_again(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/#/tasks")
    line = page.get_by_role("list", name="Tasks").locator("button[data-task]").nth(2)
    line.focus()
    line.evaluate("button => button.classList.add('earlier')")
    expect(page.locator("button.earlier")).to_have_count(0)
    expect(page.get_by_role("list", name="Tasks").locator("button[data-task]").nth(2)).to_be_focused()


def test_the_keys_walk_tasks_and_incidents_too(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/#/tasks")
    lines = page.get_by_role("list", name="Tasks").locator("button[data-task]")
    expect(lines.first).to_have_attribute("aria-current", "true")
    page.keyboard.press("j")
    expect(lines.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(lines.nth(1)).to_have_attribute("aria-current", "true")
    expect(page.locator(".task input").first).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    expect(lines.nth(0)).to_be_focused()
    page.goto(f"{served.address}/#/incidents")
    troubles = page.get_by_role("article")
    expect(troubles.first).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Tab")
    page.keyboard.press("j")
    expect(troubles.nth(1).get_by_role("link")).to_be_focused()


def test_what_waits_for_a_person_is_said_alone(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/#/instance/case-14")
    waiting = page.get_by_role("region", name="Waiting for")
    expect(waiting.locator(".asked")).to_contain_text("case-14")
    expect(waiting.get_by_text("Nothing.")).to_be_hidden()


def test_an_instance_is_mended_by_a_change_from_its_own_page(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/#/instance/late-4")
    expect(page.locator("#open")).to_be_visible()
    page.get_by_role("button", name="Change and retry").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Context").fill('{"limit": 90}')
    dialog.get_by_label("Reason").fill("a good customer")
    dialog.get_by_role("button", name="Change and retry").click()
    expect(page.get_by_role("region", name="Done by hand")).to_contain_text("a good customer")
    expect(page.get_by_role("button", name="Change and retry")).to_have_count(0)


def test_a_queue_is_worked_with_the_keyboard_alone(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/#/tasks")
    tasks = page.get_by_role("list", name="Tasks").get_by_role("listitem")
    expect(tasks.first).to_be_visible()
    page.locator(".task [name], .task input").first.focus()
    for left in range(tasks.count(), 3, -1):
        expect(tasks).to_have_count(left)
        expect(page.locator(".task input[type=checkbox]").first).to_be_focused()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.type("3")
        page.keyboard.press("Enter")
    expect(tasks).to_have_count(3)


def test_who_is_too_late_is_told(page: Page, browser: Browser, served: Served) -> None:
    other = browser.new_page()
    for one in (page, other):
        one.goto(f"{served.address}/#/tasks")
        one.locator(".task").get_by_label("rate").fill("2")
    page.locator(".task").get_by_role("button", name="Complete").click()
    expect(other.locator("#notes")).to_contain_text("somebody else has done it")
    other.close()


def test_an_instance_goes_back_is_forked_and_ended(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/#/instance/case-13")
    expect(page.get_by_role("region", name="Waiting for")).to_contain_text("Is case-13 in order?")
    page.get_by_role("button", name="The turn before").click()
    expect(page.locator("#state-Open")).to_have_class(re.compile(r"\bleaf\b"))
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Rewind to").click()
    assert Axe().run(page).violations_count == 0, Axe().run(page).generate_report()
    dialog.get_by_label("Reason").fill("asked too early")
    dialog.get_by_role("button", name="Rewind to").click()
    expect(page.get_by_role("region", name="Done by hand")).to_contain_text("asked too early")
    expect(page.get_by_role("region", name="Waiting for")).not_to_contain_text("Is case-13 in order?")
    page.get_by_role("button", name="First turn").click()
    page.get_by_role("button", name="Fork from").click()
    dialog.get_by_label("Id of the new instance").fill("case-13-again")
    dialog.get_by_label("Reason").fill("to try another way")
    dialog.get_by_role("button", name="Fork from").click()
    expect(page.get_by_role("heading", name="case-13-again")).to_be_visible()
    page.get_by_role("button", name="Terminate").click()
    dialog.get_by_label("Reason").fill("tried enough")
    dialog.get_by_role("button", name="Terminate").click()
    expect(page.get_by_role("region", name="Done by hand")).to_contain_text("tried enough")
    expect(page.locator("header.head")).to_contain_text("cancelled")


def test_instances_are_found_by_what_their_class_is_searched_by(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/#/instances")
    page.get_by_label("Attributes, as name=value").fill("limit=100")
    expect(page).to_have_url(re.compile("attribute=limit"))
    expect(page.locator("tbody tr").first).to_contain_text("case-01")
    expect(page.locator("tbody tr").filter(has_text="late")).to_have_count(0)
    page.get_by_label("Attributes, as name=value").fill("limit=3")
    expect(page.get_by_text("No instance fits")).to_be_visible()


def test_a_schedule_is_paused(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/#/schedules")
    expect(page.locator("tbody tr")).to_contain_text("0 2 * * *")
    heads = page.get_by_role("columnheader")
    expect(heads).to_have_text([re.compile(r"\w")] * 7)
    assert heads.evaluate_all("heads => new Set(heads.map((head) => getComputedStyle(head).borderBottom)).size") == 1
    assert Axe().run(page).violations_count == 0
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Pause nightly").click()
    expect(page.get_by_role("button", name="Resume nightly")).to_be_visible()
