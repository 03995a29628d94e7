"""Rule sets: documents that are checked when they are read, and decisions that say which rows gave them."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from fsm.decision import RuleSet
from fsm.errors import DecisionFailed, DefinitionError, MissingExtra
from fsm.limits import DOCUMENT_CHARS_MAX
from tests.fsm.decision.documents import EVERY, GRADE, OUTER, chain, node, table

pytestmark = pytest.mark.anyio


class Kind(Enum):
    NEW = "new"


class Applicant(BaseModel):
    score: int
    income: Decimal = Decimal("10.5")
    kind: Kind = Kind.NEW
    tags: tuple[str, ...] = ()


async def test_a_decision_has_its_version_and_its_rows() -> None:
    rules = RuleSet({"grade": GRADE, "every": json.dumps(EVERY), "outer": OUTER})
    accepted = await rules.decide("grade", Applicant(score=400))
    assert (accepted.output, accepted.rows) == ({"grade": "accept"}, ("Grade:2",))
    assert accepted.version == rules.versions["grade"]
    every = await rules.decide("every", {"score": 5})
    assert (every.output, every.rows) == ([{"grade": 1}, {"grade": 10}], ("Grade:1", "Grade:2"))
    outer = await rules.decide("outer", {"score": 5})
    assert (outer.output, outer.rows) == ({"grade": "reject"}, ("Decisionnode/Grade:1",))


async def test_a_case_that_no_row_matches_has_no_rows() -> None:
    decision = await RuleSet({"grade": GRADE}).decide("grade", {"score": 300, "income": 1})
    assert (decision.output, decision.rows) == ({}, ())


async def test_a_table_in_a_loop_names_every_row_that_matched() -> None:
    loop = chain(table({"s": "> 3", "g": "1"}, {"g": "2"}, executionMode="loop", inputField="all"))
    decision = await RuleSet({"loop": loop}).decide("loop", {"all": [{"score": 5}, {"score": 1}]})
    assert (decision.output, decision.rows) == ([{"grade": 1}, {"grade": 2}], ("Grade:1", "Grade:2"))


def test_a_version_changes_with_what_the_document_refers_to() -> None:
    other = chain(table({"s": "< 301", "g": '"reject"'}))
    first, second = RuleSet({"grade": GRADE, "outer": OUTER}), RuleSet({"grade": other, "outer": OUTER})
    assert RuleSet({"grade": json.dumps(GRADE, indent=4), "outer": OUTER}).versions == first.versions
    assert first.versions["outer"] != second.versions["outer"]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("gard", {}, "no document 'gard'; there are grade, sum"),
        ("sum", {"a": 1, "b": "x"}, 'Failed to evaluate expression: "a + b" (node expressionNode). Mend the document'),
        ("grade", {"score": float("nan")}, "floating point `NaN`"),
        ("grade", {"score": Decimal("0.12345678901234567890123")}, "more digits than a number of JSON carries"),
        ("grade", {"score": object()}, "'grade' has no answer for what it was given"),
    ],
)
async def test_a_case_without_an_answer_is_a_failed_decision(name: str, data: Any, says: str) -> None:
    sums = chain(node("expressionNode", expressions=[{"id": "1", "key": "total", "value": "a + b"}]))
    with pytest.raises(DecisionFailed) as failed:
        await RuleSet({"grade": GRADE, "sum": sums}).decide(name, data)
    assert says in str(failed.value)
    assert "backtrace" not in str(failed.value)


def test_all_mistakes_of_all_documents_are_told_at_once() -> None:
    with pytest.raises(DefinitionError) as refused:
        RuleSet(
            {
                "text": "nope",
                "shape": {"nodes": []},
                "cell": chain(table({"s": "< < 3", "g": "1"})),
                "long": " " * (DOCUMENT_CHARS_MAX + 1),
                "value": {"nodes": object()},
            }
        )
    told = refused.value.problems
    assert [problem.partition(":")[0] for problem in told] == ["text", "shape", "long", "value", "cell"]
    assert told[1] == "shape: not a JDM document: Invalid JSON: missing field `edges`; mend it there"
    assert "the limit is" in told[2]


def test_documents_that_refer_to_each_other_are_refused() -> None:
    one, other = chain(node("decisionNode", key="b")), chain(node("decisionNode", key="a"))
    with pytest.raises(DefinitionError, match="documents refer to each other in a circle; cut it"):
        RuleSet({"a": one, "b": other})


def test_there_is_at_least_one_document() -> None:
    with pytest.raises(DefinitionError, match="there is no document; give at least one"):
        RuleSet({})


def test_files_are_called_without_their_suffix(tmp_path: Path) -> None:
    (tmp_path / "grade.json").write_text(json.dumps(GRADE), encoding="utf-8")
    (tmp_path / "outer.json").write_text(json.dumps(OUTER), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no rules", encoding="utf-8")
    assert set(RuleSet.read(tmp_path).versions) == {"grade", "outer"}
    assert set(RuleSet.read(str(tmp_path / "grade.json")).versions) == {"grade"}


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_bytes(b"\xff")
    with pytest.raises(DefinitionError) as refused:
        RuleSet.read(tmp_path / "gone.json", tmp_path, tmp_path)
    told = " ".join(refused.value.problems)
    assert "gone.json: cannot be read" in told
    assert "bad.json: cannot be read" in told
    assert "there is a 'bad' already" not in told, "one that was not read has taken no name"
    with pytest.raises(DefinitionError, match=r"no \.json file in nothing"):
        RuleSet.read()


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for file in (tmp_path / "grade.json", tmp_path / "a" / "grade.json"):
        file.write_text(json.dumps(GRADE), encoding="utf-8")
    with pytest.raises(DefinitionError, match="there is a 'grade' already; rename one of them"):
        RuleSet.read(tmp_path, tmp_path / "a")


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zen", None)
    with pytest.raises(MissingExtra, match=r"dynamic-orchestrator\[rules\]"):
        RuleSet({"grade": GRADE})
