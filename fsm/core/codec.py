"""The codec of a machine: contexts, events, results and outputs as JSON and back.

Encoding checks: a value that does not fit its own type is refused, because it would be saved and fail only at restore.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json

from fsm.chart import annotations as notes
from fsm.chart.chart import TIMERS, Chart, Invocation
from fsm.chart.context import Context
from fsm.chart.event import ActionFailed, Completed, Done, Event, Failed, Signal, Started, known_events, wire_name
from fsm.core.occurrence import invoke_done
from fsm.errors import CallInvalid, ContextInvalid, EventInvalid, SnapshotCorrupted, UnknownEvent
from fsm.limits import CONTEXT_BYTES_MAX, EVENT_BYTES_MAX

SIGNAL_META = ("sendid", "origin", "invoke")
"""What a signal carries besides its payload; kept beside it, under `$`."""


class Codec:
    """Encodes and decodes what one machine carries."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self._results: dict[int, TypeAdapter[Any]] = {}
        self._output: TypeAdapter[Any] | None = None
        self.empty: bool = not chart.context.model_fields and not chart.context.model_computed_fields
        self._names: dict[str, type[Event]] = known_events(chart.events)
        self._bare = frozenset(e for e in self._names.values() if not (e.model_fields or e.model_computed_fields))
        """Events that carry nothing but their name."""

    # ---- contexts

    def encode_context(self, context: Context, before: bytes | None = None) -> bytes:
        """The context as JSON, checked against its type. Raises ContextInvalid."""
        if not isinstance(context, Context):
            raise ContextInvalid(
                f"{self.chart.name}: {context!r} is not a context; pass an instance of {self.chart.context.__name__}"
            )
        if self.empty and type(context) is self.chart.context:
            return b"{}"  # nothing that could be wrong
        try:
            data: bytes = context.__pydantic_serializer__.to_json(context, warnings="error")
        except (PydanticSerializationError, ValueError, TypeError) as problem:
            raise self._invalid(f"cannot be encoded: {_first_line(problem)}") from problem
        if len(data) > CONTEXT_BYTES_MAX:
            raise self._invalid(f"is {len(data):,} bytes long, the limit is {CONTEXT_BYTES_MAX:,}; keep a reference")
        if data != before:
            try:
                again = self.chart.context.__pydantic_validator__.validate_json(data)
            except ValidationError as problem:
                raise self._invalid(f"does not fit its type: {_problems(problem)}") from problem
            if type(again) is not type(context):
                raise self._invalid(f"is a {type(context).__name__}, its fields would be lost")
        return data

    def default_context(self) -> Context:
        """The context of a machine that is started without data. Raises ContextInvalid when it needs some."""
        context = self.chart.context
        try:
            made: Context = context()
            return made
        except ValidationError as problem:
            raise ContextInvalid(
                f"{self.chart.name} needs data to start with: {_problems(problem)}. Pass {context.__name__}(…)."
            ) from problem

    def decode_context(self, data: bytes | str) -> Any:
        """A context from JSON. Raises SnapshotCorrupted."""
        try:
            return self.chart.context.__pydantic_validator__.validate_json(data)
        except ValidationError as problem:
            raise SnapshotCorrupted(
                f"{self.chart.name}: the stored context does not fit {self.chart.context.__name__}:"
                f" {_problems(problem)}. Restore the row from a backup,"
                f" or give the class the fields that it was written with."
            ) from problem

    def _invalid(self, text: str) -> ContextInvalid:
        return ContextInvalid(
            f"{self.chart.name}: after the turn the context {self.chart.context.__name__} {text}."
            f" Nothing was changed; mend the handler that assigned it, then retry."
        )

    # ---- events

    def encode_event(self, event: Event) -> str:
        """The payload of an event as JSON. Raises EventInvalid."""
        if type(event) in self._bare:
            return "{}"
        name = wire_name(event)
        encode = event.__pydantic_serializer__.to_json
        try:
            data = signal_payload(event) if isinstance(event, Signal) else encode(event, warnings="error")
        except (PydanticSerializationError, ValueError, TypeError) as problem:
            raise EventInvalid(
                f"{self.chart.name}: event {name!r} cannot be encoded: {_first_line(problem)}."
                f" Give its fields types that JSON can carry.",
                event=name,
            ) from problem
        if len(data) > EVENT_BYTES_MAX:
            raise EventInvalid(
                f"{self.chart.name}: event {name!r} is {len(data):,} bytes long, the limit is {EVENT_BYTES_MAX:,}."
                f" Send a reference instead.",
                event=name,
            )
        return data.decode()

    def event_class(self, name: str) -> type[Event]:
        """The event class of a wire name. Raises UnknownEvent."""
        found = self._names.get(name) or known_events(self.chart.events).get(name)
        if found is None:
            known = ", ".join(sorted(known_events(self.chart.events))) or "none"
            raise UnknownEvent(f"{self.chart.name}: no event {name!r}. Events of this machine: {known}.", event=name)
        return found

    def decode_event(self, name: str, payload: str | bytes) -> Event:
        """An event from its wire name and payload. Raises UnknownEvent, EventInvalid."""
        found = self.event_class(name)
        try:
            return found.model_validate_json(payload)
        except ValidationError as problem:
            raise self._event_invalid(name, problem) from problem

    def make_event(self, name: str, payload: dict[str, Any]) -> Event:
        """An event from its wire name and fields. Raises UnknownEvent, EventInvalid."""
        found = self.event_class(name)
        try:
            return found(**payload)
        except ValidationError as problem:
            raise self._event_invalid(name, problem) from problem

    def check_event(self, event: object) -> Event:
        """The event, when it belongs to the machine's alphabet. Raises UnknownEvent, EventInvalid."""
        if not isinstance(event, Event):
            raise EventInvalid(
                f"{self.chart.name}: {event!r} is not an event; pass an instance of a subclass of fsm.Event"
            )
        if event.__system__ or not isinstance(event, self.chart.events):
            known = ", ".join(sorted(known_events(self.chart.events))) or "none"
            raise UnknownEvent(
                f"{self.chart.name}: event {wire_name(event)!r} is not in its alphabet. Events of this machine:"
                f" {known}.",
                event=wire_name(event),
            )
        return event

    def _event_invalid(self, name: str, problem: ValidationError) -> EventInvalid:
        return EventInvalid(
            f"{self.chart.name}: event {name!r} does not validate: {_problems(problem)}. Nothing was written.",
            event=name,
        )

    def restore_event(self, name: str, payload: str) -> Event:
        """Any event that the journal kept, system events included, as far as it can still be read."""
        data = from_json(payload)
        if isinstance(data, dict) and name.startswith(("done.invoke.", "done.state.")):
            return Completed(**data) if "by" in data else Done(**data)
        if isinstance(data, dict) and name.startswith("error.invoke."):
            return Failed(**data)
        if name == ActionFailed.__wire__:
            return ActionFailed(**data)
        if name in ("", "start") or name.startswith(TIMERS):
            return Started()
        return self.decode_event(name, payload)

    # ---- results of invokes

    def encode_result(self, invocation: Invocation, result: Any) -> str:
        """The result of an invoke as JSON. Raises CallInvalid."""
        try:
            return to_json(result).decode()
        except (PydanticSerializationError, ValueError) as problem:
            raise CallInvalid(
                f"{self.chart.name}: the result of invoke {invocation.name} cannot be encoded: {_first_line(problem)}"
            ) from problem

    def done(self, invocation: Invocation, payload: str, by: str = "") -> Event:
        """The event of an invoke, or a person, that answered, decoded by its annotation. Raises CallInvalid."""
        adapter = self._results.get(invocation.index)
        if adapter is None:
            known: Any = Any if invocation.result in (notes.UNKNOWN, None) else invocation.result
            adapter = self._results[invocation.index] = TypeAdapter(known)
        try:
            return invoke_done(self.chart, invocation, adapter.validate_json(payload), by)[1]
        except ValidationError as problem:
            raise CallInvalid(
                f"{self.chart.name}: the result of invoke {invocation.name} does not fit its annotation:"
                f" {_problems(problem)}"
            ) from problem

    def failed(self, name: str, payload: str) -> Event:
        """The event of an invoke that failed, as it was kept. Raises ValidationError."""
        return Failed.model_validate_json(payload)

    # ---- outputs

    def encode_output(self, output: Any) -> str:
        """The output of a machine as JSON, checked against its type. Raises ContextInvalid."""
        try:
            data = to_json(output).decode()
        except (PydanticSerializationError, ValueError) as problem:
            raise self._invalid(f"led to an output that cannot be encoded: {_first_line(problem)}") from problem
        try:
            self.decode_output(data if output is not None else None)
        except ValidationError as problem:
            raise self._invalid(f"led to an output that does not fit its type: {_problems(problem)}") from problem
        return data

    def decode_output(self, data: str | None) -> Any:
        """The output from JSON."""
        if data is None or data == "null":
            return None
        if self.chart.output is None:
            return from_json(data)
        if self._output is None:
            self._output = TypeAdapter(self.chart.output)
        return self._output.validate_json(data)


def event_payload(event: Event) -> str:
    """Any event as JSON for the journal, system events included."""
    if isinstance(event, Signal):
        return signal_payload(event).decode()
    if isinstance(event, (Done, Failed, ActionFailed)):
        return to_json(event, fallback=repr, serialize_unknown=True).decode()
    return json.dumps({}) if not type(event).model_fields else event.__pydantic_serializer__.to_json(event).decode()


def _problems(problem: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(part) for part in e['loc']) or 'value'}: {e['msg']}" for e in problem.errors(include_url=False)
    )


def _first_line(problem: Exception) -> str:
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return " ".join(lines[:2]) or type(problem).__name__


def signal_payload(event: Signal) -> bytes:
    """The payload of a signal as JSON."""
    meta = {k: v for k in SIGNAL_META if (v := getattr(event, k))}
    wrapped = meta or event.data == {} or (isinstance(event.data, dict) and "$" in event.data)
    return to_json({"$": meta, "data": event.data} if wrapped else {} if event.data is None else event.data)
