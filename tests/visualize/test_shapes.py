"""How things look."""

from __future__ import annotations

from tests.visualize.machines import LIVE, Loops, Order, Routed
from visualize import diagram, shapes
from visualize.anchors import marks
from visualize.drawing import Box, Drawing
from visualize.theme import DARK, LIGHT


def box(drawing: Drawing, id: str) -> Box:
    return next(b for b in drawing.boxes if b.id == id)


def test_what_is_active_has_a_thicker_border_and_not_only_another_colour() -> None:
    drawing = diagram(LIVE).drawing
    calm, active = (shapes.state(box(drawing, i), LIGHT) for i in ("OnHold", "Processing.Payment.Backoff"))
    assert float(active["penwidth"]) > 2 * float(calm["penwidth"])
    assert active["color"] == LIGHT.active


def test_every_level_is_one_step_darker() -> None:
    drawing = diagram(Loops).drawing
    fills = [
        shapes.behind(drawing, LIGHT, Loops.__chart__.index[i]) for i in ("Work", "Work.Second", "Work.Second.Deep")
    ]
    assert fills == list(LIGHT.nest)


def test_a_quiet_region_has_no_border_and_the_colour_of_its_parallel() -> None:
    drawing = diagram(Order).drawing
    payment, processing = box(drawing, "Processing.Payment"), box(drawing, "Processing")
    assert shapes.frame(drawing, payment, LIGHT)["peripheries"] == "0"
    assert shapes.behind(drawing, LIGHT, payment.index) == shapes.behind(drawing, LIGHT, processing.index)


def test_a_choice_is_a_diamond_with_its_name() -> None:
    look = shapes.state(box(diagram(Routed).drawing, "Size"), DARK)
    assert look["shape"] == "diamond"
    assert "Size" in look["label"]


def test_marks_say_which_states_they_stand_for() -> None:
    drawing = diagram(Loops).drawing
    words = " ".join(shapes.mark(drawing, m, LIGHT, "TB")["label"] for m in marks(drawing, loops=False))
    assert "any state" in words
    assert "any in Work" in words
    assert "restart Both" in words
