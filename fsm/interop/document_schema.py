"""The schema of a context class in the words of documents, where they can say all of it."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from fsm.chart.context import Context
from fsm.interop.document_fields import FieldForm, Fields

Data = dict[str, Any]


def fields_of(context: type[Context]) -> Data | None:
    """The fields of a context, such that a class made of them has the same schema; None where there are none such."""
    if _has_code(context):
        return None
    schema = context.model_json_schema()
    try:
        found = _plain(schema, schema.get("$defs", {}), 0)["properties"]
        forms = {name: FieldForm.model_validate(field) for name, field in found.items()}
    except (KeyError, RecursionError, ValidationError):
        return None
    problems: list[str] = []
    again = Fields(problems).context(context.__name__, forms, ("context",)).model_json_schema()
    same = _plain(again, again.get("$defs", {}), 0)["properties"] == found
    return found if same and not problems else None


def _has_code(context: type[Context]) -> bool:
    """Whether a context does more than hold fields, so that only its class itself can stand for it."""
    code = context.__pydantic_decorators__
    return any((code.validators, code.field_validators, code.root_validators, code.model_validators)) or any(
        (code.field_serializers, code.model_serializers, code.computed_fields)
    )


def _plain(schema: Any, definitions: Data, depth: int) -> Any:
    """A schema without references, titles and what documents do not need. Raises RecursionError, KeyError."""
    if depth > 30:
        raise RecursionError("a type that contains itself")
    if isinstance(schema, list):
        return [_plain(part, definitions, depth + 1) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        rest = {k: v for k, v in schema.items() if k != "$ref"}
        return _plain({**definitions[schema["$ref"].rpartition("/")[2]], **rest}, definitions, depth + 1)
    found = {k: v for k, v in schema.items() if k not in ("title", "required", "$defs")}
    if "properties" in found:  # the names below are fields, not keywords
        found["properties"] = {n: _plain(f, definitions, depth + 1) for n, f in found["properties"].items()}
        found.pop("additionalProperties", None)
    kinds = found.pop("anyOf", None)
    found = {k: v if k in ("default", "properties") else _plain(v, definitions, depth + 1) for k, v in found.items()}
    return found if kinds is None else {**_union([_plain(k, definitions, depth + 1) for k in kinds]), **found}


def _union(kinds: list[Data]) -> Data:
    """Several types as one field: their names in a list, the words of each beside it. Raises KeyError."""
    whole: Data = {"type": [kind["type"] for kind in kinds]}
    for kind in kinds:
        for word, value in kind.items():
            if word not in ("type", "description") and whole.setdefault(word, value) != value:
                raise KeyError(word)
    return whole
