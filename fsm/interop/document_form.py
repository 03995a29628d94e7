"""A form: a part of a document as a pydantic model, its short forms written out before it is validated.

So every field has one type, and every error one path.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from fsm.chart.declared import shown
from fsm.interop.document_text import path_of

T = TypeVar("T")


class Form(BaseModel):
    """An object of a document; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_by_name=False)


class _OneOrMore:
    """A list, or its only element."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_listed, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        found = handler(schema)
        return {"anyOf": [found["items"], found]}


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [] if value is None else [value]


Many = Annotated[list[T], _OneOrMore()]
"""A list, written without its brackets where it has one element."""


class Short(Form):
    """A form with a short one: what is no object stands for one of its fields."""

    __short__: ClassVar[tuple[JsonSchemaValue, ...]] = ({"type": "string"},)
    """What the short form looks like."""

    @model_validator(mode="before")
    @classmethod
    def _written_out(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else cls.written_out(value)

    @classmethod
    def written_out(cls, value: Any) -> Any:
        """The object that a short form stands for; everything else as it is."""
        return {"name": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        found = handler(schema)
        long = handler.resolve_ref_schema(found)
        written = dict(long)
        long.clear()
        long["anyOf"] = [*cls.__short__, written]
        return found

    def only_one(self, *fields: str) -> str:
        """The one field of these that is given. Raises ValueError."""
        given = [f for f in fields if getattr(self, f) is not None]
        if len(given) == 1:
            return given[0]
        names = {f: type(self).model_fields[f].alias or f for f in fields}
        said = f"has {' and '.join(names[f] for f in given)}" if given else "says nothing"
        raise ValueError(f"{said}; give exactly one of {', '.join(names.values())}")


def problems_of(problem: ValidationError, known: Collection[str]) -> list[str]:
    """What is wrong with a document, each with its path and its fix; `known` are the fields that there are."""
    return [_told(error, known) for error in problem.errors(include_url=False)]


_FIXES: tuple[tuple[str, str], ...] = (
    ("string_type", "must be text; put it in quotes"),
    ("list_type", "must be a list; put it in [ ]"),
    ("dict_type", "must be an object of names and values"),
    ("model_type", "must be an object, or its short form"),
    ("bool_type", "must be true or false"),
    ("int_type", "must be a whole number"),
    ("too_long", "has too many elements; take some out"),
    ("too_short", "is empty; give it at least one element"),
)


def _told(error: ErrorDetails, known: Collection[str]) -> str:
    path = error["loc"][:1] + error["loc"][2:] if error["loc"][:1] == ("context",) else error["loc"]
    above, last = path[:-1], path[-1] if path else ""
    match error["type"]:
        case "missing":
            return _at(above, f"{last!r} is missing; add it")
        case "extra_forbidden":
            near = difflib.get_close_matches(str(last), known, 1)
            hint = f"did you mean {near[0]!r}?" if near else "docs/charts-as-data.md has all fields"
            return _at(above, f"there is no {last!r} here; {hint}")
        case "value_error":
            return _at(path, error["msg"].removeprefix("Value error, "))
        case kind:
            fix = dict(_FIXES).get(kind)
            return _at(path, f"{fix}, not {shown(error['input'])}" if fix else f"{error['msg']}; write that")


def _at(path: tuple[int | str, ...], text: str) -> str:
    return f"{path_of(path)}: {text}" if path else text
