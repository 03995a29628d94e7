"""Columns: comparing them makes cells, which say what they ask and hold for what they say."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from fsm.decision import Cell, column
from fsm.errors import DefinitionError


class Size(Enum):
    S = 1
    L = 2


class Address(BaseModel):
    zip: int


class Person(BaseModel):
    age: int | None
    name: str
    adult: bool
    size: Size
    letter: Literal["a", "b", "c"]
    address: Address


age = column(Person, lambda p: p.age)
name = column(Person, lambda p: p.name)
adult = column(Person, lambda p: p.adult)
size = column(Person, lambda p: p.size)
letter = column(Person, lambda p: p.letter)
zip_code = column(Person, lambda p: p.address.zip)


@pytest.mark.parametrize(
    ("cell", "text", "holds", "fails"),
    [
        (age < 3, "age < 3", [2], [3, None]),
        (age <= 3, "age <= 3", [3], [4, None]),
        (age > 3, "age > 3", [4], [3, None]),
        (age >= 3, "age >= 3", [3], [2, None]),
        (age == 3, "age = 3", [3], [4, None]),
        (age != 3, "age != 3", [4, None], [3]),
        (age.between(3, 5), "age 3..5", [3, 5], [2, 6, None]),
        (age.one_of(3, 5), "age in 3, 5", [3, 5], [4, None]),
        (age.missing, "age missing", [None], [3]),
        (~age.missing, "age not (missing)", [3], [None]),
        ((age < 3) | (age > 5), "age < 3 or > 5", [2, 6], [4, None]),
        ((age > 3) & (age < 5), "age > 3 and < 5", [4], [3, 5, None]),
        (((age < 3) | (age > 5)) & ~age.one_of(7), "age (< 3 or > 5) and not (= 7)", [2, 8], [4, 7]),
        (~adult, "adult = False", [False], [True]),
        (size == Size.L, "size = Size.L", [Size.L], [Size.S]),
        (name == "Ada", "name = 'Ada'", ["Ada"], ["Ben"]),
        (zip_code > 9, "address.zip > 9", [10], [9]),
    ],
)
def test_a_cell_says_what_it_holds_for(cell: Cell[Person], text: str, holds: list[Any], fails: list[Any]) -> None:
    assert str(cell) == text
    assert not cell.problems
    assert all(cell.holds(value) for value in holds)
    assert not any(cell.holds(value) for value in fails)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (name < "m", "column name: str has no order; use == or one_of(…)"),
        (age == "three", "column age: 'three' is not an int; compare it with a constant of its own kind"),
        (letter == "d", "column letter: 'd' is none of 'a', 'b', 'c'"),
        (column(Person, lambda p: p.address) == 3, "column address: Address cannot be a column"),
        ((age < 3) | (zip_code < 3), "age < 3 and address.zip < 3 are joined, but a cell is about one column"),
    ],
)
def test_a_cell_keeps_its_mistakes_for_the_table(cell: Any, says: str) -> None:
    assert any(says in problem for problem in cell.problems)


def test_a_cell_has_no_truth_value() -> None:
    with pytest.raises(DefinitionError, match="a cell has no truth value"):
        1 < age < 3  # noqa: B015


@pytest.mark.parametrize("field", [lambda p: p, lambda p: p.age + 1, lambda p: 3, lambda p: p.name.upper()])
def test_a_column_is_a_field_and_nothing_else(field: Any) -> None:
    with pytest.raises(DefinitionError, match=r"write `lambda a: a\.score`"):
        column(Person, field)
