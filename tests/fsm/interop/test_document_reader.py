"""From the form of a document to its sketch."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import StateMachine
from fsm.chart.state import Kind
from fsm.errors import DefinitionError, MissingExtra
from fsm.interop import expression


def problems(data: Any) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        StateMachine.from_chart(data)
    return list(caught.value.problems)


def test_every_part_of_a_state_arrives_in_the_chart() -> None:
    made = StateMachine.from_chart(
        {
            "name": "M",
            "version": 2,
            "description": "All of it.",
            "unhandled": "ignore",
            "initial": "B.C",
            "states": [
                {"name": "A", "tags": ["busy", "red"], "description": "The first."},
                {
                    "name": "B",
                    "initial": "D",
                    "children": ["C", "D", {"name": "H", "history": "deep", "default": ["C"]}],
                },
                {"name": "P", "parallel": ["X", {"name": "Y", "children": ["Z"]}]},
                {"name": "E", "final": True},
            ],
            "transitions": [["go", "*", "B.H"], ["on", "B", ["P.X", "P.Y.Z"]], ["off", "P", "E"], ["a", "B", "A"]],
        }
    )
    chart = made.__chart__
    assert (chart.name, chart.version, chart.doc, chart.unhandled) == ("M", "2", "All of it.", "ignore")
    assert [(n.id, n.kind) for n in chart.nodes] == [
        ("", Kind.COMPOUND),
        ("A", Kind.ATOMIC),
        ("B", Kind.COMPOUND),
        ("B.C", Kind.ATOMIC),
        ("B.D", Kind.ATOMIC),
        ("B.H", Kind.HISTORY),
        ("P", Kind.PARALLEL),
        ("P.X", Kind.ATOMIC),
        ("P.Y", Kind.COMPOUND),
        ("P.Y.Z", Kind.ATOMIC),
        ("E", Kind.FINAL),
    ]
    assert chart.ids(chart.nodes[0].initial) == ("B.C",)
    assert chart.ids(chart.nodes[2].initial) == ("B.D",)
    assert chart.nodes[1].tags == {"busy", "red"}
    assert made.rehearse().configuration == {"B.C"}


def test_a_machine_may_be_parallel_itself() -> None:
    made = StateMachine.from_chart({"name": "M", "parallel": ["A", "B"]})
    assert made.rehearse().configuration == {"A", "B"}


def test_all_mistakes_are_told_at_once() -> None:
    found = problems(
        {
            "name": "M",
            "context": {"total": {"type": "integer", "default": "x"}},
            "services": {"bank": "Bank"},
            "states": [
                {"name": "A", "initial": "B", "output": 1, "on_enter": "nothing"},
                {"name": "H", "history": "shallow", "invoke": "nothing", "on_exit": "nothing"},
                {"name": "F", "final": True, "default": "A", "children": ["X"]},
                {"name": "F2", "final": True, "parallel": ["X"]},
            ],
            "transitions": [["go", "A", "Z"], ["go", "A", "F", "1 +"]],
        }
    )
    assert [p.partition(": ")[0] for p in found] == [
        "context.total.default",
        "services.bank",
        "states[0].initial",
        "states[0].output",
        "states[0].initial",
        "states[0].on_enter[0]",
        "states[1].invoke",
        "states[1].on_exit",
        "states[1].on_exit[0]",
        "states[2].default",
        "states[3]",
        "states[1].invoke[0].call",
        "transitions[0].dest",
        "transitions[1].conditions[0]",
        "states[2]",
        "states[2]",
    ]


def test_a_document_with_expressions_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Any:
        raise MissingExtra("cel", "The document has expressions.")

    monkeypatch.setattr(expression, "_cel", missing)
    StateMachine.from_chart({"name": "M", "states": ["A"]})
    with pytest.raises(MissingExtra, match=r"dynamic-orchestrator\[cel\]"):
        StateMachine.from_chart({"name": "M", "states": ["A"], "transitions": [["go", "A", "A", "1 > 0"]]})
