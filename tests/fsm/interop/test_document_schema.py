"""Which contexts a document can say."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import pytest
from pydantic import Field, field_validator

from fsm.chart.context import Context
from fsm.interop.document_schema import fields_of


class Receipt(Context):
    id: str


class Data(Context):
    items: list[str] = []
    amount: Annotated[int, Field(ge=0)] = 0
    receipt: Receipt | None = None
    rows: dict[str, list[Receipt]] = {}
    when: datetime | None = None
    anything: Any = None


class Tree(Context):
    children: list[Tree] = []


class Careful(Context):
    even: int = 0

    @field_validator("even")
    @classmethod
    def _even(cls, value: int) -> int:
        return value


class Pair(Context):
    pair: tuple[int, str] = (1, "a")


def test_a_context_of_plain_fields_is_written_out() -> None:
    assert fields_of(Data) == {
        "items": {"type": "array", "items": {"type": "string"}, "default": []},
        "amount": {"type": "integer", "minimum": 0, "default": 0},
        "receipt": {"type": ["object", "null"], "properties": {"id": {"type": "string"}}, "default": None},
        "rows": {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": {"type": "object", "properties": {"id": {"type": "string"}}},
            },
            "default": {},
        },
        "when": {"type": ["string", "null"], "format": "date-time", "default": None},
        "anything": {"default": None},
    }


@pytest.mark.parametrize("context", [Tree, Careful, Pair])
def test_a_context_that_says_more_is_left_to_its_class(context: type[Context]) -> None:
    assert fields_of(context) is None
