"""Tools: whether the parameters of a method are what the schema of a tool asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import PydanticSchemaGenerationError, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema

from fsm.chart import annotations as notes
from fsm.service.contract import Method


def misfits(method: Method, schema: Mapping[str, Any]) -> list[str]:
    """What keeps a method from calling a tool with this schema.

    What a schema says in more words than types, names and what is required is left to the server.
    """
    own = dict(list(method.signature.parameters.items())[1:])
    properties: Mapping[str, Any] = schema.get("properties", {})
    needed = schema.get("required", ())
    problems = [f"the tool needs {name!r}, which is no parameter" for name in needed if name not in own]
    for name, parameter in own.items():
        if name not in properties:
            if not schema.get("additionalProperties", False):
                problems.append(f"the tool takes no {name!r}; it takes {', '.join(properties) or 'nothing'}")
            continue
        if name in needed and parameter.default is None:
            problems.append(f"the tool needs {name!r}, which may be left out here; give it no default of None")
        kind = notes.resolve(parameter.annotation, notes.around(method.function, {}))
        ours, theirs = _kinds(_schema(kind)), _kinds(properties[name])
        if ours and theirs and not ours - {"null"} <= theirs | ({"integer"} if "number" in theirs else set()):
            problems.append(f"{name} is {' or '.join(sorted(ours))}, the tool takes {' or '.join(sorted(theirs))}")
    return problems


def _schema(kind: Any) -> Mapping[str, Any]:
    if kind is notes.UNKNOWN or kind is Any:
        return {}
    try:
        return TypeAdapter(kind).json_schema(mode="serialization")
    except (PydanticSchemaGenerationError, PydanticInvalidForJsonSchema):
        return {}


def _kinds(schema: Any) -> set[str]:
    """The JSON types that a schema allows; none where it does not say so plainly."""
    if not isinstance(schema, Mapping):
        return set()
    if isinstance(named := schema.get("type"), str):
        return {named}
    if isinstance(named, list):
        return set(named)
    parts = [_kinds(part) for part in schema.get("anyOf", ())]
    return set().union(*parts) if all(parts) else set()
