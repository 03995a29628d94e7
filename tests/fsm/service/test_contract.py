"""Contracts: what is recorded of a call, and what a machine sees of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol

import pytest

from fsm import Context, State, StateMachine
from fsm.errors import CallFailed, CallInvalid, ServiceInvalid, ServiceMissing
from fsm.service.contract import Contract, Method
from tests.fsm.chart.refusal import odd


class Receipt(Context):
    id: str
    at: datetime | None = None


class Shop(Protocol):
    async def buy(self, name: str, count: int = 1, *, gift: bool = False) -> Receipt: ...
    async def free(self) -> None: ...
    async def untyped(self): ...  # type: ignore[no-untyped-def]


class Machine(StateMachine[Context]):
    shop: Shop

    class A(State, initial=True): ...


def contract() -> Contract:
    return Contract(Machine.__chart__.services[0])


def buy() -> Method:
    return contract().methods["buy"]


def test_a_contract_has_the_public_methods_of_its_type() -> None:
    assert sorted(contract().methods) == ["buy", "free", "untyped"]


def test_equal_calls_have_equal_digests_however_they_are_written() -> None:
    one = buy().arguments(("book",), {})
    assert one == buy().arguments((), {"name": "book", "count": 1, "gift": False})
    assert one != buy().arguments(("book", 2), {})
    assert one[0] == '{"name":"book","count":1,"gift":false}'


def test_arguments_that_do_not_fit_are_pythons_own_error() -> None:
    with pytest.raises(TypeError, match="missing a required argument: 'name'"):
        buy().arguments((), {})


def test_arguments_that_cannot_be_written_are_refused() -> None:
    with pytest.raises(CallInvalid, match=r"shop.buy: its arguments cannot be written to the journal"):
        buy().arguments((object(),), {})


def test_the_answer_is_the_decoded_copy_by_the_return_annotation() -> None:
    given = Receipt(id="r", at=datetime(2030, 1, 1, tzinfo=UTC))
    seen = buy().replay(buy().record(given))
    assert seen == given
    assert seen is not given
    assert buy().replay(buy().record({"id": "plain"})) == Receipt(id="plain")
    assert contract().methods["untyped"].replay(contract().methods["untyped"].record({"a": (1, 2)})) == {"a": [1, 2]}
    assert contract().methods["free"].replay(contract().methods["free"].record(None)) is None


@pytest.mark.parametrize("answer", [5, {"id": 5, "more": 1}, None, object()])
def test_an_answer_that_does_not_fit_is_a_failure_of_the_service(answer: object) -> None:
    recorded = buy().record(answer)
    with pytest.raises(CallFailed) as caught:
        buy().replay(recorded)
    assert (caught.value.service, caught.value.method, caught.value.kind) == ("shop", "buy", "AnswerInvalid")
    assert caught.value.message.startswith("shop.buy answered ")


def test_a_failure_is_recorded_with_kind_message_and_data() -> None:
    problem = KeyError("gone")
    odd(problem).data = {"left": object()}
    with pytest.raises(CallFailed, match=r"shop.buy failed with KeyError: 'gone'") as caught:
        buy().replay(buy().failure_of(problem), problem)
    assert caught.value.__cause__ is problem
    assert caught.value.data["left"].startswith("<object object")


class Fake:
    def buy(self, name: str, count: int = 1, *, gift: bool = False) -> Any: ...
    def free(self) -> None: ...


def test_an_implementation_is_found_by_contract_or_name_and_checked() -> None:
    whole = type("Whole", (Fake,), {"untyped": lambda self: None})()
    assert contract().find("Machine", {Shop: whole}) is whole
    assert contract().find("Machine", {"shop": whole}) is whole
    with pytest.raises(ServiceInvalid, match=r"Machine.shop: Fake is not a Shop: it has no untyped. Add it, or pass"):
        contract().find("Machine", {Shop: Fake()})
    text = r"Machine.shop: no implementation of Shop. Pass services=\{Shop: …\} \(or \{'shop': …\}\)"
    with pytest.raises(ServiceMissing, match=text):
        contract().find("Machine", {})


class Narrow(Fake):
    def buy(self, name: str, count: int) -> Any: ...  # type: ignore[override]
    def untyped(self) -> None: ...


class Demanding(Fake):
    def buy(self, name: str, count: int, gift: bool) -> Any: ...  # type: ignore[override]
    def untyped(self) -> None: ...


class Yielding(Fake):
    async def free(self) -> Any:
        yield None

    def untyped(self) -> None: ...


class Open(Fake):
    buy: Any = staticmethod(lambda title, *rest, **more: None)
    untyped: Any = print


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (Narrow(), r"buy\(name: 'str', count: 'int'\) -> 'Any' cannot stand for buy\(.*\): got an unexpected keyword"),
        (Demanding(), r"cannot stand for .*missing a required argument: 'count'"),
        (Yielding(), r"Yielding is not a Shop: free yields, where one answer is to be returned"),
    ],
)
def test_an_implementation_that_cannot_be_called_as_the_contract_says_is_refused(given: Any, why: str) -> None:
    with pytest.raises(ServiceInvalid, match=why):
        contract().find("Machine", {Shop: given})


def test_an_implementation_may_take_more_than_the_contract_has() -> None:
    assert contract().find("Machine", {Shop: (given := Open())}) is given
