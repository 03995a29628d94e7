"""Many instances over one drawing."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from fsm.core.step import Recorded
from fsm.errors import DrawingError
from tests.visualize.machines import Loops, Order
from visualize import diagram, to_dot
from visualize.drawing import Box, Line


@dataclass
class Dwell:
    """How long instances stay."""

    p50: float
    p95: float


@dataclass
class Raised:
    """On what, and where."""

    event: str
    configuration: list[str]


@dataclass
class Counted:
    """Flows as they come from a store."""

    here: dict[str, int] = field(default_factory=dict)
    dwell: dict[str, Dwell] = field(default_factory=dict)
    steps: list[tuple[Recorded, int]] = field(default_factory=list)
    incidents: list[tuple[Raised, int]] = field(default_factory=list)


def taken(name: str, exited: tuple[str, ...] = ()) -> Recorded:
    return Recorded("", (name,), exited, ())


AUTHORISING, PICKING = "Processing.Payment.Authorising", "Processing.Fulfilment.Picking"
FLOWS = Counted(
    here={"Draft": 3, "Processing.Payment.Backoff": 4, "Processing.Fulfilment.Picking": 4},
    dwell={"Draft": Dwell(90, 7200)},
    steps=[(taken("reserve_stock"), 40), (taken("retry"), 10)],
    incidents=[(Raised("error.invoke.authorise", [AUTHORISING, PICKING]), 2), (Raised("Submit", [AUTHORISING]), 1)],
)


def box(id: str) -> Box:
    return next(b for b in diagram(Order, flows=FLOWS).drawing.boxes if b.id == id)


def line(name: str) -> Line:
    return next(x for x in diagram(Order, flows=FLOWS).drawing.lines if x.name == name)


def test_states_say_how_many_stand_there_and_how_long_they_stay() -> None:
    assert box("Draft").note == "3 here · p50 1m, p95 2h"
    assert box("Draft").look == "active"
    assert box("OnHold").note == ""


def test_composites_count_those_inside_and_a_parallel_counts_nobody_twice() -> None:
    assert box("Processing.Payment").note == "4 here"
    assert box("Processing").note == "4 here"


def test_lines_are_as_thick_as_their_traffic() -> None:
    assert (line("reserve_stock").taken, line("reserve_stock").share) == (40, 1.0)
    assert line("retry").share == 0.25
    assert line("hold").share is None
    source = to_dot(diagram(Order, flows=FLOWS))
    assert "penwidth=5.0" in source
    assert "× 40" in source


def test_where_incidents_happen_stands_out() -> None:
    assert (box(AUTHORISING).look, box(AUTHORISING).note) == ("failed", "3 incidents")
    assert (box(PICKING).look, box(PICKING).note) == ("active", "4 here"), "the region beside it has not failed"


def test_a_name_that_several_transitions_share_is_told_by_the_states_left() -> None:
    flows = Counted(steps=[(taken("cancel", ("Idle",)), 5)])
    lines = [x for x in diagram(Loops, flows=flows).drawing.lines if x.taken]
    assert [x.name for x in lines] == ["cancel"]


def test_states_of_another_version_are_refused_by_name() -> None:
    with pytest.raises(DrawingError, match="no state 'Gone' to mark"):
        diagram(Order, flows=Counted(here={"Gone": 1}))
