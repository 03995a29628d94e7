"""Parameters and schemas of tools: what fits, what does not."""

from __future__ import annotations

from typing import Any, Protocol

import pytest
from pydantic import BaseModel

from fsm.adapters.tool import answered, arguments, misfits
from fsm.service import Terminal
from fsm.service.contract import Contract


class Model(BaseModel):
    a: int = 0


class Box(BaseModel):
    result: int


class Boxes(Protocol):
    async def box(self) -> Box: ...
    async def number(self) -> int: ...
    async def text(self) -> str: ...
    async def nothing(self) -> None: ...


BOXES = Contract.alone(Boxes).methods


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


def test_what_was_not_said_is_left_out() -> None:
    assert arguments(ONE, ONE.bound((1,), {"e": Model(a=2)})) == {"a": 1, "b": 1.0, "d": 0, "e": {"a": 2}}
    assert arguments(ONE, ONE.bound((1,), {"d": None}))["d"] is None


@pytest.mark.parametrize(
    ("method", "structured", "text", "answer"),
    [
        ("number", {"result": 5}, "5", 5),
        ("number", None, "5", 5),
        ("box", {"result": 5}, "", Box(result=5)),
        ("box", {"result": {"result": 6}}, "", Box(result=6)),
        ("text", None, "{}", "{}"),
        ("text", {"result": "{}"}, "", "{}"),
        ("nothing", {"result": 5}, "5", None),
    ],
)
def test_a_result_is_decoded_by_the_annotation(method: str, structured: Any, text: str, answer: Any) -> None:
    assert answered(BOXES[method], "tool", structured, text) == answer


@pytest.mark.parametrize(("structured", "text"), [({"result": "x"}, ""), ({}, ""), (None, "five")])
def test_a_result_that_does_not_fit_is_terminal(structured: Any, text: str) -> None:
    with pytest.raises(Terminal, match=r"Boxes\.number: tool answered what .*"):
        answered(BOXES["number"], "tool", structured, text)
