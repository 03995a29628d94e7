"""The boxes of a parallel, side by side."""

from __future__ import annotations

from dataclasses import replace

from tests.visualize.machines import Ship
from tests.visualize.test_rooms import site
from visualize.dot import Direction
from visualize.plot import Plot
from visualize.regions import CHANNEL, STRIP, moved_history, side_by_side

SEA = Ship.__chart__.index["Sea"]
REGIONS = [Ship.__chart__.index[f"Sea.{name}"] for name in ("Engine", "Radio", "Crew")]
WATCH = Ship.__chart__.index["Sea.Watch"]
HISTORY = {"name": f"s{WATCH}", "width": "0.32", "height": "0.32"}
DATA = {"bb": "0,0,1,1", "lwidth": "1", "lheight": "0.25", "objects": [HISTORY]}


def sea(direction: Direction = "TB") -> Plot:
    found = replace(site(Ship), direction=direction)
    for index in REGIONS:
        gates = {}
        for piece in found.homed[index]:
            for end in (piece.tail, piece.head):
                if not isinstance(end, str) and end.box == index:
                    side = ("n" if end.first else "s") if direction == "TB" else ("w" if end.first else "e")
                    at = {"n": (70.0, 60.0), "s": (70.0, 0.0), "w": (0.0, 30.0), "e": (90.0, 30.0)}[side]
                    gates[end.way] = side, at
        found.plots[index] = Plot(index, 90, 60, gates=gates)
    return side_by_side(found, SEA, DATA)


def test_regions_stand_from_left_to_right_with_a_line_between_them() -> None:
    plot = sea()
    lefts = [plot.children[i][0] for i in REGIONS]
    assert lefts == sorted(lefts)
    assert len(plot.separators) == 2
    for (at, _), (_, _), left, right in (
        (*s, a, b) for s, a, b in zip(plot.separators, lefts, lefts[1:], strict=False)
    ):
        assert left + 90 < at < right


def test_in_a_picture_from_left_to_right_regions_stand_below_each_other() -> None:
    plot = sea("LR")
    lows = [plot.children[i][1] for i in REGIONS]
    assert lows == sorted(lows, reverse=True)


def test_a_line_out_of_a_region_goes_straight_to_the_border() -> None:
    plot = sea()
    curve = next(plot.curves[k] for k, (side, _) in plot.gates.items() if side == "s")
    assert curve.points[0][0] == curve.points[-1][0]
    assert curve.points[-1][1] == 0


def test_a_line_between_regions_has_a_channel_below_them() -> None:
    plot = sea()
    lowest = min(
        y for curve in plot.curves.values() for _, y in curve.points if curve.points[0][1] > 0 < curve.points[-1][1]
    )
    assert 0 < lowest < plot.children[REGIONS[0]][1]
    assert plot.children[REGIONS[0]][1] >= CHANNEL


def test_histories_stand_in_a_strip_where_their_lines_come_from() -> None:
    plot = sea()
    ((_, y),) = plot.nodes.values()
    assert y > plot.children[REGIONS[0]][1] + 60
    assert plot.rule - STRIP < y < plot.rule


def test_a_history_follows_its_line_as_far_as_there_is_room() -> None:
    plot = sea()
    found = site(Ship)
    piece = next(p for p in found.homed[SEA] if p.head in plot.nodes)
    near, far = (moved_history(plot, piece, (x, plot.height)) for x in (200.0, 5000.0))
    assert near.nodes[str(piece.head)][0] == 200
    assert far.nodes[str(piece.head)][0] < plot.width
