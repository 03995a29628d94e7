"""Large charts with their composites closed."""

from __future__ import annotations

import pytest

from fsm.errors import DrawingError
from tests.visualize.machines import LIVE, PATH, Deep, Order, many
from visualize import Diagram, diagram, to_text
from visualize.drawing import Box


def box(made: Diagram, id: str) -> Box:
    return next(b for b in made.drawing.boxes if b.id == id)


def ids(made: Diagram) -> set[str]:
    return {b.id for b in made.drawing.boxes if b.index}


def test_a_closed_composite_says_how_many_states_are_in_it() -> None:
    made = diagram(Order, collapse=["Processing"])
    assert ids(made) == {"Draft", "Processing", "OnHold", "Completed", "Cancelled"}
    assert box(made, "Processing").hidden == 12
    assert "12 states inside" in to_text(made)


def test_lines_of_the_inside_end_at_the_border_of_what_is_closed() -> None:
    made = diagram(Order, collapse=["Processing"])
    refund = next(x for x in made.drawing.lines if x.name == "refund")
    assert made.drawing.boxes[refund.source].id == "Processing"
    resume = next(x for x in made.drawing.lines if x.name == "resume")
    assert [made.drawing.boxes[i].id for i in resume.targets] == ["Processing"]


def test_lines_inside_of_what_is_closed_are_gone_loops_of_inner_states_too() -> None:
    names = {x.name for x in diagram(Order, collapse=["Processing"]).drawing.lines}
    assert not names & {"picked", "again", "remind_picker", "shipped"}


def test_a_loop_of_the_closed_box_itself_stays() -> None:
    made = diagram(Deep, collapse=["A"])
    outer = next(x for x in made.drawing.lines if x.name == "outer")
    assert outer.route == "loop"
    assert "inner" not in {x.name for x in made.drawing.lines}


def test_lines_that_say_the_same_are_drawn_once_and_counted_together() -> None:
    made = diagram(many(4), collapse=1)
    words = [(x.source, x.targets, x.event) for x in made.drawing.lines]
    assert len(words) == len(set(words))


def test_a_number_closes_everything_below_that_level() -> None:
    assert max(b.depth for b in diagram(Order, collapse=1).drawing.boxes) == 1
    assert max(b.depth for b in diagram(Order, collapse=2).drawing.boxes) == 2
    assert diagram(Order, collapse=9) == diagram(Order)


def test_the_focus_is_open_and_everything_beside_it_is_closed() -> None:
    made = diagram(Order, focus="Processing.Fulfilment.Shipping")
    assert "Processing.Fulfilment.Shipping.InTransit" in ids(made)
    assert box(made, "Processing.Payment").hidden == 3
    assert "Processing.Payment.Backoff" not in ids(made)


def test_what_is_active_inside_shows_at_the_border() -> None:
    made = diagram(LIVE, history=PATH, collapse=["Processing"])
    assert box(made, "Processing").look == "active"


def test_what_failed_inside_shows_at_the_border() -> None:
    made = diagram(Order, failed="Processing.Payment.Backoff", collapse=["Processing"])
    assert box(made, "Processing").look == "failed"


def test_numbers_of_boxes_are_their_places_again() -> None:
    made = diagram(Order, collapse=["Processing.Payment"]).drawing
    assert [b.index for b in made.boxes] == list(range(len(made.boxes)))
    assert all(made.boxes[c].parent == b.index for b in made.boxes for c in b.children)
    assert [x.index for x in made.lines] == list(range(len(made.lines)))


@pytest.mark.parametrize("wrong", [{"collapse": ["Nowhere"]}, {"focus": "Nowhere"}, {"collapse": "Nowhere"}])
def test_an_unknown_state_is_refused_with_those_that_can_be_closed(wrong: dict[str, object]) -> None:
    with pytest.raises(DrawingError, match=r"no state 'Nowhere' to collapse .* Composites: Processing, "):
        diagram(Order, **wrong)  # type: ignore[arg-type]
