"""Lines that meet a state in the same point."""

from __future__ import annotations

import pytest

from tests.visualize.dashboard.shop import Order
from visualize import diagram
from visualize.engine import find_engine
from visualize.layout import laid_out
from visualize.plot import Curve, Point
from visualize.spread import CORNER, GAP, spread
from visualize.theme import LIGHT

STATE = (0.0, 0.0, 60.0, 40.0)


def arriving(start: Point, tip: Point) -> Curve:
    """A curve that ends in an arrow on the state."""
    (x, y), (u, v) = start, tip
    return Curve((start, (x + (u - x) / 3, y + (v - y) / 3), (u, v + 30), (u, v + 7)), tip)


def leaving(start: Point, end: Point) -> Curve:
    """A curve that begins on the state, at a right angle when its end is above its start."""
    (x, y), (u, v) = start, end
    return Curve((start, (x + (u - x) / 3, y + (v - y) / 3), (x + 2 * (u - x) / 3, y + 2 * (v - y) / 3), end))


def test_two_ends_in_one_point_are_moved_apart_in_the_order_in_which_they_come() -> None:
    found = spread({"b": arriving((90, 200), (30, 40)), "a": arriving((-50, 200), (30, 40))}, [STATE])
    assert [found[key].tip for key in "ab"] == [(30 - GAP / 2, 40), (30 + GAP / 2, 40)]
    assert [found[key].points[-1] for key in "ab"] == [(30 - GAP / 2, 47), (30 + GAP / 2, 47)]
    assert [found[key].points[:2] for key in "ab"] == [
        arriving(s, (30, 40)).points[:2] for s in ((-50, 200), (90, 200))
    ]


def test_a_straight_line_stays_what_it_is_and_the_other_makes_room() -> None:
    straight = leaving((30, 40), (30, 200))
    found = spread({"straight": straight, "other": arriving((-50, 200), (30, 40))}, [STATE])
    assert found["straight"] == straight
    assert found["other"].tip == (30 - GAP, 40)


def test_ends_that_are_apart_stay_where_they_are() -> None:
    curves = {"a": arriving((-50, 200), (20, 40)), "b": arriving((90, 200), (40, 40))}
    assert spread(curves, [STATE]) == curves


def test_no_end_is_moved_into_a_corner_and_many_stand_closer() -> None:
    found = spread({str(n): arriving((-50 + 30 * n, 200), (30, 40)) for n in range(9)}, [STATE])
    tips = [curve.tip[0] for curve in found.values() if curve.tip]
    assert min(tips) == pytest.approx(CORNER)
    assert max(tips) == pytest.approx(60 - CORNER)
    assert tips == sorted(tips)


def test_a_curve_with_both_ends_on_a_state_is_left_alone() -> None:
    loop = Curve(((60, 30), (90, 40), (90, 0), (66, 10)), (60, 10))
    curves = {"loop": loop, "a": Curve(((60, 30), (100, 30), (140, 30), (180, 90)))}
    assert spread(curves, [STATE]) == curves


def test_in_a_picture_one_line_comes_and_the_other_goes() -> None:
    drawing = diagram(Order).drawing
    lines = {w.line.name: c for w, c in laid_out(drawing, LIGHT, "TB", find_engine()).lines if w.line}
    hold, resume = lines["hold"].tip, lines["resume"].points[0]
    assert hold is not None
    assert abs(hold[0] - resume[0]) == pytest.approx(GAP, abs=0.5)
