"""Where things lie: what every layout must keep, whatever the chart."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations, pairwise
from typing import Any

import pytest

from fsm.chart.edge import all_done, edge
from fsm.chart.state import Final, Kind, State
from fsm.machine import StateMachine
from tests.visualize.machines import Data, Deep, Fork, Go, Jam, Loops, Order, Regions, Routed, Ship, many, state
from tests.visualize.random_charts import random_chart
from visualize import diagram
from visualize.dot import Direction
from visualize.drawing import Drawing
from visualize.engine import find_engine
from visualize.labels import line_label
from visualize.layout import Placed, laid_out
from visualize.plot import Point, Rectangle
from visualize.score import sampled
from visualize.theme import LIGHT

TRAPS = {m.__name__: m for m in (Order, Loops, Fork, Jam, Regions, Ship, Deep, Routed, many(4))}
EVERY = [(name, direction) for name in TRAPS for direction in ("TB", "LR")]
CHECKS: list[Callable[[str, Direction], None]] = []


def law(check: Callable[[str, Direction], None]) -> Callable[[str, Direction], None]:
    """What holds for every layout is tried on the traps here and on charts made by chance below."""
    CHECKS.append(check)
    return check


@cache
def placed(name: str, direction: Direction) -> tuple[Drawing, Placed]:
    subject = random_chart(int(name)) if name.isdigit() else TRAPS[name]
    drawing = diagram(subject).drawing
    return drawing, laid_out(drawing, LIGHT, direction, find_engine())


def inside(inner: Rectangle, outer: Rectangle) -> bool:
    room = 0.5
    return (
        outer[0] - room <= inner[0] and outer[1] - room <= inner[1]
        and inner[2] <= outer[2] + room and inner[3] <= outer[3] + room
    )  # fmt: skip


def distance(point: Point, box: Rectangle) -> float:
    """How far a point is from the border of a box or from its inside."""
    x = max(box[0] - point[0], 0.0, point[0] - box[2])
    y = max(box[1] - point[1], 0.0, point[1] - box[3])
    return max(x, y)


@law
@pytest.mark.parametrize(("name", "direction"), EVERY)
def test_every_box_lies_in_the_box_around_it(name: str, direction: Direction) -> None:
    drawing, found = placed(name, direction)
    assert found.boxes[0][:2] == (0, 0)
    for index, bounds in found.boxes.items():
        assert inside(bounds, found.boxes[max(drawing.boxes[index].parent, 0)]), drawing.boxes[index].id


@law
@pytest.mark.parametrize(("name", "direction"), EVERY)
def test_boxes_side_by_side_do_not_overlap(name: str, direction: Direction) -> None:
    drawing, found = placed(name, direction)
    for a, b in combinations(found.boxes, 2):
        if a and b and drawing.boxes[a].parent == drawing.boxes[b].parent:
            one, other = found.boxes[a], found.boxes[b]
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart, (drawing.boxes[a].id, drawing.boxes[b].id)


@law
@pytest.mark.parametrize(("name", "direction"), EVERY)
def test_regions_stand_in_the_order_of_their_declaration(name: str, direction: Direction) -> None:
    drawing, found = placed(name, direction)
    for box in drawing.boxes:
        if box.kind is Kind.PARALLEL:
            regions = [found.boxes[c] for c in box.children if drawing.boxes[c].region]
            at = [r[0] if direction == "TB" else -r[3] for r in regions]
            assert at == sorted(at)


@law
@pytest.mark.parametrize(("name", "direction"), EVERY)
def test_a_line_crosses_no_region_that_it_has_nothing_to_do_with(name: str, direction: Direction) -> None:
    drawing, found = placed(name, direction)
    for way, curve in found.lines:
        shells = {*way.start.shells, *way.end.shells, *_numbers(way.start.node), *_numbers(way.end.node)}
        for box in drawing.boxes:
            if box.region and box.index not in shells:
                left, low, right, high = found.boxes[box.index]
                cut = [p for p in sampled(curve.points) if left + 1 < p[0] < right - 1 and low + 1 < p[1] < high - 1]
                parallel = drawing.boxes[way.start.shells[0]].region and drawing.boxes[way.end.shells[0]].region
                past = any(drawing.boxes[n].kind is Kind.HISTORY for n in _numbers(way.end.node))
                assert not cut or parallel or past, (way.key, box.id)


def _numbers(node: str) -> set[int]:
    return {int(node[1:])} if node.startswith("s") else set()


@law
@pytest.mark.parametrize(("name", "direction"), EVERY)
def test_a_line_begins_at_its_source_and_ends_at_its_target(name: str, direction: Direction) -> None:
    drawing, found = placed(name, direction)
    for way, curve in found.lines:
        for node, at in ((way.start.node, curve.points[0]), (way.end.node, curve.tip or curve.points[-1])):
            number = next(iter(_numbers(node)), 0)
            if number and drawing.boxes[number].children:
                left, low, right, high = found.boxes[number]
                near = min(abs(at[0] - left), abs(at[0] - right), abs(at[1] - low), abs(at[1] - high))
                assert near < 3, way.key
                assert distance(at, found.boxes[number]) < 3, way.key
            else:
                x, y = found.nodes[node]
                assert distance(at, (x - 90, y - 40, x + 90, y + 40)) == 0, way.key


@law
@pytest.mark.parametrize(("name", "direction"), EVERY)
def test_everything_lies_on_the_page(name: str, direction: Direction) -> None:
    _, found = placed(name, direction)
    page = (-20.0, -20.0, found.size[0] + 20, found.size[1] + 20)
    for way, curve in found.lines:
        assert not [p for p in sampled(curve.points) if distance(p, page)], way.key
    assert not [n for n, p in found.nodes.items() if distance(p, page)]


@law
@pytest.mark.parametrize(("name", "direction"), EVERY)
def test_every_line_says_once_what_it_is(name: str, direction: Direction) -> None:
    drawing, found = placed(name, direction)
    for line in drawing.lines:
        mine = [(way, curve) for way, curve in found.lines if way.line == line]
        marked = any(  # a mark in a parallel says it itself, or is all that there is between it and a history
            drawing.boxes[way.start.shells[0]].kind is drawing.boxes[way.end.shells[0]].kind is Kind.PARALLEL
            for way, _ in mine
        )
        if line_label(drawing.sharing(line), LIGHT) and not marked:
            assert [curve.text is not None for _, curve in mine].count(True) == 1, line.name


def test_a_line_into_a_region_does_not_meet_the_title() -> None:
    drawing, found = placed("Ship", "TB")
    crew = next(b.index for b in drawing.boxes if b.id == "Sea.Crew")
    (curve,) = [c for w, c in found.lines if w.line and w.line.name == "alarm"]
    title = found.titles[crew]
    reach = title[0] - found.boxes[crew][0]  # the title is as wide to the right as to the left
    high = [p for p in sampled(curve.points) if abs(p[1] - title[1]) < 8]
    assert high
    assert all(p[0] > title[0] + reach - 14 for p in high)


def test_a_history_of_a_parallel_stands_where_its_line_arrives() -> None:
    drawing, found = placed("Order", "TB")
    past = next(b.index for b in drawing.boxes if b.kind is Kind.HISTORY)
    (curve,) = [c for w, c in found.lines if w.end.node == f"s{past}"]
    assert curve.tip is not None
    assert abs(curve.tip[0] - found.nodes[f"s{past}"][0]) < 1


def test_a_box_that_becomes_too_long_is_turned() -> None:
    drawing = diagram(many(30)).drawing
    found = laid_out(drawing, LIGHT, "TB", find_engine())
    assert 0 in found.upright  # the page itself is as it was asked for

    drawing = diagram(_nested()).drawing
    found = laid_out(drawing, LIGHT, "TB", find_engine())
    assert 1 not in found.upright
    left, low, right, high = found.boxes[1]
    assert right - left < 1.5 * (high - low)


def _nested() -> type[StateMachine[Data]]:
    """Four chains of six states one after the other, all in one box."""
    body: dict[str, Any] = {"__module__": __name__}
    chains = []
    for n in range(4):
        names = [f"S{i}" for i in range(6)]
        inner = {name: state(name, State, initial=name == "S0") for name in names} | {"End": state("End", Final)}
        chains.append(state(f"Chain{n}", State, inner, initial=n == 0))
        steps = list(inner.values())
        body |= {f"e{n}{i}": edge(Go, a, to=b) for i, (a, b) in enumerate(pairwise(steps))}
    body |= {f"d{n}": all_done(a, to=b) for n, (a, b) in enumerate(pairwise(chains))}
    body["All"] = state("All", State, {c.__name__: c for c in chains}, initial=True)
    return type("Nested", (StateMachine,), body)


def test_the_same_chart_gives_the_same_places() -> None:
    drawing, found = placed("Order", "TB")
    assert laid_out(drawing, LIGHT, "TB", find_engine()) == found


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_the_laws_hold_for_charts_made_by_chance(seed: int, direction: Direction) -> None:
    for check in CHECKS:
        check(str(seed), direction)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(8, 200))
@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_the_laws_hold_for_many_charts_made_by_chance(seed: int, direction: Direction) -> None:
    for check in CHECKS:
        check(str(seed), direction)
