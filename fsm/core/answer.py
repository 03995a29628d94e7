"""Answers: what a turn gives to whoever asked the question that caused it, checked against the question's type."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from fsm.chart.declared import shown
from fsm.chart.event import Event, Question, wire_name
from fsm.core.live import Live
from fsm.errors import EventInvalid, HandlerMisuse, NotAnswered
from fsm.limits import EVENT_BYTES_MAX

R = TypeVar("R")


def take_answer(live: Live, event: Event) -> str | None:
    """What the turn on an event has answered, as JSON; None where it did not. Raises HandlerMisuse."""
    given, live.answers = live.answers, []
    if not given:
        return None
    where = f"{live.table.chart.name} {live.id!r}: self.reply({shown(given[0])})"
    if not isinstance(event, Question):
        raise HandlerMisuse(f"{where}: nobody asked, for {wire_name(event)!r} is no Question; send an event instead")
    if len(given) > 1:
        raise HandlerMisuse(f"{where} is the first of {len(given)} answers to one {wire_name(event)!r}; give one")
    adapter = _adapter(type(event))
    try:
        text = adapter.dump_json(given[0], warnings="error")
        adapter.validate_json(text)
    except (ValidationError, PydanticSerializationError, ValueError) as problem:
        raise HandlerMisuse(
            f"{where} does not fit {wire_name(event)!r}, which is answered with a {_name(type(event))}: {problem}"
        ) from problem
    if len(text) > EVENT_BYTES_MAX:
        raise HandlerMisuse(f"{where} is {len(text):,} bytes long, the limit is {EVENT_BYTES_MAX:,}; give a reference")
    return text.decode()


def checked_question(question: Question[R]) -> Question[R]:
    """The event, when it is one that wants an answer. Raises EventInvalid."""
    if not isinstance(question, Question):
        raise EventInvalid(f"{shown(question)} is no question; extend fsm.talking.Question, or send() it")
    return question


def answer_of(question: Question[R], event: str, answer: str | None) -> R:
    """The answer that the turn on a question gave; `event` is what the turn was about.

    Raises NotAnswered, and EventInvalid where the answer is to another event.
    """
    name = wire_name(question)
    if event != name:
        raise EventInvalid(f"the key belongs to an earlier {event!r}; ask {name!r} with a key of its own", event=name)
    if answer is None:
        raise NotAnswered(
            f"{name!r} was taken, and none of its handlers answered: the instance, or the edge, does not. Call"
            f" self.reply(…) in the handler of every edge that it may take.",
            event=name,
        )
    try:
        found: R = _adapter(type(question)).validate_json(answer)
    except ValidationError as problem:
        raise EventInvalid(
            f"the recorded answer to {name!r} is no {_name(type(question))} of this code: {problem}", event=name
        ) from problem
    return found


def _adapter(question: type[Event]) -> TypeAdapter[Any]:
    found = vars(question).get("__adapter__")
    if found is None:
        found = TypeAdapter(_type(question))
        type.__setattr__(question, "__adapter__", found)
    assert isinstance(found, TypeAdapter)
    return found


def _type(question: type[Event]) -> Any:
    generic = (getattr(base, "__pydantic_generic_metadata__", {}) for base in question.__mro__)
    return next((made["args"][0] for made in generic if made.get("origin") is Question), Any)


def _name(question: type[Event]) -> str:
    return str(getattr(_type(question), "__name__", _type(question)))
