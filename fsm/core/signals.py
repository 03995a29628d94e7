"""The codec of a machine made from data: its events are wire names with any JSON as payload."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

from fsm.chart.event import Event, Signal
from fsm.core.codec import SIGNAL_META, Codec
from fsm.errors import EventInvalid


class SignalCodec(Codec):
    """Encodes and decodes signals; contexts, results and outputs as every machine."""

    def decode_event(self, name: str, payload: str | bytes) -> Event:
        """A signal from its wire name and payload. Raises EventInvalid."""
        try:
            data = from_json(payload)
        except ValueError as problem:
            raise EventInvalid(
                f"{self.chart.name}: the payload of event {name!r} is not JSON: {problem}. Nothing was written.",
                event=name,
            ) from problem
        if isinstance(data, dict) and "$" in data:
            meta = data["$"] if isinstance(data["$"], dict) else {}
            return Signal(name=name, data=data.get("data"), **{k: str(meta.get(k, "")) for k in SIGNAL_META})
        return self.make_event(name, data)

    def make_event(self, name: str, payload: Any) -> Event:
        """A signal from its wire name and payload; an empty payload is none. Raises EventInvalid."""
        if not name or "(" in name:
            raise EventInvalid(f"{self.chart.name}: {name!r} is not the name of an event", event=name)
        return Signal(name=name, data=None if payload == {} else payload)

    def check_event(self, event: object) -> Event:
        """The event, when it is a signal. Raises EventInvalid."""
        if not isinstance(event, Signal):
            raise EventInvalid(
                f"{self.chart.name}: {event!r} is not an event of this machine, which was made from data; send a name"
                f" with a payload, or fsm.Signal(name=…, data=…)"
            )
        return event

    def failed(self, name: str, payload: str) -> Event:
        """The event of an invoke that failed; a child machine may have told it as class machines do."""
        event = self.decode_event(name, payload)
        assert isinstance(event, Signal)
        if isinstance(event.data, dict) and isinstance(event.data.get("error"), dict):
            return event.model_copy(update={"data": event.data["error"], "invoke": name.removeprefix("error.invoke.")})
        return event

    def restore_event(self, name: str, payload: str) -> Event:
        """Any event that the journal kept."""
        return self.decode_event(name or "start", payload)
