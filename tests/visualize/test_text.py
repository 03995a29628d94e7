"""The text tree."""

from __future__ import annotations

from tests.visualize.machines import LIVE, PATH, Loops, Order
from visualize import diagram, to_text


def test_the_tree_has_one_line_for_each_state() -> None:
    assert to_text(Order, transitions=False).splitlines() == [
        "Order",
        "├─ Draft  (initial)",
        "├─ Processing  (parallel)",
        "│  ├─ Payment",
        "│  │  ├─ Authorising  (initial)",
        "│  │  ├─ Backoff",
        "│  │  └─ Captured  (final)",
        "│  ├─ Fulfilment",
        "│  │  ├─ Picking  (initial)",
        "│  │  ├─ Shipping",
        "│  │  │  ├─ AwaitingCourier  (initial, #task)",
        "│  │  │  ├─ InTransit",
        "│  │  │  └─ Delivered  (final)",
        "│  │  └─ Fulfilled  (final)",
        "│  └─ Last  (deep history)",
        "├─ OnHold",
        "├─ Completed  (final)",
        "└─ Cancelled  (final)",
    ]


def test_transitions_are_below_their_state() -> None:
    lines = to_text(Order).splitlines()
    at = lines.index("├─ Draft  (initial)")
    assert lines[at + 1] == "│    Edit / recalculate"
    assert lines[at + 2] == "│    Submit [cart_not_empty] → Processing / reserve_stock"


def test_active_states_have_a_bullet_and_visited_ones_a_tick() -> None:
    lines = to_text(diagram(LIVE, history=PATH), transitions=False).splitlines()
    assert "├─ √ Draft  (initial)" in lines
    assert "├─ ● Processing  (parallel)" in lines
    assert "│  │  ├─ ● Backoff" in lines


def test_a_taken_transition_says_how_often() -> None:
    assert "→ Processing.Payment.Backoff (taken 1×, last)" in to_text(diagram(LIVE, history=PATH))


def test_transitions_of_the_machine_are_below_its_name() -> None:
    assert "│ Cancel → Gone" in to_text(Loops).splitlines()
