"""A table is refused exactly if counting every case finds a hole, an overlap or a rule that never counts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import BaseModel

from fsm.decision import DecisionTable, Rule, column, inspection, rule
from fsm.decision.inspection import MISSING, Sheet, problems_of
from fsm.errors import DefinitionError
from tests.fsm.decision.tables import EVERY, RULES, Grade, Small, country, employed, matching, score, share


def kinds(problems: list[str]) -> set[str]:
    """The kinds of problems that were told."""
    marks = {"no rule for": "hole", "both hold": "overlap", "never reached": "hidden", "never holds": "empty"}
    return {kind for text in problems for mark, kind in marks.items() if mark in text}


def counted(rules: list[Rule[Small, Grade]], hits: str) -> set[str]:
    """The same, by counting."""
    found = [matching(rules, case) for case in EVERY]
    said = [{rules[n].then for n in numbers} for numbers in found]
    empty = {n for n in range(len(rules)) if not any(n in numbers for numbers in found)}
    late = {n for n in range(len(rules)) if not any(numbers[:1] == [n] for numbers in found)} - empty
    tests = {
        "hole": any(not numbers for numbers in found),
        "overlap": (hits == "unique" and any(len(numbers) > 1 for numbers in found))
        or (hits == "any" and any(len(outputs) > 1 for outputs in said)),
        "hidden": hits == "first" and late,
        "empty": empty,
    }
    return {kind for kind, holds in tests.items() if holds}


@pytest.mark.parametrize("hits", ["unique", "any", "first", "collect"])
@settings(max_examples=60)
@given(rules=RULES)
def test_a_table_is_refused_exactly_for_what_counting_finds(hits: str, rules: list[Rule[Small, Grade]]) -> None:
    problems = problems_of(Sheet.of(tuple(rules)), hits, MISSING)
    assert kinds(problems) == counted(rules, hits)
    assert bool(problems) == bool(counted(rules, hits))


@settings(max_examples=60)
@given(rules=RULES)
def test_every_hole_and_overlap_is_shown_by_a_case_of_the_model(rules: list[Rule[Small, Grade]]) -> None:
    sheet = Sheet.of(tuple(rules))
    for text in problems_of(sheet, "unique", MISSING):
        shown = re.search(r"(?:such as|both hold for) (.*?)(?:; add|, and say|, and both)", text)
        if shown is None:
            assert "never holds" in text
            continue
        fields: dict[str, Any] = {"score": 0, "share": 0, "employed": False, "country": None}
        fields |= {k: v.strip("'") for k, v in (part.split("=") for part in shown[1].split(", "))}
        if fields["country"] == "None":
            fields["country"] = None
        numbers = matching(rules, Small.model_validate(fields))
        assert (numbers == []) if "no rule for" in text else len(numbers) > 1


def refused(*rules: Rule[Small, Any], **options: Any) -> list[str]:
    with pytest.raises(DefinitionError) as error:
        DecisionTable("grade", Small, *rules, **options)
    return [re.sub(r"test_inspection\.py:\d+", "here", text) for text in error.value.problems]


def test_a_hole_is_told_with_a_case_and_its_fix() -> None:
    assert refused(rule(score < 2, then=1), rule(score > 2, employed, then=2), rule(score > 2, ~employed, then=3)) == [
        "no rule for score = 2, such as score=2, employed=False; add one, or otherwise=…"
    ]


def test_there_is_no_hole_between_neighbours() -> None:
    DecisionTable("grade", Small, rule(score < 3, then=1), rule(score > 2, then=2))


def test_an_overlap_is_told_with_both_rules_their_lines_and_what_they_say() -> None:
    assert refused(rule(score <= 3, then=Grade.A), rule(score >= 3, then=Grade.B)) == [
        "here: rule 1 (score <= 3) and here: rule 2 (score >= 3) both hold for score=3, and say Grade.A and Grade.B;"
        " narrow one of them, or say which counts with hits=…"
    ]


def test_all_problems_are_told_at_once_in_the_order_of_the_rules() -> None:
    problems = refused(
        rule(country == "DE", score < 4, then=1),
        rule(score < 0, then=2),
        rule(country == "DE", score > 2, then=1),
        rule(country == "FR", share > 1, then=4),
    )
    assert problems == [
        "here: rule 1 (country = 'DE', score < 4) and here: rule 3 (country = 'DE', score > 2) both hold for"
        " country='DE', score=3, share=0, and both say 1; narrow one of them, or say which counts with hits=…",
        "here: rule 2 (score < 0) never holds, no score is < 0; mend it, or remove it",
        "here: rule 4 (country = 'FR', share > 1) never holds, no share is > 1; mend it, or remove it",
        "no rule for country = 'FR' or missing, such as country='FR', score=0, share=0; add one, or otherwise=…",
    ]


def test_a_rule_that_is_hidden_names_those_before_it() -> None:
    assert refused(
        rule(score < 5, then=1), rule(score > 3, then=2), rule(score.between(1, 6), then=3), hits="first"
    ) == ["here: rule 3 (score 1..6) is never reached behind rules 1, 2; move it up, or remove it"]


def test_an_answer_that_is_never_given_is_refused() -> None:
    both = (rule(employed, then=1), rule(~employed, then=2))
    assert refused(*both, otherwise=3) == ["otherwise is never used, since the rules answer every case; remove it"]


def test_thousands_of_problems_are_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "PROBLEMS_MAX", 2)
    problems = refused(*[rule(score < 7, then=1)] * 5)
    assert len(problems) == 3
    assert problems[-1] == "… and more of this kind"


def test_a_table_that_cannot_be_proved_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsm.decision.proof.PROOF_STEPS_MAX", 1)
    (problem,) = refused(rule(employed, then=1), rule(score < 3, then=1), hits="collect")
    assert problem.startswith("its rules overlap so much that ")


class Other(BaseModel):
    age: int


@pytest.mark.parametrize(
    ("rules", "options", "says"),
    [
        ((), {}, "it has no rules; write rule(…, then=…)"),
        ((3,), {}, "3 is not a rule; write rule(…, then=…)"),
        ((rule(then=1),), {}, "here: rule 1: it asks nothing"),
        (
            (rule(employed, then=1),),
            {"hits": "best"},
            "hits='best' is unknown; it is one of unique, any, first, collect",
        ),
        ((rule(column(Other, lambda o: o.age) < 3, then=1),), {}, "column age is of Other, the table of Small"),
        ((rule(lambda case: case.score > 3, then=1),), {}, "is not a cell; compare a column with a constant"),  # type: ignore[arg-type]
        ((rule(employed, then=object()),), {}, "cannot be written to a journal"),
        ((rule(employed, then=1),), {"otherwise": object()}, "cannot be written to a journal"),
        ((rule(employed, then=1),), {"hits": "collect", "otherwise": 3}, "otherwise is a list, as its answers are"),
        ((rule(country == "XX", then=1),), {}, "column country: 'XX' is none of 'DE', 'FR', None"),  # type: ignore[arg-type]
    ],
)
def test_mistakes_are_told_before_anything_is_proved(rules: Any, options: Any, says: str) -> None:
    assert any(says in problem for problem in refused(*rules, **options))
