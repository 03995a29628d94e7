"""A fan-out is checked when its class is made, and inherited like every invoke."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fsm import Context, Done, Failed, State, StateMachine, invoke
from fsm.errors import DefinitionError
from fsm.limits import ITEMS_AT_ONCE


class Data(Context):
    words: list[str] = ["a", "b"]


def wrong(declare: Callable[[], Any]) -> str:
    with pytest.raises(DefinitionError) as caught:
        declare()
    return str(caught.value)


def machine(**said: Any) -> Any:
    class Speaker(StateMachine[Data]):
        class Open(State, initial=True): ...

        def words(self) -> list[str]:
            return self.ctx.words

        @invoke(Open, **({"each": words} | said))
        async def say(self, word: str) -> str:
            return word

    return Speaker


def test_a_fan_out_knows_what_it_takes_and_what_it_gives() -> None:
    made = machine(limit=3, join=2).__chart__.invokes[0]
    assert (made.fan.item, made.fan.gives, made.fan.limit, made.fan.join, made.fan.keep) == (str, str, 3, 2, False)
    assert made.result == list[str]
    assert machine(join="any").__chart__.invokes[0].result is str
    assert machine(failures="keep").__chart__.invokes[0].result == list[Done[str] | Failed]
    assert machine().__chart__.invokes[0].fan.limit == ITEMS_AT_ONCE


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"limit": 0}, "limit=0 is not how many"),
        ({"limit": True}, "limit=True is not how many"),
        ({"limit": "8"}, "limit='8' is not how many"),
        ({"join": "some"}, "join='some'"),
        ({"join": 0}, "join=0"),
        ({"join": True}, "join=True"),
        ({"failures": "skip"}, "failures='skip'"),
        ({"failures": "keep", "join": "any"}, "goes with join='all' only"),
        ({"failures": "keep", "join": 2}, "goes with join='all' only"),
        ({"each": None, "limit": 3}, "say each= which"),
        ({"each": 5}, "5 is not a method"),
        ({"each": lambda self, ev: []}, "is to take (self) alone"),
        ({"each": lambda self, ev: [], "machine": machine()}, "each= and machine= at once"),
    ],
)
def test_what_is_said_wrongly_is_refused_with_its_fix(said: dict[str, Any], told: str) -> None:
    text = wrong(lambda: machine(**said))
    assert told in text
    assert "test_fanout.py:" in text


def test_a_method_that_takes_no_item_is_refused() -> None:
    def declare() -> None:
        class Speaker(StateMachine[Data]):
            class Open(State, initial=True): ...

            @invoke(Open, each=lambda self: [1])  # type: ignore[arg-type]
            async def say(self) -> None: ...

    assert "say takes no item; write it as (self, item)" in wrong(declare)


def test_items_of_another_type_than_the_method_takes_are_refused() -> None:
    def declare() -> None:
        class Speaker(StateMachine[Data]):
            class Open(State, initial=True): ...

            def words(self) -> list[str]:
                return []

            @invoke(Open, each=words)  # type: ignore[arg-type]
            async def say(self, number: int) -> None: ...

    assert "each=words gives items of str, the method takes int" in wrong(declare)


def test_a_list_that_has_to_be_waited_for_is_refused() -> None:
    async def words(self: Any) -> list[str]:
        return []

    assert "each=words is to take (self) alone, call nobody and return a list" in wrong(lambda: machine(each=words))


def test_a_decorator_without_a_method_is_refused() -> None:
    def declare() -> None:
        class Speaker(StateMachine[Data]):
            class Open(State, initial=True): ...

            say = invoke(Open, each=lambda self: [1])

    assert "decorates nothing" in wrong(declare)


def test_a_subclass_overrides_the_list_and_the_work_by_name() -> None:
    Speaker = machine(limit=5)

    class Loud(Speaker):  # type: ignore[misc,valid-type]
        def words(self) -> list[str]:
            return [*self.ctx.words, "c"]

    family = Loud.rehearse()
    family.resolve("say", ["x"])
    assert Loud.__chart__.invokes[0].fan.limit == 5
    assert Loud.rehearse().snapshot().invokes[0].items == '["a","b","c"]'


def test_a_fan_out_is_another_shape_than_a_single_work() -> None:
    class Speaker(StateMachine[Data]):
        class Open(State, initial=True): ...

        @invoke(Open)
        async def say(self) -> None: ...

    assert Speaker.__chart__.digest != machine().__chart__.digest


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ({}, "each of words, 8 at once"),
        ({"limit": 2, "join": "any"}, "each of words, 2 at once, first success"),
        ({"join": 3, "each": lambda self: []}, "each item, 8 at once, 3 successes"),
        ({"failures": "keep"}, "each of words, 8 at once, failures kept"),
    ],
)
def test_a_fan_out_says_how_it_runs(said: dict[str, Any], label: str) -> None:
    assert machine(**said).__chart__.invokes[0].fan.label == label


def test_what_documents_and_scxml_cannot_say_is_refused() -> None:
    from fsm.interop.scxml import write_scxml

    assert "say: runs for each item of a list" in wrong(lambda: machine().to_chart())
    assert "SCXML runs nothing for each item" in wrong(lambda: write_scxml(machine()))
