"""Disclosure: what of an instance's data the page shows; what its models mark as secret stays behind a mask."""

from __future__ import annotations

import json
import typing
from functools import cache, cached_property
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError

from fsm.chart.annotations import UNKNOWN, methods_of
from fsm.chart.chart import Chart
from fsm.chart.event import known_events
from fsm.ports.store import Loaded
from visualize.dashboard.mask import hidden, masked

Schema = dict[str, Any]


class Disclosure:
    """What one machine lets be seen: by the types of its context, events, answers and arguments."""

    def __init__(self, chart: Chart) -> None:
        """Schemas are made when they are first needed."""
        self._chart = chart
        self._of_type = cache(schema_of)

    def context(self, value: Any) -> Any:
        """A context."""
        return masked(value, self._of_type(self._chart.context))

    def secrets(self, loaded: Loaded) -> frozenset[str]:
        """What is secret in the context of an instance and in what waits for it: no text may say it."""
        context = json.loads(loaded.record.context)
        found = set(hidden(context, self.context(context)))
        for row in loaded.inbox:
            payload = json.loads(row.payload)
            found |= set(hidden(payload, self.payload(row.name, payload)))
        return frozenset(found)

    def output(self, value: Any) -> Any:
        """What the machine gave at its end."""
        return masked(value, self._of_type(self._chart.output)) if self._chart.output is not None else value

    def event_schema(self, event: str) -> Schema | None:
        """The JSON Schema of an event; None where its payload may be anything, or is no event of the alphabet."""
        found = None if self._chart.named else known_events(self._chart.events).get(event)
        return None if found is None else self._of_type(found)

    def payload(self, event: str, value: Any) -> Any:
        """The payload of an event; an answer of an invoke by what the invoke returns, what people have changed by what
        they may have changed."""
        if isinstance(value, dict) and "by" in value:
            changed = {"context": self.context, "payload": self._changed}
            value = {name: changed[name](part) if name in changed else part for name, part in value.items()}
        for invocation in self._chart.invokes:
            if event == f"done.invoke.{invocation.id}" and isinstance(value, dict) and "data" in value:
                return value | {"data": masked(value["data"], self._of_type(invocation.result))}
            if event == f"done.invoke.{invocation.id}":
                return masked(value, self._of_type(invocation.result))
        schema = self.event_schema(event)
        return value if schema is None else masked(value, schema)

    def _changed(self, patch: Any) -> Any:
        """A change of an event, or of an answer, that is not named: whatever is secret in any of them."""
        for event in () if self._chart.named else known_events(self._chart.events).values():
            patch = masked(patch, self._of_type(event))
        for invocation in self._chart.invokes:
            schema = self._of_type(invocation.result)
            patch = masked(patch, {"properties": {"data": schema}, "$defs": schema.get("$defs", {})})
            patch = masked(patch, schema)
        return patch

    def arguments(self, method: str, value: Any) -> Any:
        """The arguments of a service call, by the annotations of its contract."""
        types = self._parameters.get(method)
        if types is None or not isinstance(value, dict):
            return value
        return {name: masked(given, self._of_type(types.get(name))) for name, given in value.items()}

    def answer(self, method: str, value: Any) -> Any:
        """The answer of a service call."""
        name, _, function = method.partition(".")
        returned = (s.returns.get(function) for s in self._chart.services if s.name == name)
        return masked(value, self._of_type(next(returned, None)))

    @cached_property
    def _parameters(self) -> dict[str, dict[str, Any]]:
        return {
            f"{service.name}.{name}": _hints(function)
            for service in self._chart.services
            for name, function in methods_of(service.contract).items()
        }


def schema_of(annotation: Any) -> Schema:
    """The JSON Schema of a type; empty for one that has none.

    >>> schema_of(int)
    {'type': 'integer'}
    """
    if annotation is None or annotation is UNKNOWN:
        return {}
    try:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return annotation.model_json_schema()
        return TypeAdapter(annotation).json_schema()
    except (PydanticInvalidForJsonSchema, PydanticSchemaGenerationError, TypeError):
        return {}


def _hints(function: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError):
        return {}
