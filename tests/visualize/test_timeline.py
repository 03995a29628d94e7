"""The life of one instance as a picture."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from fsm.errors import DrawingError
from tests.visualize.machines import Order, Routed, Step
from tests.visualize.test_stays import LIFE, Call, Trouble, Turn
from visualize.theme import DARK, LIGHT
from visualize.timeline import timeline

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*arguments: object, **keywords: object) -> ElementTree.Element:
    return ElementTree.fromstring(str(timeline(*arguments, **keywords)))  # type: ignore[arg-type]


def bars(page: ElementTree.Element) -> dict[str, tuple[float, float]]:
    """Start and width of each bar by what it says."""
    found = [(r.findtext(f"{SVG}title"), r) for r in page.iter(f"{SVG}rect")]
    return {tip: (float(r.get("x", "0")), float(r.get("width", "0"))) for tip, r in found if tip}


def texts(page: ElementTree.Element) -> list[str]:
    return ["".join(t.itertext()) for t in page.iter(f"{SVG}text")]


def test_every_stay_and_every_call_is_a_bar_that_says_how_long_it_was() -> None:
    found = bars(drawn(LIFE, now=40.0, chart=Order))
    assert set(found) == {
        "Draft: 10.0s", "Processing: 20.0s so far", "Processing.Payment: 10.0s",
        "Processing.Payment: 10.0s so far", "bank.pay: answered after 4.0s",
    }  # fmt: skip


def test_what_comes_later_stands_further_to_the_right() -> None:
    found = bars(drawn(LIFE, now=40.0))
    start, width = found["Draft: 10.0s"]
    assert abs(found["Processing: 20.0s so far"][0] - (start + width)) < 0.2
    assert found["bank.pay: answered after 4.0s"][0] > start + width


def test_a_long_wait_and_a_short_call_are_both_to_be_seen() -> None:
    days = 86_400.0
    turns = [
        Turn("start", 0.0, [Step([], [], ["Draft"])]),
        Turn("Go", 9 * days, [Step([], ["Draft"], ["OnHold"])], [Call("a.b", 9 * days - 0.002, 0.001)]),
    ]
    found = bars(drawn(turns, now=9 * days + 1))
    assert 3 < found["a.b: answered after 1ms"][1] < found["Draft: 9d"][1] < 1000


def test_states_stand_in_the_order_of_the_chart() -> None:
    turns = [Turn("start", 0.0, [Step([], [], ["OnHold", "Draft"])])]
    words = texts(drawn(turns, now=1.0, chart=Order))
    assert words.index("Draft") < words.index("OnHold")


def test_failed_calls_and_incidents_have_a_mark_beside_their_colour() -> None:
    turns = [*LIFE, Turn("error.invoke.pay", 50.0, [], [Call("bank.pay", 41.0, 2.0, ok=False, attempt=3)])]
    page = drawn(turns, now=90.0, incidents=[Trouble("CallFailed", "the bank is down", 50.0)])
    assert "bank.pay: failed after 2.0s, attempt 3" in bars(page)
    assert "CallFailed: the bank is down" in bars(page)
    assert "!" in texts(page)
    assert "pay failed" in [t.removesuffix("error.invoke.pay") for t in texts(page)]


def test_work_for_people_says_so() -> None:
    turns = [Turn("start", 0.0, [Step([], [], ["Large", "Large.Approval", "Large.Approval.Waiting"])])]
    page = drawn(turns, now=7200.0, chart=Routed)
    assert "Large.Approval.Waiting: 2h so far, work for a person" in bars(page)
    assert any(t.startswith("Waiting · person") for t in texts(page))


def test_each_theme_has_its_own_paper_and_users_words_are_escaped() -> None:
    light, dark = (str(timeline(LIFE, now=40.0, title="<b>&", theme=t)) for t in ("light", "dark"))
    assert LIGHT.paper in light
    assert DARK.paper in dark
    assert "&lt;b&gt;&amp;" in light


def test_the_same_journal_gives_the_same_picture_and_notebooks_show_it() -> None:
    assert timeline(LIFE, now=40.0)._repr_svg_() == str(timeline(LIFE, now=40.0))


def test_an_empty_journal_and_a_wrong_theme_are_refused() -> None:
    with pytest.raises(DrawingError, match="journal is empty"):
        timeline([], now=1.0)
    with pytest.raises(DrawingError, match="choose 'light' or 'dark'"):
        timeline(LIFE, now=1.0, theme="pink")  # type: ignore[arg-type]
