"""What the names of a document stand for."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from fsm import ActionFailed, Context, Done, Event, Failed, Signal, guard
from fsm.interop.document_registry import Anything, Registry, received


class Paid(Event):
    amount: int


class Card(Paid): ...


class Bank(Protocol):
    async def charge(self, amount: int) -> str: ...


def one(self: Any) -> Any:
    return self


def two(self: Any, ev: Any) -> Any:
    return ev


def many(self: Any, ev: Any, more: Any) -> None: ...


def lazy(self: Any) -> Any:
    yield 1


def test_a_handler_takes_self_or_self_and_the_event() -> None:
    registry = Registry({"one": one, "two": two, "asked": guard(lambda self: True)})
    assert registry.handler("one", "here").call("machine", "event") == "machine"
    assert registry.handler("two", "here").call("machine", "event") == "event"
    assert registry.handler("asked", "here").call("machine", "event") is True


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("onn", "no 'onn' is registered; did you mean 'one'?"),
        ("zzz", "no 'zzz' is registered; pass registry={'zzz': …}"),
        ("many", "'many' takes 3 parameters"),
        ("lazy", "'lazy' is registered as"),
        ("number", "'number' is registered as 3; register a function"),
        ("Bank", "register a function of"),
    ],
)
def test_what_is_no_handler_is_told(name: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the text is what matters
        Registry({"one": one, "many": many, "lazy": lazy, "number": 3, "Bank": Bank}).handler(name, "")
    assert said in str(caught.value)


def test_contracts_and_contexts_are_checked() -> None:
    registry = Registry({"Bank": Bank, "Context": Context, "one": one})
    service = registry.service("bank", "Bank")
    assert (service.name, service.contract, service.returns) == ("bank", Bank, {"charge": str})
    assert registry.context("Context") is Context
    for look in (lambda: registry.service("bank", "one"), lambda: registry.context("Bank")):
        with pytest.raises(ValueError, match="is registered as"):
            look()
    with pytest.raises(ValueError, match="a service cannot be called 'ctx'"):
        registry.service("ctx", "Bank")


def test_a_signal_becomes_the_event_that_is_asked_for() -> None:
    assert received(Signal(name="Paid", data={"amount": 1}), (Paid,)) == Paid(amount=1)
    assert received(Signal(name="Paid.Card", data={"amount": 1}), (Paid,)) == Card(amount=1)
    other = Signal(name="other")
    assert received(other, (Paid,)) is other
    done = received(Signal(name="done.invoke.charge", data="R", invoke="charge"), (Done[str],))
    assert done == Done[str](data="R", source="charge")
    problem = {"kind": "E", "message": "m"}
    failed = received(Signal(name="error.invoke.charge", data=problem, invoke="charge"), (Failed,))
    assert isinstance(failed, Failed)
    assert failed.error.kind == "E"
    raised = received(Signal(name="error.execution", data={**problem, "source": "a"}), (ActionFailed,))
    assert isinstance(raised, ActionFailed)
    assert raised.source == "a"


def test_a_registry_of_anything_notes_what_was_asked() -> None:
    anything = Anything()
    handler = Registry(anything).handler("whatever", "")
    assert list(anything) == ["whatever"]
    with pytest.raises(LookupError, match="made to be looked at"):
        handler.call(None, None)
