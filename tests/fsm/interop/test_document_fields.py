"""The fields of a context."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from fsm.chart.context import Context
from fsm.interop.document_fields import FieldForm, Fields


def made(fields: dict[str, Any]) -> tuple[type[Context], list[str]]:
    problems: list[str] = []
    forms = TypeAdapter(dict[str, FieldForm]).validate_python(fields)
    return Fields(problems).context("Data", forms, ("context",)), problems


def context(**fields: Any) -> type[Context]:
    found, problems = made(fields)
    assert not problems
    return found


def test_fields_have_their_types_and_defaults() -> None:
    data = context(
        text={"type": "string", "default": "x"},
        number={"type": "number", "default": 1},
        flag={"type": "boolean", "default": False},
        items={"type": "array", "items": "integer", "default": []},
        rows={"type": "object", "additionalProperties": "string", "default": {"a": "b"}},
        receipt={"type": ["object", "null"], "properties": {"id": "string"}, "default": None},
        when={"type": "string", "format": "date-time", "default": "2020-01-01T00:00:00Z"},
        kind={"enum": ["a", "b"], "default": "a"},
        whatever={"default": [1, {"a": None}]},
    )()
    assert data.model_dump() == {
        "text": "x",
        "number": 1.0,
        "flag": False,
        "items": [],
        "rows": {"a": "b"},
        "receipt": None,
        "when": datetime(2020, 1, 1, tzinfo=UTC),
        "kind": "a",
        "whatever": [1, {"a": None}],
    }


def test_two_instances_do_not_share_a_default() -> None:
    data = context(items={"type": "array", "default": []})
    first: Any = data()
    first.items.append(1)
    assert data().model_dump() == {"items": []}


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("integer", 3, "3"),
        ("string", "3", 3),
        ("number", 3, "3"),
        ({"type": "integer", "minimum": 1, "maximum": 3}, 3, 4),
        ({"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5}, 1.5, 0),
        ({"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^a"}, "ab", "ba"),
        ({"type": "array", "minItems": 1, "maxItems": 1}, [None], []),
        ({"type": ["string", "null"], "minLength": 1}, None, ""),
        ({"enum": ["a", 1, None]}, 1, 2),
        ({"type": "object", "properties": {"id": "string"}}, {"id": "a"}, {"ID": "a"}),
        ({"type": "array", "items": {"type": "array", "items": "boolean"}}, [[True]], [[1]]),
    ],
)
def test_a_value_is_held_against_its_field(field: Any, good: Any, bad: Any) -> None:
    data = context(value=field)
    data.model_validate({"value": good})
    with pytest.raises(ValidationError):
        data.model_validate({"value": bad})
    with pytest.raises(ValidationError):
        data.model_validate({})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"a": {"type": "string", "minimum": 1}}, "context.a.minimum: is for integer and number only"),
        ({"a": {"type": "integer", "minimum": 0.5}}, "context.a: its bound 0.5 is not a whole number"),
        ({"a": {"type": "integer", "default": "x"}}, "context.a.default: does not fit the field"),
        ({"a": {"type": "string", "pattern": "("}}, "context.a: cannot be a field"),
        ({"a": {"enum": []}}, "context.a.enum: is empty"),
        ({"copy": "integer"}, "context.copy: cannot be the name of a field"),
        ({"model_x": "integer"}, "cannot be the name"),
        ({"class": "integer"}, "cannot be the name"),
        ({"_a": "integer"}, "cannot be the name"),
        ({"a b": "integer"}, "cannot be the name"),
        ({"a": {"type": "array", "items": {"type": "object", "properties": {"1": "any"}}}}, ""),
    ],
)
def test_a_field_that_cannot_be_is_told(fields: dict[str, Any], said: str) -> None:
    try:
        _, problems = made(fields)
    except ValidationError as problem:
        problems = [str(problem)]
    assert said in "\n".join(problems)
    assert problems
