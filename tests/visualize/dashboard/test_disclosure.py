"""What of an instance's data is shown."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from pydantic import Field

from fsm import Context, Done, Event, Final, State, StateMachine, invoke, on
from visualize.dashboard.disclosure import Disclosure, schema_of
from visualize.dashboard.mask import MASKED

Hidden = Annotated[str, Field(json_schema_extra={"writeOnly": True})]


class Key(Context):
    value: Hidden = ""
    name: str = ""


class Ask(Event):
    pin: Hidden


class Vault(Protocol):
    async def open(self, pin: Hidden, name: str) -> Key: ...


class Safe(StateMachine[Key, Ask]):
    vault: Vault

    class Shut(State, initial=True): ...

    class Opening(State): ...

    class Open(Final): ...

    @on(Ask, Shut, to=Opening)
    def ask(self, ev: Ask) -> None: ...

    @invoke(Opening)
    async def open(self) -> Key:
        return await self.vault.open("1", "a")

    @open.done(to=Open)
    def keep(self, ev: Done[Key]) -> None: ...


shown = Disclosure(Safe.__chart__)
KEY = {"value": "s3cret", "name": "front door"}
SHOWN = {"value": MASKED, "name": "front door"}


def test_contexts_events_and_results_are_masked_by_their_models() -> None:
    assert shown.context(KEY) == SHOWN
    assert shown.payload("Ask", {"pin": "1234"}) == {"pin": MASKED}
    assert shown.payload("done.invoke.open", {"data": KEY, "source": "open"}) == {"data": SHOWN, "source": "open"}
    assert shown.payload("done.invoke.open", KEY) == SHOWN


def test_what_people_have_changed_is_masked_by_what_they_may_have_changed() -> None:
    said = {"by": "ann", "reason": "wrong key"}
    assert shown.payload("resolve", {**said, "context": KEY}) == {**said, "context": SHOWN}
    assert shown.payload("retry", {**said, "payload": {"pin": "1234"}}) == {**said, "payload": {"pin": MASKED}}
    assert shown.payload("retry", {**said, "payload": {"data": KEY}}) == {**said, "payload": {"data": SHOWN}}
    assert shown.payload("retry", {**said, "payload": KEY}) == {**said, "payload": SHOWN}
    assert shown.payload("retry", {**said, "context": {"value": None}}) == {**said, "context": {"value": None}}
    assert shown.payload("skip", said) == said


def test_calls_are_masked_by_their_contract() -> None:
    assert shown.arguments("vault.open", {"pin": "1234", "name": "a"}) == {"pin": MASKED, "name": "a"}
    assert shown.answer("vault.open", KEY) == SHOWN
    assert shown.answer("other.method", KEY) == KEY


def test_an_event_outside_of_the_alphabet_has_no_schema() -> None:
    assert shown.event_schema("Nothing") is None
    assert shown.payload("Nothing", {"a": 1}) == {"a": 1}


def test_a_type_without_a_schema_hides_nothing_and_breaks_nothing() -> None:
    assert schema_of(object()) == {}
    assert schema_of(None) == {}
    assert schema_of(list[int])["items"] == {"type": "integer"}
    value: Any = {"a": [1]}
    assert Disclosure(Safe.__chart__).output(value) == value
