"""Tools: whether a method can call one, and what its result means to the method."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic import PydanticSchemaGenerationError, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic_core import to_jsonable_python

from fsm.chart import annotations as notes
from fsm.service import Terminal
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


def arguments(method: Method, values: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as a tool is given them: without those that are None as their parameter says by itself."""
    parameters = method.signature.parameters
    return {
        name: to_jsonable_python(value)
        for name, value in values.items()
        if value is not None or parameters[name].default is not None
    }


def answered(method: Method, tool: str, structured: Any, text: str) -> Any:
    """The structured result, or else the text, decoded by the contract's annotation. Raises Terminal."""
    if method.returns in (None, type(None)):
        return None
    try:
        if structured is None:
            return text if method.returns is str else method.decode(text)
        if isinstance(structured, dict) and set(structured) == {"result"}:  # how values that are no objects travel
            with suppress(ValueError):
                return method.fit(structured["result"])
        return method.fit(structured)
    except ValueError as problem:
        raise Terminal(f"{method.full}: {tool} answered what {problem}", data={"text": text[:1000]}) from problem


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
