"""Domains are read from annotations and bounds, and are never smaller than what the model accepts."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, Flag
from typing import Annotated, Any, Literal, NewType, Optional

import pytest
from annotated_types import Interval
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    NaiveDatetime,
    PositiveInt,
    ValidationError,
    create_model,
)

from fsm.decision.domain import domain_of, spelled


class Size(Enum):
    S = 1
    L = 2


class Rights(Flag):
    READ = 1


Points = NewType("Points", int)


class Place(BaseModel):
    zip: int


class Everything(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    yes: bool
    count: int
    bounded: int = Field(ge=1, lt=9)
    inner: Annotated[int, Field(gt=0)] | None
    outer: Optional[int] = Field(le=7)  # noqa: UP045
    positive: PositiveInt
    grouped: Annotated[int, Interval(ge=2, lt=4)]
    unbounded: Decimal = Field(le=Decimal("Infinity"))
    fives: int = Field(multiple_of=5)
    points: Points
    ratio: float
    share: float = Field(ge=0)
    finite: float = Field(allow_inf_nan=False)
    money: Decimal = Field(ge=0, decimal_places=2)
    exact: Decimal
    wild: Decimal = Field(allow_inf_nan=True)
    text: str
    letter: Literal["a", "b"] | None
    size: Size
    day: date
    at: AwareDatetime
    local: NaiveDatetime
    either: datetime
    span: timedelta
    place: Place
    perhaps: Place | None
    mixed: int | str
    odd: Literal["a", 1]
    rights: Rights
    many: list[int]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("yes", "bool False True"),
        ("count", "int"),
        ("bounded", "int ≥ 1 < 9"),
        ("inner", "int > 0 None"),
        ("outer", "int ≤ 7 None"),
        ("positive", "int > 0"),
        ("grouped", "int ≥ 2 < 4"),
        ("unbounded", "Decimal"),
        ("fives", "int step 5"),
        ("points", "int"),
        ("ratio", "float nan"),
        ("share", "float ≥ 0"),
        ("finite", "float > -inf < inf"),
        ("money", "Decimal ≥ 0 step 0.01"),
        ("exact", "Decimal"),
        ("text", "str"),
        ("letter", "str 'a' 'b' None"),
        ("size", "Size Size.S Size.L"),
        ("day", "date"),
        ("at", "datetime aware"),
        ("local", "datetime naive"),
        ("span", "timedelta"),
        ("place.zip", "int"),
    ],
)
def test_a_field_tells_its_domain(field: str, text: str) -> None:
    assert domain_of(Everything, tuple(field.split("."))).text == text


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("either", "AwareDatetime or NaiveDatetime"),
        ("wild", "a Decimal that may be NaN cannot be compared"),
        ("place", "Place cannot be a column"),
        ("perhaps.zip", "Place | None is not a model that is always there"),
        ("mixed", "several kinds"),
        ("odd", "write an Enum"),
        ("rights", "Rights cannot be a column"),
        ("many", "list[int] cannot be a column"),
        ("nothing", "Everything has no field 'nothing'; it has yes, count"),
        ("count.real", "int is not a model that is always there"),
    ],
)
def test_what_cannot_be_proved_is_no_column(field: str, says: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        domain_of(Everything, tuple(field.split(".")))
    assert says in str(refused.value)


def test_enums_that_are_kept_as_values_are_refused() -> None:
    class Flat(BaseModel):
        model_config = ConfigDict(use_enum_values=True)
        size: Size

    with pytest.raises(ValueError, match="use_enum_values"):
        domain_of(Flat, ("size",))


@pytest.mark.parametrize(
    ("limits", "nan"),
    [({}, True), ({"ge": 0}, False), ({"lt": 0}, False), ({"allow_inf_nan": False}, False), ({"gt": -math.inf}, False)],
)
def test_nan_is_a_case_exactly_where_the_model_takes_it(limits: dict[str, Any], nan: bool) -> None:
    field: Any = Field(**limits)
    free = create_model("Free", ratio=(float, field))
    assert domain_of(free, ("ratio",)).nan is nan
    try:
        free(ratio=math.nan)
        taken = True
    except ValidationError:
        taken = False
    assert taken is nan


def test_a_model_without_nan_has_none() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(allow_inf_nan=False)
        ratio: float

    assert not domain_of(Strict, ("ratio",)).nan


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("count", 2.5, "2.5 is not an int"),
        ("count", True, "True is not an int"),
        ("yes", 1, "1 is not a bool"),
        ("exact", 0.1, "0.1 is not a Decimal"),
        ("ratio", math.nan, "nan has no place among the values"),
        ("exact", Decimal("Infinity"), "has no place among the values"),
        ("day", datetime(2026, 1, 1), "is not a date"),
        ("at", datetime(2026, 1, 1), "lacks a time zone"),
        ("local", datetime(2026, 1, 1, tzinfo=UTC), "has a time zone"),
        ("letter", "c", "'c' is none of 'a', 'b', None"),
        ("letter", None, "None is not a str"),
        ("size", 1, "1 is not a Size"),
    ],
)
def test_constants_of_another_kind_are_refused(field: str, value: Any, says: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        domain_of(Everything, (field,)).constant(value)
    assert says in str(refused.value)


@pytest.mark.parametrize(("field", "given", "taken"), [("exact", 3, Decimal(3)), ("ratio", 3, 3.0), ("text", "x", "x")])
def test_constants_become_values_of_the_field(field: str, given: Any, taken: Any) -> None:
    found = domain_of(Everything, (field,)).constant(given)
    assert (found, type(found)) == (taken, type(taken))


def test_values_are_spelled_as_people_write_them() -> None:
    values = (Size.L, Decimal("1.5"), date(2026, 1, 2), timedelta(hours=1), "x", 3, None)
    assert [spelled(v) for v in values] == ["Size.L", "1.5", "2026-01-02", "1:00:00", "'x'", "3", "None"]
