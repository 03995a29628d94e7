"""A mask: what is marked as secret in a model is not shown.

Fields are marked with the keyword `writeOnly` of JSON Schema, as pydantic does it for its SecretStr by itself:

    class Account(Context):
        iban: str = Field(json_schema_extra={"writeOnly": True})
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

MASKED = "••••••"
BEFORE = f"{MASKED} before"
HIDDEN_MIN = 4


def masked(value: Any, schema: Mapping[str, Any]) -> Any:
    """The value without what its schema marks; a value of any other shape is left as it is.

    >>> masked({"a": 1, "b": 2}, {"properties": {"b": {"writeOnly": True}}})
    {'a': 1, 'b': '••••••'}
    """
    return _masked(value, schema, schema.get("$defs", {}))


def hidden(value: Any, shown: Any) -> Iterator[str]:
    """The texts of a value that a mask has hidden; those of fewer than four characters would say nothing.

    >>> list(hidden({"a": 1, "b": "4111-1111"}, {"a": 1, "b": "••••••"}))
    ['4111-1111']
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from hidden(inner, shown[key] if isinstance(shown, dict) else shown)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from hidden(inner, shown[number] if isinstance(shown, list) else shown)
    elif shown == MASKED and value != MASKED and len(str(value)) >= HIDDEN_MIN:
        yield str(value)


def replaced(shown: Any, value: Any, later: Any) -> Any:
    """What is shown of a value, where a mask that hides another value later is told apart from it.

    >>> replaced({"a": 1, "b": "••••••"}, {"a": 1, "b": "4111"}, {"a": 2, "b": "5500"})
    {'a': 1, 'b': '•••••• before'}
    """
    if shown == MASKED:
        return shown if value == later else BEFORE
    if isinstance(shown, dict):
        after = later if isinstance(later, dict) else {}
        return {key: replaced(inner, value[key], after.get(key, value[key])) for key, inner in shown.items()}
    if isinstance(shown, list):
        after = dict(enumerate(later)) if isinstance(later, list) else {}
        return [replaced(inner, value[n], after.get(n, value[n])) for n, inner in enumerate(shown)]
    return shown


def without(text: str, secrets: Iterable[str]) -> str:
    """A text in which secrets are masked.

    >>> without("card 4111-1111 was refused", ["4111-1111"])
    'card •••••• was refused'
    """
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASKED)
    return text


def told(value: Any, secrets: Collection[str]) -> Any:
    """A value of no known type, in whose texts secrets are masked."""
    match value:
        case str():
            return without(value, secrets)
        case dict():
            return {key: told(inner, secrets) for key, inner in value.items()}
        case list():
            return [told(inner, secrets) for inner in value]
        case _:
            return MASKED if str(value) in secrets else value


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
