"""Rules know what they ask, what they answer, and where they stand."""

from __future__ import annotations

from pydantic import BaseModel

from fsm.decision import column, rule


class Person(BaseModel):
    age: int
    adult: bool


age, adult = column(Person, lambda p: p.age), column(Person, lambda p: p.adult)


def test_a_rule_knows_its_line() -> None:
    first = rule(age < 3, then=1)
    second = rule(
        age > 3,
        then=1,
    )
    assert first.where.startswith("test_rule.py:")
    assert int(second.where.partition(":")[2]) - int(first.where.partition(":")[2]) in (1, 2, 3, 4)


def test_a_column_of_truth_values_is_a_cell_by_itself() -> None:
    assert [str(cell) for cell in rule(adult, age < 3, then=1).cells] == ["adult = True", "age < 3"]
