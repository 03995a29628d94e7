"""Fields that instances are found by: which may be named, and how their values are compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any, Literal

import pytest

from fsm import Context, Event, Final, State, StateMachine, edge
from fsm.chart.search import attributes_of, keyed_id, search_text
from fsm.errors import DefinitionError, SearchInvalid


class Stop(Event): ...


class Size(Enum):
    SMALL = "s"


class Order(Context):
    customer: str
    amount: int | None = None
    rate: float = 0.5
    urgent: bool = False
    due: datetime | None = None
    size: Size = Size.SMALL
    kind: Literal["a", "b"] = "a"
    items: list[str] = []


def machine(search: Any, base: type = StateMachine[Order, Stop]) -> type[StateMachine[Any, Any, Any]]:
    class Sale(base, search=search):  # type: ignore[misc, call-arg]
        class Open(State, initial=True): ...

        class Closed(Final): ...

        stop = edge(Stop, Open, to=Closed)

    return Sale


def test_fields_with_single_values_may_be_named_and_are_inherited() -> None:
    names = ("customer", "amount", "rate", "urgent", "due", "size", "kind")
    found = machine(names)
    assert found.__chart__.search == names
    assert machine(None, found).__chart__.search == names
    assert machine((), found).__chart__.search == ()


@pytest.mark.parametrize(
    ("search", "problem"),
    [
        (("color",), "search='color': Order has no such field; those it has: customer, amount, rate"),
        (("items",), r"search='items': a list\[str\] cannot be searched"),
        ("customer", r"search='customer': write a tuple of names"),
        ((1,), r"search=\(1,\): write a tuple of names"),
        (("customer",) * 17, "search= names 17 fields, 16 are allowed"),
    ],
)
def test_what_cannot_be_searched_is_found_when_the_class_is_made(search: Any, problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem) as caught:
        machine(search)
    assert "test_search.py" in caught.value.problems[0]


def test_another_search_is_another_shape_and_none_is_the_shape_of_old() -> None:
    plain, customer, both = machine(()), machine(("customer",)), machine(("amount", "customer"))
    assert len({m.__chart__.digest for m in (plain, customer, both)}) == 3
    assert both.__chart__.digest == machine(("customer", "amount")).__chart__.digest


def test_equal_values_have_equal_texts() -> None:
    assert search_text(30) == search_text(30.0) == "30"
    assert search_text(0.1) == "0.1"
    assert search_text(2.0**60) == repr(2.0**60)
    assert search_text(Size.SMALL) == search_text("s") == "s"
    assert (search_text(True), search_text(False)) == ("true", "false")
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert search_text(at) == search_text(at.astimezone(timezone(timedelta(hours=2))))
    assert search_text(at.replace(tzinfo=None)) == "2026-01-01T12:00:00"


@pytest.mark.parametrize("value", ["x" * 201, "a\0b", ["x"], None, 10**300])
def test_what_an_index_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(SearchInvalid):
        search_text(value)


def test_a_field_without_a_value_is_not_found_by() -> None:
    assert attributes_of(Order(customer="c1"), ("customer", "amount", "urgent")) == {
        "customer": "c1",
        "urgent": "false",
    }


def test_ids_made_of_keys_differ_where_machine_or_key_differ() -> None:
    assert keyed_id("A:B", "C") != keyed_id("A", "B:C")
    assert keyed_id("A%3AB", "C") != keyed_id("A:B", "C")
