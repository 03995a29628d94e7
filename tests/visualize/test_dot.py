"""The DOT source, and what engines make of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fsm.chart.action import on_enter
from fsm.chart.chart import Node
from fsm.chart.context import Context
from fsm.chart.edge import on
from fsm.chart.event import Event
from fsm.chart.state import Kind, State
from fsm.errors import DrawingError, MissingExtra
from fsm.machine import StateMachine
from tests.visualize.machines import LIVE, PATH, Fork, Jam, Loops, Order, many
from visualize import diagram, to_dot
from visualize.engine import Engine, find_engine
from visualize.picture import svg_text
from visualize.theme import DARK, LIGHT


class ThePersonInChargeHasAnsweredAtLast(Event): ...


SVG = "{http://www.w3.org/2000/svg}"


def svg(subject: object, **keywords: object) -> str:
    made = diagram(subject, **keywords)  # type: ignore[arg-type]
    return svg_text(made.drawing, made.theme, made.direction)


@pytest.fixture(scope="module")
def live() -> ElementTree.Element:
    return ElementTree.fromstring(svg(LIVE, history=PATH))


def marked(page: ElementTree.Element, id: str) -> set[str]:
    found = next(g for g in page.iter(f"{SVG}g") if g.get("id") == id)
    return set((found.get("class") or "").split())


def test_dot_has_a_cluster_for_each_composite_and_all_parts_of_a_label() -> None:
    source = to_dot(Order)
    composites = [b.index for b in diagram(Order).drawing.boxes[1:] if b.composite]
    assert all(f"subgraph cluster_{i} " in source for i in composites)
    assert "<B>Submit</B>" in source
    assert "[cart_not_empty]" in source
    assert "/ reserve_stock" in source


def test_edges_of_a_composite_end_at_its_border() -> None:
    source = to_dot(Order)
    processing = LIVE.chart.index["Processing"]
    assert f"lhead=cluster_{processing}" in source
    assert f"ltail=cluster_{processing}" in source


def test_a_line_against_the_flow_is_declared_the_other_way_round() -> None:
    source, index = to_dot(Order), LIVE.chart.index
    retry = f"s{index['Processing.Payment.Authorising']} -> s{index['Processing.Payment.Backoff']}"
    assert len(re.findall(retry, source)) == 2
    assert re.search(rf"{retry} \[.*dir=back", source)


def test_several_targets_go_through_a_bar() -> None:
    source = to_dot(Fork)
    assert len(re.findall(r"bar0 -> s\d+", source)) == 2


def test_several_targets_against_the_flow_are_declared_the_other_way_round() -> None:
    source = to_dot(Jam)
    assert len(re.findall(r"s\d+ -> bar\d+ \[.*dir=back", source)) == 2
    assert re.search(rf"bar\d+ -> s{Jam.__chart__.index['Stuck']} \[.*arrowhead=none", source)


def test_a_long_row_of_an_event_does_not_pull_keywords_and_what_they_do_apart() -> None:
    class Wordy(StateMachine[Context]):
        class A(State, initial=True): ...

        @on_enter(A)
        def greet(self) -> None: ...

        @on(ThePersonInChargeHasAnsweredAtLast, A)
        def write_down_what_was_said_and_by_whom(self, ev: Event) -> None: ...

    label = next(line for line in to_dot(Wordy).splitlines() if "greet" in line)
    assert label.count('COLSPAN="2"') == 2
    assert re.search(r"ThePersonInChargeHasAnsweredAtLast</B></FONT><BR", label)


def test_lines_of_the_machine_start_at_a_mark_of_their_own() -> None:
    assert "any state" in to_dot(Loops)
    assert "any in Work" in to_dot(Loops)
    assert "restart Both" in to_dot(Loops)


def test_the_same_subject_gives_the_same_source_and_the_same_picture() -> None:
    assert to_dot(Order) == to_dot(Order)
    assert svg(Fork) == svg(Fork)


def test_every_state_can_be_found_by_its_path(live: ElementTree.Element) -> None:
    ids = {g.get("id") for g in live.iter(f"{SVG}g")}
    assert ids >= {f"state-{n.id}" for n in Order.__chart__.nodes[1:]}


def test_classes_say_what_is_active_and_what_was_taken(live: ElementTree.Element) -> None:
    assert {"state", "atomic", "active"} <= marked(live, "state-Processing.Payment.Backoff")
    assert {"state", "parallel", "active"} <= marked(live, "state-Processing")
    assert "visited" in marked(live, "state-Draft")
    last = next(x.index for x in diagram(LIVE, history=PATH).drawing.lines if x.last)
    assert {"transition", "failed", "taken", "last"} <= marked(live, f"edge-{last}")


def test_active_and_visited_have_a_mark_beside_their_colour(live: ElementTree.Element) -> None:
    text = " ".join(live.itertext())
    assert "●" in text
    assert "√" in text


def test_the_svg_has_a_title_a_description_and_a_style_sheet(live: ElementTree.Element) -> None:
    assert live.findtext(f"{SVG}title") == "Order"
    assert live.findtext(f"{SVG}desc") == "An order from the cart to the door."
    assert ".statechart" in (live.findtext(f"{SVG}style") or "")


def test_docstrings_are_tooltips(live: ElementTree.Element) -> None:
    tips = [a.get("{http://www.w3.org/1999/xlink}title") or "" for a in live.iter(f"{SVG}a")]
    assert any("Still changeable by the customer." in tip for tip in tips)


def test_regions_lie_in_the_order_of_their_declaration_with_a_dashed_line_between(live: ElementTree.Element) -> None:
    def left(id: str) -> float:
        group = next(g for g in live.iter(f"{SVG}g") if g.get("id") == id)
        return min(float(t.get("x", "inf")) for t in group.iter(f"{SVG}text"))

    assert left("state-Processing.Payment") < left("state-Processing.Fulfilment")
    lines = [g for g in live.iter(f"{SVG}g") if "separator" in (g.get("class") or "")]
    assert len(lines) == 1


@pytest.mark.parametrize("machine", [Order, Loops, Fork, many()])
@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_every_trap_is_drawn_in_both_directions(machine: type, direction: str) -> None:
    page = ElementTree.fromstring(svg(machine, direction=direction))
    assert len([g for g in page.iter(f"{SVG}g") if (g.get("id") or "").startswith("state-")]) >= 8


def test_each_theme_paints_with_its_own_colours() -> None:
    light, dark = to_dot(Order), to_dot(Order, theme="dark")
    assert LIGHT.paper in light
    assert LIGHT.guard in light
    assert DARK.paper in dark
    assert DARK.guard in dark
    assert not {LIGHT.ink, LIGHT.state, LIGHT.guard} & set(re.findall(r"#[0-9A-F]{6}", dark))


def test_a_machine_that_is_parallel_itself_has_regions_on_the_page() -> None:
    nodes = (
        Node(0, "", "M", Kind.PARALLEL, 0, 5, (1, 3)),
        Node(1, "A", "A", Kind.COMPOUND, 0, 3, (2,), (2,)),
        Node(2, "A.B", "B", Kind.ATOMIC, 1, 3),
        Node(3, "C", "C", Kind.COMPOUND, 0, 5, (4,), (4,)),
        Node(4, "C.D", "D", Kind.ATOMIC, 3, 5),
    )
    index = {n.id: n.index for n in nodes}
    chart = replace(Order.__chart__, name="Both", nodes=nodes, transitions=(), invokes=(), index=index)
    page = ElementTree.fromstring(svg(chart))
    assert len([g for g in page.iter(f"{SVG}g") if "separator" in (g.get("class") or "")]) == 1


NASTY = "A<b>&\"'\\N{x}]:;|\n--> #"


def test_whatever_a_user_writes_is_escaped() -> None:
    nodes = (
        Node(0, "", "M", Kind.COMPOUND, 0, 2, (1,), (1,)),
        Node(1, NASTY, NASTY, Kind.ATOMIC, 0, 2, doc=f"<script>{NASTY}"),
    )
    chart = replace(Order.__chart__, name=NASTY, nodes=nodes, transitions=(), invokes=(), index={NASTY: 1}, doc=NASTY)
    page = ElementTree.fromstring(svg(chart))
    assert "script" not in {e.tag.removeprefix(SVG) for e in page.iter()}
    assert page.findtext(f"{SVG}title", "").startswith('A<b>&"')


def test_a_missing_engine_names_both_ways_to_get_one() -> None:
    with pytest.raises(MissingExtra, match=r"apt-get install graphviz.*pip install 'dynamic-orchestrator\[dot\]'"):
        find_engine({"PATH": ""})


def test_the_setting_comes_before_the_path(tmp_path: Path) -> None:
    mine = tmp_path / "mydot"
    mine.write_text("#!/bin/sh\n")
    mine.chmod(0o755)
    assert find_engine({"FSM_DOT": str(mine), "PATH": ""}) == Engine(str(mine))
    with pytest.raises(DrawingError, match="FSM_DOT is '/nowhere/dot'"):
        find_engine({"FSM_DOT": "/nowhere/dot", "PATH": ""})


def test_an_engine_that_fails_is_a_drawing_error(tmp_path: Path) -> None:
    mine = tmp_path / "dot"
    mine.write_text("#!/bin/sh\necho 'syntax error' >&2\nexit 3\n")
    mine.chmod(0o755)
    with pytest.raises(DrawingError, match="failed with code 3: syntax error"):
        Engine(str(mine)).run("digraph {}", "svg")
