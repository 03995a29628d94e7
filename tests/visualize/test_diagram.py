"""What a diagram shows, and of which subjects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fsm import Context, State, StateMachine, invoke
from fsm.errors import DrawingError
from fsm.people import deadline, human
from fsm.saga import compensate
from tests.visualize.machines import LIVE, PATH, Entry, Fork, Loops, Order, Snapshot, Step, Submit, many
from visualize import Diagram, diagram, render, to_dot, to_mermaid
from visualize.drawing import Box, Line


def box(made: Diagram, id: str) -> Box:
    return next(b for b in made.drawing.boxes if b.id == id)


def line(made: Diagram, name: str) -> Line:
    return next(x for x in made.drawing.lines if x.name == name)


def test_an_internal_transition_is_a_row_and_not_a_line() -> None:
    made = diagram(Order)
    assert [(r.word, r.action) for r in box(made, "Draft").rows] == [("Edit", "recalculate")]
    assert "recalculate" not in {x.name for x in made.drawing.lines}


def test_a_compartment_has_entry_invoke_and_exit() -> None:
    made = diagram(Order)
    assert [(r.word, r.text) for r in box(made, "Processing").rows] == [("entry", "open_case"), ("exit", "close_case")]
    authorising = box(made, "Processing.Payment.Authorising")
    assert [(r.word, r.text) for r in authorising.rows] == [("invoke", "authorise ≤ 30s")]


def test_an_invoke_over_a_list_says_how_it_runs() -> None:
    class Reader(StateMachine):
        class Reading(State, initial=True): ...

        @invoke(Reading, each=lambda self: ["a"], limit=3, timeout="5s")
        async def read(self, word: str) -> None: ...

    assert [r.text for r in box(diagram(Reader), "Reading").rows] == ["read (each item, 3 at once) ≤ 5s"]


def test_what_can_be_undone_and_what_undoes_say_so() -> None:
    class Reader(StateMachine):
        class Reading(State, initial=True): ...

        class Undoing(State): ...

        class All(State): ...

        @invoke(Reading)
        async def read(self) -> None: ...

        @read.undo
        def forget(self) -> None: ...

        done = read.done(to=Undoing)
        undone = compensate(Undoing, of=Reading)
        more = undone.done(to=All)
        everything = compensate(All)

    made = diagram(Reader)
    texts = [box(made, id).rows[0].text for id in ("Reading", "Undoing", "All")]
    assert texts == ["read (undone by forget)", "undone (undoes Reading)", "everything (undoes everything)"]


def test_children_of_a_parallel_are_regions() -> None:
    made = diagram(Order)
    assert [b.name for b in made.drawing.boxes if b.region] == ["Payment", "Fulfilment"]


def test_a_region_with_lines_of_its_own_shows_its_border() -> None:
    made = diagram(Fork)
    assert box(made, "Both.Left").framed
    assert not box(made, "Both.Right").framed


@pytest.mark.parametrize(
    ("name", "kind"),
    [("again", "after"), ("authorised", "done"), ("retry", "failed"), ("hold", "event"), ("send_invoice", "done")],
)
def test_a_line_knows_what_triggers_it(name: str, kind: str) -> None:
    assert line(diagram(Order), name).kind == kind


def test_guard_and_action_are_apart_from_the_event() -> None:
    submit = line(diagram(Order), "reserve_stock")
    assert (submit.event, submit.guard, submit.action) == ("Submit", "cart_not_empty", "reserve_stock")


@pytest.mark.parametrize("name", ["again", "resume"])
def test_a_line_to_where_the_flow_came_from_runs_back(name: str) -> None:
    assert line(diagram(Order), name).back


@pytest.mark.parametrize("name", ["reserve_stock", "hold", "expire", "release", "refund", "lost"])
def test_a_line_along_the_flow_does_not_run_back(name: str) -> None:
    assert not line(diagram(Order), name).back


@pytest.mark.parametrize(
    ("name", "route"),
    [("reset", "loop"), ("jump", "inward"), ("up", "outward"), ("out", "across"), ("cancel", "inward")],
)
def test_a_line_knows_how_its_ends_lie_to_one_another(name: str, route: str) -> None:
    assert line(diagram(Loops), name).route == route


def test_a_history_has_a_line_to_its_default() -> None:
    made = diagram(Loops)
    found = next(x for x in made.drawing.lines if x.kind == "default")
    assert [made.drawing.boxes[i].id for i in found.targets] == ["Work.Second"]


def test_all_ancestors_of_an_active_state_are_active() -> None:
    made = diagram(LIVE)
    assert {b.id for b in made.drawing.boxes if b.look == "active"} == {
        "Processing", "Processing.Payment", "Processing.Payment.Backoff", "Processing.Fulfilment",
        "Processing.Fulfilment.Shipping", "Processing.Fulfilment.Shipping.InTransit",
    }  # fmt: skip


def test_the_history_counts_the_lines_taken_and_knows_the_last() -> None:
    made = diagram(LIVE, history=[*PATH, PATH[-1]])
    assert {x.name: x.taken for x in made.drawing.lines if x.taken} == {
        "reserve_stock": 1, "picked": 1, "collected": 1, "retry": 2,
    }  # fmt: skip
    assert [x.name for x in made.drawing.lines if x.last] == ["retry"]


def test_what_the_history_entered_was_visited() -> None:
    made = diagram(Snapshot(LIVE.chart, LIVE.configuration), history=PATH)
    assert box(made, "Processing.Fulfilment.Shipping.AwaitingCourier").look == "visited"


def test_a_rehearsal_shows_its_own_trace() -> None:
    class Rehearsal:
        trace = (Step(["reserve_stock"], ["Draft"], ["Processing"]),)

        def snapshot(self) -> Snapshot:
            return LIVE

    assert line(diagram(Rehearsal()), "reserve_stock").last


def test_a_real_rehearsal_is_drawn_with_its_active_states_and_its_path() -> None:
    class Fake:
        async def authorise(self) -> str:
            return "yes"

    rehearsal = Order.rehearse(services={"payments": Fake()})
    rehearsal.send(Submit())
    made = diagram(rehearsal)
    assert {b.id for b in made.drawing.boxes if b.look == "active"} == rehearsal.active
    assert box(made, "Draft").look == "visited"
    assert line(made, "reserve_stock").last


def test_a_failed_state_stands_out() -> None:
    assert box(diagram(Order, failed="OnHold"), "OnHold").look == "failed"


@pytest.mark.parametrize("subject", [None, 3, "Order", object(), int])
def test_what_cannot_be_drawn_is_named_together_with_the_fix(subject: Any) -> None:
    with pytest.raises(DrawingError, match="cannot be drawn; give a machine class"):
        diagram(subject)


def test_a_state_that_the_chart_lacks_is_refused_by_name() -> None:
    with pytest.raises(DrawingError, match="no state 'Nowhere' to mark"):
        diagram(Snapshot(Order.__chart__, frozenset({"Nowhere"})))


def test_a_wrong_theme_and_a_wrong_direction_are_refused() -> None:
    with pytest.raises(DrawingError, match="choose 'light' or 'dark'"):
        diagram(Order, theme="pink")  # type: ignore[arg-type]
    with pytest.raises(DrawingError, match="choose 'TB'"):
        diagram(Order, direction="up")  # type: ignore[arg-type]


def test_the_diagram_of_a_chart_equals_that_of_its_class() -> None:
    assert diagram(Order.__chart__) == diagram(Order)


def test_a_long_chain_of_states_does_not_meet_the_recursion_limit() -> None:
    made = diagram(many(600), history=[Entry([])])
    assert sum(x.back for x in made.drawing.lines) == 600


def test_a_human_task_is_a_row_with_its_assignee_and_its_time() -> None:
    class Form(Context):
        yes: bool

    class Loan(StateMachine):
        class Review(State, initial=True): ...

        sla = deadline(Review, breach="5d")

        @human(Review, form=Form, assignee="credit", due="2d")
        def review(self) -> None: ...

        @human(Review, form=Form)
        def other(self) -> None: ...

    rows = [(r.word, r.text or r.word) for r in box(diagram(Loan), "Review").rows]
    assert rows == [("human", "review (credit, 2d)"), ("human", "other"), ("breach 5d", "breach 5d")]


def test_a_diagram_keeps_its_theme_and_its_direction_on_all_ways_out(tmp_path: Path) -> None:
    made = diagram(Order, theme="dark", direction="LR")
    assert diagram(made, collapse=1).direction == "LR"
    assert to_dot(made) == to_dot(Order, theme="dark", direction="LR")
    assert to_mermaid(made) == to_mermaid(Order, direction="LR")
    assert render(made, tmp_path / "own.dot").read_text(encoding="utf-8") == to_dot(made)
    assert to_dot(made, theme="light", direction="TB") == to_dot(Order)
