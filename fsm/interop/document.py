"""Charts as data: machines that documents describe, read, written and explained by a schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from fsm.chart.machine import Machine
from fsm.chart.sketch import machine_of
from fsm.errors import DefinitionError
from fsm.interop.document_check import problems_of_chart
from fsm.interop.document_dialect import FIELDS, MachineForm
from fsm.interop.document_form import problems_of
from fsm.interop.document_reader import Reader
from fsm.interop.document_registry import Registry
from fsm.interop.document_text import document_of
from fsm.interop.document_writer import written

M = TypeVar("M", bound=Machine[Any, Any, Any])


def read_document(source: object, registry: Mapping[str, Any], origin: type[M]) -> type[M]:
    """The machine class that a document describes; its names are looked up in the registry.

    Raises DefinitionError with everything that is wrong, MissingExtra when it has expressions and CEL is missing.
    """
    data = document_of(source)
    try:
        form = MachineForm.model_validate(data)
    except ValidationError as problem:
        name = data.get("name")
        raise DefinitionError(name if isinstance(name, str) else "document", problems_of(problem, FIELDS)) from None
    reader = Reader(form, Registry(registry))
    sketch, problems = reader.read(), reader.places.problems
    try:
        machine = machine_of(sketch, origin, __document__=_text(data))
    except DefinitionError as problem:
        raise DefinitionError(form.name, [*problems, *problem.problems]) from None
    except ValueError as problem:  # a class cannot have this name
        raise DefinitionError(form.name, problems or [f"name: {problem}; write another"]) from None
    problems += problems_of_chart(machine.__chart__, reader.places.where, whole=not problems)
    if problems:
        raise DefinitionError(form.name, problems)
    return machine


def write_document(machine: type[Machine[Any, Any, Any]]) -> dict[str, Any]:
    """The document of a machine: the one that it was made from, else its chart in our dialect.

    Raises DefinitionError with everything of a class that a document cannot say.
    """
    given = machine.__document__
    found: dict[str, Any] = json.loads(given) if given else written(machine.__chart__)
    return found


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def document_schema() -> dict[str, Any]:
    """The JSON Schema of documents."""
    schema = TypeAdapter(MachineForm).json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
