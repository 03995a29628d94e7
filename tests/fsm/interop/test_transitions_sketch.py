"""What a machine of `transitions` looks like as a chart of ours."""

from __future__ import annotations

from typing import Any

from fsm import StateMachine
from fsm.chart.chart import Chart
from fsm.chart.state import Kind


def chart(states: list[Any], *transitions: Any, **settings: Any) -> Chart:
    """The chart of some settings."""
    settings = {"initial": "a", "auto_transitions": False, **settings}
    return StateMachine.from_transitions(states, transitions=list(transitions), **settings).__chart__


def test_a_machine_without_callbacks_has_neither_guards_nor_handlers() -> None:
    made = chart(["a", "b"], ["go", "a", "b"])
    assert [t.guard for t in made.transitions] == [None]
    assert not [h for node in made.nodes for h in (*node.entry, *node.exit)]


def test_conditions_and_callbacks_are_named_in_the_chart() -> None:
    class Model:
        ready = slow = True

        def note(self) -> None: ...

    go = {"trigger": "go", "source": "a", "dest": "b", "conditions": "ready", "unless": "slow", "before": "note"}
    made = chart(["a", {"name": "b", "on_enter": "note"}], go, model=Model)
    (transition,) = made.transitions
    assert transition.guard is not None
    assert transition.guard.label == "ready and not slow"
    assert [a.name for a in transition.actions] == ["note"]
    assert [h.name for h in made.nodes[2].entry] == ["note"]


def test_a_composite_that_is_entered_without_a_child_has_a_state_for_that() -> None:
    made = chart(["a", {"name": "c", "children": ["x"]}], ["go", "a", "c"])
    assert [(n.id, n.name, n.kind) for n in made.nodes[2:]] == [
        ("c_*", "c", Kind.COMPOUND),
        ("c", "c", Kind.ATOMIC),
        ("c_x", "c_x", Kind.ATOMIC),
    ]
    without = chart(["a", {"name": "c", "children": ["x"]}], ["go", "a", "c_x"])
    assert [n.id for n in without.nodes[2:]] == ["c", "c_x"]


def test_final_states_end_the_machine_where_nothing_leads_on() -> None:
    states = ["a", {"name": "b", "final": True}, {"name": "c", "final": True}]
    made = chart(states, ["go", "a", "b"], ["back", "c", "a"])
    assert [n.kind for n in made.nodes[2:]] == [Kind.FINAL, Kind.ATOMIC]


def test_a_timeout_becomes_a_delayed_transition() -> None:
    class Model:
        def late(self) -> None: ...

    made = chart(["a", {"name": "w", "timeout": 1.5, "on_timeout": "late"}], model=Model)
    (transition,) = made.transitions
    assert (transition.trigger.kind, transition.trigger.delay_ms, transition.targets) == ("after", 1500, ())


def test_one_state_that_ignores_takes_what_it_has_no_transition_for() -> None:
    states = [{"name": "a", "ignore_invalid_triggers": True}, "b"]
    made = chart(states, ["go", "a", "b"], ["back", "b", "a"])
    assert made.unhandled == "raise"
    assert [(t.name, made.nodes[t.source].id) for t in made.transitions] == [
        ("go", "a"),
        ("back", "b"),
        ("ignored", "a"),
    ]
    assert chart(["a", "b"], ["go", "a", "b"], ignore_invalid_triggers=True).unhandled == "ignore"


def test_the_same_definition_gives_the_same_digest() -> None:
    assert chart(["a", "b"], ["go", "a", "b"]).digest == chart(["a", "b"], ["go", "a", "b"]).digest
