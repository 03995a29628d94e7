"""Parameters and schemas of tools: what fits, what does not."""

from __future__ import annotations

from typing import Any, Protocol

import pytest
from pydantic import BaseModel

from fsm.adapters.tool import misfits
from fsm.service.contract import Contract


class Model(BaseModel):
    a: int = 0


class Tools(Protocol):
    async def one(self, a: int, b: float = 1.0, c: str | None = None, d: Any = 0, e: Model | None = None) -> None: ...


ONE = Contract.alone(Tools).methods["one"]
FITTING: dict[str, Any] = {
    "a": {"type": "number"},
    "b": {"type": ["number", "string"]},
    "c": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    "d": {"$ref": "#/$defs/D"},
    "e": {"type": "object"},
}


def test_a_schema_that_takes_all_that_is_given_fits() -> None:
    assert misfits(ONE, {"properties": FITTING, "required": ["a", "b"]}) == []


def test_what_a_schema_does_not_say_is_left_to_the_server() -> None:
    properties = {**FITTING, "a": {"anyOf": [{"type": "string"}, {"$ref": "x"}]}, "c": True}
    assert misfits(ONE, {"properties": properties}) == []
    assert misfits(ONE, {"additionalProperties": True}) == []


@pytest.mark.parametrize(
    ("changed", "more", "problem"),
    [
        ({"a": {"type": "string"}}, {}, "a is integer, the tool takes string"),
        ({"b": {"type": "integer"}}, {}, "b is number, the tool takes integer"),
        ({}, {"required": ["z"]}, "the tool needs 'z', which is no parameter"),
        ({}, {"required": ["c"]}, "the tool needs 'c', which may be left out here; give it no default of None"),
    ],
)
def test_what_does_not_fit_is_told(changed: dict[str, Any], more: dict[str, Any], problem: str) -> None:
    assert misfits(ONE, {"properties": {**FITTING, **changed}, **more}) == [problem]


def test_a_parameter_that_the_tool_does_not_take_is_told() -> None:
    known = {name: schema for name, schema in FITTING.items() if name != "b"}
    assert misfits(ONE, {"properties": known}) == ["the tool takes no 'b'; it takes a, c, d, e"]
