"""The Mermaid source."""

from __future__ import annotations

from tests.visualize.machines import LIVE, Fork, Loops, Order
from visualize import to_mermaid


def test_states_are_nested_and_regions_are_parted() -> None:
    source = to_mermaid(Order)
    assert source.startswith('---\ntitle: "Order"\n---\nstateDiagram-v2\n    direction TB\n')
    assert 'state "Processing" as s2 {' in source
    assert source.count("        --\n") == 1
    assert source.count("{") == source.count("}")


def test_labels_have_event_guard_and_action() -> None:
    assert "s1 --> s2 : Submit #91;cart_not_empty#93; / reserve_stock" in to_mermaid(Order)


def test_a_deep_history_is_a_state_of_that_name() -> None:
    assert 'state "H*" as' in to_mermaid(Order)


def test_finals_lead_to_the_end() -> None:
    assert to_mermaid(Order).count("--> [*]") == 5


def test_compartments_are_notes() -> None:
    assert "note right of s2\n        entry open_case\n        exit close_case\n    end note" in to_mermaid(Order)


def test_several_targets_fork() -> None:
    assert "state fork0 <<fork>>" in to_mermaid(Fork)


def test_lines_of_the_machine_start_at_any_state() -> None:
    assert 'state "any state" as any' in to_mermaid(Loops)


def test_active_states_have_a_class() -> None:
    source = to_mermaid(LIVE)
    active = LIVE.chart.index["Processing.Payment.Backoff"]
    assert f"class s{active}," in source
    assert "classDef active " in source
    assert "classDef" not in to_mermaid(Order)
