"""Items of a fan-out: the list that a turn makes, and what is known of them while they run; pure."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json

from fsm.chart.chart import FanOut, Invocation
from fsm.core.codec import Codec
from fsm.core.live import Live
from fsm.core.turn import as_problem
from fsm.errors import CallInvalid, HandlerMisuse, ItemFailed, ItemsInvalid, TooFewSucceeded
from fsm.limits import ITEMS_BYTES_MAX, ITEMS_MAX

Part = tuple[int, str]
"""One piece of the work: its number, and what it is about as JSON."""


def items(live: Live, invocation: Invocation) -> str:
    """The items that an invoke is to run over, as a JSON list. Raises ItemsInvalid."""
    fan = invocation.fan
    assert fan is not None
    who = f"{live.table.chart.name} {live.id!r}: each={fan.each.name} of invoke {invocation.name} ({fan.each.where})"
    fix = f"Nothing was changed; mend {fan.each.name}, then retry."
    try:
        given = fan.each.call(live.begin_content(live.plan), None)
    except Exception as problem:
        raise ItemsInvalid(f"{who} raised {type(problem).__name__}: {problem}. {fix}") from problem
    if not isinstance(given, (list, tuple)):
        raise ItemsInvalid(f"{who} gave a {type(given).__name__}, not a list. {fix}")
    if len(given) > ITEMS_MAX:
        raise ItemsInvalid(f"{who} gave {len(given):,} items, the limit is {ITEMS_MAX:,}. {fix}")
    try:
        text = to_json(given)
        TypeAdapter(list[fan.item]).validate_json(text)  # type: ignore[name-defined]
    except (PydanticSerializationError, ValueError) as problem:
        raise ItemsInvalid(f"{who} gave items that {invocation.work.name} cannot take: {problem}. {fix}") from problem
    if len(text) > ITEMS_BYTES_MAX:
        raise ItemsInvalid(f"{who} gave {len(text):,} bytes, the limit is {ITEMS_BYTES_MAX:,}; pass references. {fix}")
    return text.decode()


def parts(text: str) -> list[Part]:
    """The items of a list, numbered."""
    return [(number, json.dumps(item)) for number, item in enumerate(from_json(text))]


class Kinds:
    """How the items of one fan-out and their results are read and written."""

    def __init__(self, fan: FanOut) -> None:
        self._item: TypeAdapter[Any] = TypeAdapter(fan.item)
        self._gives: TypeAdapter[Any] = TypeAdapter(fan.gives)

    def item(self, text: str) -> Any:
        """An item, by the annotation of the method that takes it."""
        return self._item.validate_json(text)

    def outcome(self, result: Any) -> str:
        """A result as it is recorded. Raises CallInvalid when it could not be read again."""
        try:
            text = to_json(result).decode()
            self._gives.validate_json(text)
        except (PydanticSerializationError, ValidationError, ValueError) as problem:
            raise CallInvalid(f"the result cannot be recorded: {problem}") from problem
        return f'{{"ok":{text}}}'


def check_unchanged(codec: Codec, context: Any, was: bytes, name: str) -> None:
    """Refuse work that changed its private copy of the context. Raises HandlerMisuse."""
    now = codec.encode_context(context, was)
    # equal contexts may be written in two ways, sets for example
    if now != was and now != codec.encode_context(codec.decode_context(was)):
        raise HandlerMisuse(
            f"invoke {name} changed its private copy of the context, which is thrown away; return the result and keep"
            f" it in a .done handler"
        )


def failed(problem: BaseException) -> str:
    """A failure as it is recorded."""
    return to_json({"error": as_problem(problem).model_dump()}, fallback=repr, serialize_unknown=True).decode()


class Tally:
    """What is known of the items of one fan-out: whether the rest need not run, and what all of it comes to."""

    def __init__(self, invocation: Invocation, count: int) -> None:
        fan = invocation.fan
        assert fan is not None
        self._name, self._fan, self._count = invocation.name, fan, count
        self._needed = fan.join if isinstance(fan.join, int) else 1 if fan.join == "any" else count
        self.outcomes: dict[int, str] = {}
        self._failed: dict[int, None] = {}

    def note(self, number: int, outcome: str) -> None:
        """An item has ended."""
        self.outcomes[number] = outcome
        if not outcome.startswith('{"ok"'):
            self._failed[number] = None

    @property
    def over(self) -> bool:
        """Whether nothing that could still come would change the result."""
        return len(self.outcomes) == self._count or (not self._fan.keep and (self._met or self._missed))

    @property
    def _met(self) -> bool:
        return len(self.outcomes) - len(self._failed) >= self._needed

    @property
    def _missed(self) -> bool:
        return self._count - len(self._failed) < self._needed

    def payload(self) -> str:
        """The answer of the invoke as JSON. Raises ItemFailed, TooFewSucceeded."""
        if self._fan.keep:
            return f"[{','.join(self._kept(n) for n in sorted(self.outcomes))}]"
        if not self._met:
            raise self._failure()
        good = [_result(self.outcomes[n]) for n in sorted(self.outcomes) if n not in self._failed]
        return good[0] if self._fan.join == "any" else f"[{','.join(good[: self._needed])}]"

    def _kept(self, number: int) -> str:
        outcome, source = self.outcomes[number], json.dumps(self._name)
        if number in self._failed:
            return f'{outcome[:-1]},"source":{source}}}'
        return f'{{"data":{_result(outcome)},"source":{source}}}'

    def _failure(self) -> Exception:
        told = [{"item": n, **json.loads(self.outcomes[n])["error"]} for n in self._failed]
        if self._fan.join == "all":
            return ItemFailed(**told[0])
        listed = "; ".join(f"item {t['item']}: {t['kind']}: {t['message']}" for t in told[:3])
        return TooFewSucceeded(
            f"{self._needed} of {self._count} items were to succeed, {len(told)} failed{': ' if told else ''}{listed}",
            told,
        )


def _result(outcome: str) -> str:
    return outcome.removeprefix('{"ok":')[:-1]
