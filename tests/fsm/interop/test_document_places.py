"""What the names of states mean."""

from __future__ import annotations

from fsm.interop.document_dialect import MachineForm
from fsm.interop.document_places import Places


def places(*states: object) -> Places:
    return Places(MachineForm.model_validate({"name": "M", "states": list(states)}))


def test_a_name_means_what_is_nearest() -> None:
    found = places("A", {"name": "B", "children": ["A", {"name": "C", "children": ["D"]}]})
    assert list(found.ids) == ["A", "B", "B.A", "B.C", "B.C.D"]
    assert found.find("A", "") == "A"
    assert found.find("A", "B") == "B.A"
    assert found.find("A", "B.C") == "B.A"
    assert found.find("C.D", "B") == "B.C.D"
    assert found.find("B.A", "B.C") == "B.A"
    assert found.find("D", "B") is None
    assert found.where["B.C.D"] == "states[1].children[1].children[0]"


def test_a_name_that_means_nothing_is_told_with_a_hint() -> None:
    found = places("Waiting", "Done")
    assert found.states(["Waitng", "Done"], "", "initial") == ("Done",)
    assert found.states(["x"], "", "initial") == ()
    assert found.problems == [
        "initial: no state 'Waitng'; did you mean 'Waiting'?",
        "initial: no state 'x'; there are Waiting, Done",
    ]


def test_names_that_cannot_be_are_told() -> None:
    found = places("A", "A", "B.C", "", "*", " x", {"name": "P", "children": ["a"], "parallel": ["b"]})
    assert [p.partition(":")[0] for p in found.problems] == [
        "states[1].name",
        "states[2].name",
        "states[3].name",
        "states[4].name",
        "states[5].name",
        "states[6]",
    ]
