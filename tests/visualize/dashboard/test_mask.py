"""What is marked as secret is not shown."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field, SecretStr

from visualize.dashboard.mask import BEFORE, MASKED, masked, replaced


class Card(BaseModel):
    number: str = Field(json_schema_extra={"writeOnly": True})
    owner: str = ""


class Wallet(BaseModel):
    pin: SecretStr
    first: Card | None = None
    cards: list[Card] = []
    named: dict[str, Card] = {}
    pair: tuple[Card, int] | None = None


CARD = {"number": "4111", "owner": "Ada"}
SHOWN = {"number": MASKED, "owner": "Ada"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"pin": "1234"}, {"pin": MASKED}),
        ({"pin": None}, {"pin": None}),
        ({"first": CARD}, {"first": SHOWN}),
        ({"cards": [CARD, CARD]}, {"cards": [SHOWN, SHOWN]}),
        ({"named": {"a": CARD}}, {"named": {"a": SHOWN}}),
        ({"pair": [CARD, 1]}, {"pair": [SHOWN, 1]}),
        ({"unknown": {"number": 1}}, {"unknown": {"number": 1}}),
        ([CARD], [CARD]),
        (7, 7),
    ],
)
def test_marked_fields_are_masked_wherever_they_lie(value: Any, shown: Any) -> None:
    assert masked(value, Wallet.model_json_schema()) == shown


def test_a_model_that_holds_itself_is_masked_at_every_depth() -> None:
    class Node(BaseModel):
        secret: str = Field(json_schema_extra={"writeOnly": True})
        next: Node | None = None

    found = masked({"secret": "a", "next": {"secret": "b", "next": None}}, Node.model_json_schema())
    assert found == {"secret": MASKED, "next": {"secret": MASKED, "next": None}}


def test_a_secret_that_is_another_one_later_is_told_apart_at_every_depth() -> None:
    shown = {"a": [1, {"pin": MASKED}], "b": MASKED, "c": MASKED}
    old = {"a": [1, {"pin": "1111"}], "b": "same", "c": "gone"}
    new = {"a": [1, {"pin": "2222"}], "b": "same"}
    assert replaced(shown, old, new) == {"a": [1, {"pin": BEFORE}], "b": MASKED, "c": MASKED}
