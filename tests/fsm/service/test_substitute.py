"""A person answers in the place of a call with what the contract promises, or says why not."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from fsm.errors import FormInvalid
from fsm.service.contract import Contract
from fsm.service.substitute import filled_instead, form_of


class Bank(Protocol):
    async def charge(self, amount: int) -> int: ...
    async def note(self, text: str) -> None: ...


METHODS = Contract.alone(Bank).methods


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("charge", {"answer": 5}, '{"answer":5}'),
        ("charge", {"give_up": "no money"}, '{"give_up":"no money"}'),
        ("note", {"answer": None}, '{"answer":null}'),
    ],
)
def test_an_answer_or_the_reason_for_none_is_kept(name: str, given: Any, kept: str) -> None:
    assert filled_instead(METHODS[name], given) == kept


@pytest.mark.parametrize("given", [{}, {"answer": "x"}, {"answer": 5, "give_up": "no"}, {"other": 5}, 5])
def test_what_is_neither_is_refused_by_its_fields(given: Any) -> None:
    with pytest.raises(FormInvalid) as caught:
        filled_instead(METHODS["charge"], given, "T-1")
    assert caught.value.task == "T-1"
    assert caught.value.problems


def test_the_form_has_the_type_of_the_contract() -> None:
    assert form_of(METHODS["charge"]).model_json_schema()["properties"]["answer"]["type"] == "integer"
