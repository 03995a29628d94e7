"""Where an instance stands and which way it came."""

from __future__ import annotations

from dataclasses import dataclass

from tests.visualize.machines import LIVE, PATH, Order, Step
from visualize import diagram, to_text
from visualize.overlay import entries, overlaid, span

CHART = Order.__chart__


@dataclass
class Timed:
    """A turn that knows its time."""

    steps: list[Step]
    at: float


def test_transitions_are_counted_and_the_last_ones_known() -> None:
    found = overlaid(CHART, path=[s for e in [*PATH, PATH[-1]] for s in e.steps])
    counts = {CHART.transitions[i].name: t.count for i, t in found.taken.items()}
    assert counts["retry"] == 2
    assert [CHART.transitions[i].name for i, t in found.taken.items() if t.last] == ["retry"]


def test_the_last_entry_into_a_state_is_known_from_the_journal() -> None:
    twice = [Timed([Step([], [], ["Draft"])], 10.0), Timed([Step([], [], ["Draft", "OnHold"])], 30.0)]
    assert entries(twice) == {"Draft": 30.0, "OnHold": 30.0}
    assert entries(PATH) == {}


def test_active_states_say_for_how_long_they_have_been_so() -> None:
    turn = Timed([Step([], [], ["Processing.Payment.Backoff"])], 1000.0)
    made = diagram(LIVE, history=[turn], now=1000.0 + 3 * 60)
    assert {b.id: b.note for b in made.drawing.boxes if b.note} == {"Processing.Payment.Backoff": "3m"}
    assert "Backoff  (3m)" in to_text(made)


def test_without_the_time_nothing_is_said_of_it() -> None:
    turn = Timed([Step([], [], ["Processing.Payment.Backoff"])], 1000.0)
    assert not [b for b in diagram(LIVE, history=[turn]).drawing.boxes if b.note]


def test_a_span_is_said_in_its_largest_unit() -> None:
    assert [span(s) for s in (-5, 0.9, 59, 60, 3599, 86_400 * 9)] == ["0s", "0s", "59s", "1m", "59m", "9d"]
