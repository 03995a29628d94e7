"""A mask: what is marked as secret in a model is not shown.

Fields are marked with the keyword `writeOnly` of JSON Schema, as pydantic does it for its SecretStr by itself:

    class Account(Context):
        iban: str = Field(json_schema_extra={"writeOnly": True})
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MASKED = "••••••"


def masked(value: Any, schema: Mapping[str, Any]) -> Any:
    """The value without what its schema marks; a value of any other shape is left as it is.

    >>> masked({"a": 1, "b": 2}, {"properties": {"b": {"writeOnly": True}}})
    {'a': 1, 'b': '••••••'}
    """
    return _masked(value, schema, schema.get("$defs", {}))


def _masked(value: Any, schema: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    ways = _ways(schema, known)
    if any(way.get("writeOnly") or way.get("format") == "password" for way in ways):
        return None if value is None else MASKED
    for way in ways:
        if isinstance(value, dict):
            properties, rest = way.get("properties", {}), way.get("additionalProperties")
            value = {
                k: _masked(v, properties.get(k, rest if isinstance(rest, dict) else {}), known)
                for k, v in value.items()
            }
        elif isinstance(value, list):
            first, rest = way.get("prefixItems", []), way.get("items")
            schemas = [*first, *[rest if isinstance(rest, dict) else {}] * len(value)]
            value = [_masked(v, s, known) for v, s in zip(value, schemas, strict=False)]
    return value


def _ways(schema: Mapping[str, Any], known: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The schema with all that it refers to: what one of them hides is hidden."""
    found: list[Mapping[str, Any]] = []
    waiting = [schema]
    while waiting:
        one = waiting.pop()
        if any(one is earlier for earlier in found):
            continue
        found.append(one)
        reference = str(one.get("$ref", "")).rpartition("/")[2]
        waiting += [known[reference]] if reference in known else []
        waiting += [way for word in ("anyOf", "oneOf", "allOf") for way in one.get(word, ())]
    return found
