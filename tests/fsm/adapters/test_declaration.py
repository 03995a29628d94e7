"""What stands in place of code: templates, problems with them, and arguments as text."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol
from uuid import UUID

import pytest
from pydantic import BaseModel

from fsm.adapters.declaration import Declared, Template, declared, key, structured, text_of, unknown
from fsm.errors import DefinitionError, ServiceInvalid
from fsm.service import CurrentCall, Terminal
from fsm.service.contract import Contract, Method
from fsm.service.current import serving


class Color(Enum):
    RED = "red"


class Model(BaseModel):
    a: int = 0


@dataclasses.dataclass
class Plain:
    a: int = 0


class Shop(Protocol):
    async def buy(self, one: str, many: list[int], maybe: Model | None, plain: Plain, free, odd: Nowhere) -> None: ...  # type: ignore[no-untyped-def,name-defined]  # noqa: F821
    async def sell(self, *what: str) -> None: ...


class Trade:
    """Sells by itself, and buys elsewhere."""

    def __init__(self, elsewhere: Any) -> None:
        self.buy = elsewhere.buy

    def sell(self, *what: str) -> None: ...


BUY = Contract.alone(Shop).methods["buy"]


def test_braces_that_are_doubled_are_braces() -> None:
    text = Template("{{{a}}} and {b}")
    assert text.names == {"a", "b"}
    assert text.filled(str.upper) == "{A} and B"


@pytest.mark.parametrize("text", ["{}", "{0}", "{a.b}", "{a[0]}", "{a!r}", "{a:>3}", "{a", "a}", "{a b}"])
def test_a_place_is_a_name_and_nothing_else(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Template(text)


def test_a_service_declared_for_another_contract_is_refused_before_anything_runs() -> None:
    class Other(Protocol):
        async def buy(self, article: str) -> None: ...

    @dataclasses.dataclass
    class Nothing:
        method: Method

    async def ask(declaration: Nothing, *args: Any, **keywords: Any) -> None: ...

    service = Declared(ask, {"buy": Nothing(Contract.alone(Other).methods["buy"])})
    Contract.alone(Other).check("Order", service)
    with pytest.raises(ServiceInvalid, match=r"buy\(article: .*\) .*cannot stand for buy\(one: "):
        Contract.alone(Shop).check("Order", Trade(service))


def test_problems_are_collected_over_all_methods() -> None:
    def read(method: Any, given: str) -> tuple[str, list[str]]:
        if given == "raise":
            raise ValueError("cannot be read")
        return given, ["first", "second"]

    class Three(Shop, Protocol):
        async def more(self) -> None: ...

    with pytest.raises(DefinitionError) as caught:
        declared(Three, {"buy": "ok", "more": "raise", "sell": "ok", "swap": "ok"}, read, ["before"])
    assert caught.value.problems == (
        "before",
        "swap: the contract has no such method; it has buy, sell, more",
        "buy: first",
        "buy: second",
        "sell: * and ** take arguments without names; write each parameter",
        "more: cannot be read",
    )


def test_a_contract_without_methods_is_refused() -> None:
    with pytest.raises(DefinitionError, match="Empty has no methods"):
        declared(type("Empty", (), {}), {}, lambda method, given: (given, []))


def test_names_that_are_no_parameters_are_told_with_those_that_are() -> None:
    problems = unknown(BUY, {"the path": ["one", "tow"]})
    assert problems == ["the path names 'tow', which is no parameter; there are one, many, maybe, plain, free, odd"]


def test_what_is_annotated_as_a_structure_is_no_text() -> None:
    names = ["one", "many", "maybe", "plain", "free", "odd", "gone"]
    assert [structured(BUY, n) for n in names] == [False, True, True, True, False, False, False]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (5, "5"),
        (True, "true"),
        (Decimal("1.50"), "1.50"),
        (date(2030, 1, 2), "2030-01-02"),
        (Color.RED, "red"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_plain_values_are_written_as_text(value: object, text: str) -> None:
    assert text_of(BUY, "one", value) == text


@pytest.mark.parametrize("value", [None, [1], {"a": 1}, Model(), object()])
def test_other_values_cannot_be_text(value: object) -> None:
    with pytest.raises(Terminal, match=r"Shop.buy: one=.* cannot be written as text"):
        text_of(BUY, "one", value)


def test_keys_are_as_they_are_where_a_header_can_carry_them() -> None:
    assert key() is None
    for named in ("A-1/pay/0", "x" * 255):
        with serving(CurrentCall(named, 1, "A-1", "bank", "pay")):
            assert key() == named
    with serving(CurrentCall("ä", 1, "A-1", "bank", "pay")):
        assert len(key() or "") == 64
