"""What could never run, or never end."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import StateMachine
from fsm.errors import DefinitionError

FINAL = {"name": "F", "final": True}
ALWAYS = {"always": True}
PARALLEL = {"name": "P", "parallel": [{"name": "X", "children": ["X1", "X2"]}, {"name": "Y", "children": ["Y1"]}]}


@pytest.mark.parametrize(
    ("states", "transitions", "said"),
    [
        (["A", FINAL], [["x", "A", "F"], ["y", "F", "A"]], "transitions[1]: starts at F, a final state"),
        (["A"], [[{"after": "1s"}, "*", "A"]], "transitions[0]: needs the state that it waits in"),
        (["A", "B"], [[{"all_done": True}, "A", "B"]], "transitions[0]: A is never done"),
        (["A"], [[ALWAYS, "A"]], "transitions[0]: would be taken for ever"),
        (["A", "B"], [[ALWAYS, "A", "B"], [ALWAYS, "B", "A"]], "transitions[0]: is taken for ever"),
        (
            ["A", PARALLEL],
            [["x", "A", ["P.X.X1", "P.X.X2"]]],
            "'P.X.X1' and 'P.X.X2' cannot be active together",
        ),
        (["A", PARALLEL], [["x", "A", ["P.X", "P.X.X1"]]], "cannot be active together"),
        (["A", "B"], [["x", "A", "B"], ["x", "A"]], "transitions[1]: is never taken: transitions[0] has no conditions"),
        (["A", "B"], [["x", "A"]], "states[1]: nothing leads to B"),
        (["A", {"name": "H", "history": "deep"}], [], "states[1]: is the history of the whole machine"),
        (
            [{"name": "A", "children": [{"name": "H", "history": "deep"}]}],
            [],
            "states[0].children[0]: has nothing to remember",
        ),
        (
            [{"name": "A", "children": ["B", {"name": "H", "history": "deep", "default": "H"}]}],
            [],
            "leads to a history of the same state",
        ),
        (
            [{"name": "A", "initial": "H", "children": ["B", {"name": "H", "history": "deep"}]}],
            [],
            "a history cannot be initial",
        ),
        (
            [{"name": "A", "initial": ["B", "C"], "children": ["B", "C"]}],
            [],
            "states[0]: 'A.B' and 'A.C' cannot be active together",
        ),
        ([{"name": "P", "parallel": [FINAL]}], [], "a region cannot be a final state"),
        ([], [], "the machine has no states"),
    ],
)
def test_a_chart_that_cannot_work_is_told(states: list[Any], transitions: list[Any], said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        StateMachine.from_chart({"name": "M", "states": states, "transitions": transitions})
    assert said in "\n".join(caught.value.problems)


def test_what_looks_alike_and_works_is_let_pass() -> None:
    StateMachine.from_chart(
        {
            "name": "M",
            "states": ["A", PARALLEL, FINAL],
            "transitions": [
                ["x", "A", ["P.X.X2", "P.Y"]],
                ["x", "P.X", "="],
                ["y", "A", None, "1 > 2"],
                ["y", "A"],
                [["y", "z"], "A"],
                [ALWAYS, "P.Y.Y1", None, "in_state('A')"],
                [ALWAYS, "P.X.X2", "F", {"in_state": "A"}],
            ],
        }
    )
