"""The transitions and invokes of a document."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import StateMachine
from fsm.chart.chart import Chart
from fsm.errors import DefinitionError

REGISTRY = {"work": lambda self: None}


def chart(states: list[Any], transitions: list[Any]) -> Chart:
    data = {"name": "M", "states": states, "transitions": transitions}
    return StateMachine.from_chart(data, REGISTRY).__chart__


def edges(found: Chart) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (found.nodes[t.source].id, t.trigger.label or t.trigger.key, found.ids(t.targets)) for t in found.transitions
    ]


def test_states_come_in_order_and_the_machine_last() -> None:
    inner = {"name": "A", "transitions": [["x", None, "B"], ["v", "C", "D"]], "children": ["C", "D"]}
    outer = [["x", "*", "A"], [["y", "z.*"], ["A.C", "B"], "="], ["w", "B"]]
    assert edges(chart([inner, "B"], outer)) == [
        ("A", "x", ("B",)),
        ("A.C", "v", ("A.D",)),
        ("", "x", ("A",)),
        ("A.C", "y, z.*", ("A.C",)),
        ("B", "y, z.*", ("B",)),
        ("B", "w", ()),
    ]


def test_an_invoke_leads_on_when_it_is_done_or_has_failed() -> None:
    states = [{"name": "A", "invoke": {"call": "work", "timeout": "1s", "done": "B", "failed": {"dest": "C"}}}, "B"]
    more = [{"name": "C", "invoke": "work"}]
    found = chart([*states, *more], [[{"done": "work@C"}, None, "A"], [{"failed": "work@C"}, "C", "B"]])
    assert [(i.id, i.state, i.timeout_ms) for i in found.invokes] == [("work", 1, 1000), ("work@C", 3, None)]
    assert [(t.trigger.key, t.source) for t in found.transitions] == [
        ("done.invoke.work", 1),
        ("error.invoke.work", 1),
        ("done.invoke.work@C", 3),
        ("error.invoke.work@C", 3),
    ]


def test_timers_of_one_state_have_keys_of_their_own() -> None:
    found = chart(
        ["A", "B"],
        [
            [{"after": "60s"}, "A", "B"],
            {"trigger": {"after": "1m"}, "source": ["A", "B"], "conditions": "true"},
            {"trigger": {"after": "1m"}, "source": "A", "name": "late", "conditions": "true"},
        ],
    )
    assert [t.trigger.key for t in found.transitions] == ["after:A#1m", "after:A#1m.2", "after:B#1m", "after:A#late"]


def test_a_mistake_is_told_once_and_nothing_follows_from_it() -> None:
    with pytest.raises(DefinitionError) as caught:
        chart(["A", "B", "C"], [["go", ["A", "B"], "Z", "1 +"], ["go", "Y", "X"]])
    assert [p.partition(": ")[0] for p in caught.value.problems] == [
        "transitions[0].dest",
        "transitions[0].conditions[0]",
        "transitions[1].source",
        "transitions[1].dest",
    ]


def test_an_invoke_may_be_named_before_it_comes() -> None:
    found = chart(["A", {"name": "B", "invoke": "work"}], [["go", "A", "B"], [{"done": "work"}, None, "A"]])
    assert edges(found)[1] == ("B", "done", ("A",))


@pytest.mark.parametrize(
    ("transition", "said"),
    [
        (["go", "Z", "A"], "transitions[0].source: no state 'Z'; there are A, B"),
        (["go", "A", ["B", "Z"]], "transitions[0].dest: no state 'Z'"),
        (["go", "*", "="], "transitions[0].dest: '=' is the source again, and there is none"),
        ([{"after": "soon"}, "A", "B"], "transitions[0].trigger.after: 'soon' is not a delay"),
        ([{"done": "z"}, "A", "B"], "transitions[0].trigger: no invoke 'z'; there are none"),
        (["a*", "A", "B"], "transitions[0].trigger: 'a*'; * is every event, pay.* all below pay"),
        (["(always)", "A", "B"], "transitions[0].trigger: '(always)' cannot be the name of an event"),
    ],
)
def test_an_edge_that_cannot_be_is_told(transition: Any, said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        chart(["A", "B"], [transition])
    assert said in "\n".join(caught.value.problems)
