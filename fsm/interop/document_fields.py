"""The context of a document: fields as JSON Schema describes them, made a pydantic class, and back."""

from __future__ import annotations

import json
import keyword
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, Strict, TypeAdapter, ValidationError, create_model

from fsm.chart.context import Context
from fsm.interop.document_form import Many, Short
from fsm.interop.document_text import path_of

Kind = Literal["string", "integer", "number", "boolean", "array", "object", "null"]


class FieldForm(Short):
    """A field of the context: `integer` alone, or an object in the words of JSON Schema."""

    type: Many[Kind] = []
    """Nothing at all stands for any JSON value."""
    default: Any = None
    """A field without one must be given when an instance is started."""
    enum: list[str | int | bool | None] | None = None
    format: Literal["date-time"] | None = None
    items: FieldForm | None = None
    properties: dict[str, FieldForm] | None = None
    additional_properties: FieldForm | None = Field(None, alias="additionalProperties")
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = Field(None, alias="exclusiveMinimum")
    exclusive_maximum: float | None = Field(None, alias="exclusiveMaximum")
    multiple_of: float | None = Field(None, alias="multipleOf", gt=0)
    min_length: int | None = Field(None, alias="minLength", ge=0)
    max_length: int | None = Field(None, alias="maxLength", ge=0)
    pattern: str | None = None
    min_items: int | None = Field(None, alias="minItems", ge=0)
    max_items: int | None = Field(None, alias="maxItems", ge=0)
    description: str = ""

    @classmethod
    def written_out(cls, value: Any) -> Any:
        """The name of a type alone."""
        return {"type": value} if isinstance(value, str) else value


BOUNDS = (
    ("minimum", "ge", ("integer", "number")),
    ("maximum", "le", ("integer", "number")),
    ("exclusive_minimum", "gt", ("integer", "number")),
    ("exclusive_maximum", "lt", ("integer", "number")),
    ("multiple_of", "multiple_of", ("integer", "number")),
    ("min_length", "min_length", ("string",)),
    ("max_length", "max_length", ("string",)),
    ("pattern", "pattern", ("string",)),
    ("min_items", "min_length", ("array",)),
    ("max_items", "max_length", ("array",)),
)
"""What bounds a value: our field, pydantic's, and the types that it is for."""


class Fields:
    """Makes classes of field forms; what is wrong goes to `problems`."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems

    def context(self, name: str, fields: dict[str, FieldForm], path: tuple[int | str, ...]) -> type[Context]:
        """The class of a context, or of an object inside one."""
        found: dict[str, Any] = {}
        for field, form in fields.items():
            if not self._named(field, (*path, field)):
                continue
            annotation = self.annotation(form, field, (*path, field))
            default = self._default(form, annotation, (*path, field))
            found[field] = (annotation, Field(default, description=form.description or None))
        return create_model(name, __base__=Context, **found)

    def annotation(self, form: FieldForm, name: str, path: tuple[int | str, ...]) -> Any:
        """The Python type of a field."""
        if form.enum is not None:
            return self._enum(form, path)
        for field, _, kinds in BOUNDS:
            if getattr(form, field) is not None and not set(kinds) & set(form.type):
                alias = FieldForm.model_fields[field].alias or field
                self._wrong((*path, alias), f"is for {' and '.join(kinds)} only; say so in type, or take it out")
        parts = [self._one(kind, form, name, path) for kind in form.type]
        if not parts:
            return JsonValue
        whole = parts[0]
        for part in parts[1:]:
            whole = whole | part
        return whole

    def _one(self, kind: Kind, form: FieldForm, name: str, path: tuple[int | str, ...]) -> Any:
        match kind:
            case "null":
                return None
            case "boolean":
                made: Any = bool
            case "array":
                inner = self.annotation(form.items, name, (*path, "items")) if form.items else JsonValue
                made = list[inner]  # type: ignore[valid-type]
            case "object" if form.properties is not None:
                made = self.context(name, form.properties, (*path, "properties"))
            case "object":
                more = form.additional_properties
                value = self.annotation(more, name, (*path, "additionalProperties")) if more else JsonValue
                made = dict[str, value]  # type: ignore[valid-type]
            case "string":
                made = datetime if form.format else str
            case "integer" | "number":
                made = int if kind == "integer" else float
        bounds: dict[str, Any] = {theirs: getattr(form, ours) for ours, theirs, kinds in BOUNDS if kind in kinds}
        bounds = {name: value for name, value in bounds.items() if value is not None}
        if kind == "integer":
            bounds = {n: int(v) for n, v in bounds.items() if v == int(v) or self._whole(n, v, path)}
        if made in (bool, int, float, str):
            made = Annotated[made, Strict()]
        return self._checked(Annotated[made, Field(**bounds)] if bounds else made, path)

    def _whole(self, bound: str, value: float, path: tuple[int | str, ...]) -> bool:
        self._wrong(path, f"its bound {value:g} is not a whole number, and it is an integer; write number")
        return False

    def _checked(self, made: Any, path: tuple[int | str, ...]) -> Any:
        try:
            TypeAdapter(made)
        except Exception as problem:  # whatever pydantic has against a bound is a mistake of the document
            self._wrong(path, f"cannot be a field: {' '.join(str(problem).split())[:200]}; mend or drop that bound")
            return JsonValue
        return made

    def _enum(self, form: FieldForm, path: tuple[int | str, ...]) -> Any:
        if not form.enum:
            self._wrong((*path, "enum"), "is empty; name the values that the field may have")
            return JsonValue
        return Literal[tuple(form.enum)]

    def _default(self, form: FieldForm, annotation: Any, path: tuple[int | str, ...]) -> Any:
        if "default" not in form.model_fields_set:
            return ...
        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        try:
            return adapter.validate_json(json.dumps(form.default))
        except ValidationError as problem:
            told = "; ".join(e["msg"] for e in problem.errors(include_url=False))
            self._wrong((*path, "default"), f"does not fit the field: {told}; write one that does")
            return None

    def _named(self, field: str, path: tuple[int | str, ...]) -> bool:
        taken = field.startswith(("_", "model_")) or keyword.iskeyword(field) or hasattr(Context, field)
        if field.isidentifier() and field.isascii() and not taken:
            return True
        self._wrong(path, "cannot be the name of a field; use letters, digits and _, and no word of Python or pydantic")
        return False

    def _wrong(self, path: tuple[int | str, ...], text: str) -> None:
        self.problems.append(f"{path_of(path)}: {text}")
