"""Tables answer as their rules say, whichever way they are asked."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from time import process_time
from typing import Any, Literal, assert_type

import pytest
from hypothesis import given, settings
from pydantic import BaseModel

from fsm.decision import Decision, DecisionTable, Rule, column, rule
from fsm.errors import DecisionFailed, DefinitionError
from tests.fsm.decision.tables import EVERY, RULES, Grade, Small, country, employed, matching, score, share


def made(rules: list[Rule[Small, Grade]], hits: Any) -> DecisionTable[Small, Any] | None:
    """A table of these rules, or else of those with an answer for what they leave open."""
    for options in ({}, {"otherwise": [Grade.A] if hits == "collect" else Grade.A}):
        try:
            return DecisionTable("t", Small, *rules, hits=hits, **options)
        except DefinitionError:
            continue
    return None


def fitting(
    rules: list[Rule[Small, Grade]], hits: Any
) -> tuple[DecisionTable[Small, Any] | None, list[Rule[Small, Grade]]]:
    """A table of these rules, without those that do not go with the ones before."""
    table, kept = None, list[Rule[Small, Grade]]()
    for one in rules:
        more = made([*kept, one], hits)
        if more is not None:
            table, kept = more, [*kept, one]
    return table, kept


@pytest.mark.parametrize("hits", ["unique", "any", "first", "collect"])
@settings(max_examples=60)
@given(rules=RULES)
def test_a_table_answers_as_its_rules_one_by_one(hits: str, rules: list[Rule[Small, Grade]]) -> None:
    table, rules = fitting([*rules, rule(employed, then=Grade.A)], hits)
    assert table is not None
    for case in EVERY:
        found = matching(rules, case)
        counts = found if hits in ("any", "collect") else found[:1]
        outputs = [rules[n].then for n in found] or [Grade.A]
        decision = table.decide(case)
        assert decision.output == table(case) == (outputs if hits == "collect" else outputs[0])
        assert decision.rows == (tuple(f"t:{n + 1}" for n in counts) or ("t:otherwise",))
        assert decision.version == table.version


class Text(BaseModel):
    name: str


name = column(Text, lambda t: t.name)


def grade(*more: Rule[Small, Grade], limit: int = 3) -> DecisionTable[Small, Grade]:
    return DecisionTable("grade", Small, rule(score < limit, then=Grade.A), *more, otherwise=Grade.B)


def test_equal_tables_have_equal_versions_and_others_do_not() -> None:
    versions = [grade().version, grade(limit=4).version, grade(rule(score == 5, then=Grade.B)).version]
    assert grade().version == versions[0]
    assert len(set(versions)) == 3
    long = [DecisionTable("long", Text, rule(name == "x" * 200 + end, then=1), otherwise=2).version for end in "ab"]
    assert long[0] != long[1]
    assert grade().version == "782305d523602614", "a version is the same in every process"


@pytest.mark.parametrize(
    "case",
    [
        Small.model_construct(score=7),
        Small.model_construct(score="x"),
        Small.model_construct(score=None),
        Small.model_construct(),
        {"score": 3},
    ],
)
def test_a_case_that_the_model_would_refuse_has_no_answer(case: Any) -> None:
    with pytest.raises(DecisionFailed, match=r"is not a case of this table.*Give it a validated Small"):
        grade()(case)


def test_checkers_know_what_a_table_answers() -> None:
    both = (rule(employed, then=Grade.A), rule(~employed, then=Grade.B))
    one = DecisionTable("one", Small, *both)
    several = DecisionTable("several", Small, *both, hits="collect")
    assert_type(one(EVERY[0]), Grade)
    assert_type(several(EVERY[0]), list[Grade])
    assert_type(one.decide(EVERY[0]), Decision[Grade])
    rule(score < "3", then=1)  # type: ignore[operator]
    rule(country == 3.5, then=1)  # type: ignore[arg-type]
    with pytest.raises(DecisionFailed):
        one(Wide.model_construct())  # type: ignore[arg-type]
    assert column(Small, lambda a: a.scroe).problem  # type: ignore[attr-defined]


def test_an_answer_belongs_to_whoever_asked() -> None:
    class Letter(BaseModel):
        lines: list[str] = []

    table = DecisionTable("letter", Small, rule(employed, then=Letter()), rule(~employed, then=Letter(lines=["x"])))
    table(EVERY[-1]).lines.append("changed")
    assert table(EVERY[-1]).lines == []


def test_a_nested_field_is_a_column() -> None:
    class Address(BaseModel):
        kind: Literal["home", "work"]

    class Person(BaseModel):
        address: Address

    kind = column(Person, lambda p: p.address.kind)
    table = DecisionTable("where", Person, rule(kind == "home", then=1), rule(kind == "work", then=2))
    assert table(Person(address=Address(kind="work"))) == 2


def test_a_table_takes_cases_of_more_special_models() -> None:
    class Special(Small):
        extra: int = 0

    table = DecisionTable("special", Special, rule(score < 3, then=1), rule(score >= 3, then=2))
    assert table(Special(score=3, share=Decimal(0), employed=True, country=None)) == 2


def test_a_table_draws_itself() -> None:
    assert grade(rule(score > 5, country == "DE", share < Decimal("0.5"), then=Grade.A)).to_markdown() == (
        "|  | score | country | share | then |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| 1 | < 3 |  |  | Grade.A |\n"
        "| 2 | > 5 | = 'DE' | < 0.5 | Grade.A |\n"
        "|  |  |  | otherwise | Grade.B |"
    )
    assert grade()._repr_html_().startswith("<table><caption>grade</caption><tr><th></th><th>score</th>")


class Wide(BaseModel):
    a: int
    b: int
    c: int
    d: int
    e: int
    f: int
    g: int
    h: int
    i: int
    j: int


def test_ten_columns_and_two_hundred_rules_are_proved_within_a_second() -> None:
    random = Random(1)
    columns: list[Any] = [column(Wide, lambda w, n=name: getattr(w, n)) for name in Wide.model_fields]  # type: ignore[misc]
    parts: list[tuple[tuple[int, int], ...]] = [((-(10**9), 10**9),) * 10]
    while len(parts) < 200:
        part = parts.pop(random.randrange(len(parts)))
        axis = random.randrange(10)
        low, high = part[axis]
        cut = random.randrange(low + 1, high)
        parts += [(*part[:axis], bounds, *part[axis + 1 :]) for bounds in ((low, cut), (cut, high))]
    random.shuffle(parts)
    rules = [
        rule(*(x for c, (low, high) in zip(columns, p, strict=True) for x in (c >= low, c < high)), then=n)
        for n, p in enumerate(parts)
    ]
    began = process_time()
    table = DecisionTable("wide", Wide, *rules, otherwise=-1)
    assert process_time() - began < 1
    case = {name: (low + high) // 2 for name, (low, high) in zip(Wide.model_fields, parts[7], strict=True)}
    assert table(Wide(**case)) == 7
    assert table(Wide(**{**case, "a": 10**9})) == -1
