"""A box laid out by itself."""

from __future__ import annotations

from typing import Any

from tests.visualize.machines import Ship
from visualize import diagram
from visualize.plot import joined, plotted, room

DRAWING = diagram(Ship).drawing
CREW = Ship.__chart__.index["Sea.Crew"]


def test_a_room_has_a_header_as_high_as_its_title() -> None:
    plain, high = (room(DRAWING, CREW, (100, 80), (40, h), None) for h in (10, 30))
    assert high.height - plain.height == 20
    assert plain.height - plain.rule == 16


def test_a_room_is_as_wide_as_its_title() -> None:
    wide = room(DRAWING, CREW, (100, 80), (300, 10), None)
    assert wide.width == 328
    assert wide.left == 114  # its content in the middle


def test_what_comes_in_from_above_is_moved_clear_of_the_title() -> None:
    free = room(DRAWING, CREW, (100, 80), (40, 10), None)
    assert room(DRAWING, CREW, (100, 80), (40, 10), 60).left == free.left
    assert room(DRAWING, CREW, (100, 80), (40, 10), 20).left == free.left + 30


def test_curves_are_joined_by_a_straight_piece() -> None:
    one, other = [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (0.0, 3.0)], [(0.0, 6.0), (0.0, 7.0), (0.0, 8.0), (0.0, 9.0)]
    made = joined(one, other)
    assert made == [*one, (0, 4), (0, 5), *other]
    assert len(made) % 3 == 1


def test_the_loop_of_a_box_is_small_however_large_the_engine_made_it() -> None:
    from visualize.anchors import marks
    from visualize.routes import pieces, ways

    drawing = diagram(Ship).drawing
    loop = next(w for w in ways(drawing, marks(drawing)) if w.line is not None and w.line.name == "sail")
    (piece,) = pieces(drawing, loop)
    itself = type(piece)(piece.way, 0, "s1", "s1")
    data: dict[str, Any] = {
        "bb": "0,0,100,100",
        "objects": [{"name": "s1", "pos": "30,50", "width": "0.5", "height": "1"}],
        "edges": [{"id": "piece0", "pos": "e,48,40 48,60 90,200 90,-100 50,40", "lp": "110,50"}],
    }
    curve = plotted(drawing, 0, [itself], data, True).curves[loop.key]
    assert max(x for x, _ in curve.points) < 80
    assert curve.text is not None
