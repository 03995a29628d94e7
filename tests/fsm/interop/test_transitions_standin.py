"""What the methods of a model meet when the machine is ours."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from transitions import Machine
from transitions.extensions import AsyncMachine, HierarchicalMachine

from fsm import Context, StateMachine
from fsm.errors import DefinitionError, NotAccepted, UnhandledError
from fsm.interop.transitions_standin import trigger_of


class Count(Context):
    count: int = 0


class Parent:
    def step(self) -> int:
        return 1


class Model(Parent):
    count = 0

    def step(self) -> int:
        return super().step() + 1

    def add(self) -> None:
        self.count += self.step()

    def spoil(self) -> None:
        self.other = 1


def made(model: Any, after: Any, context: type[Context] = Context) -> Any:
    """A rehearsal of a machine whose one transition calls something."""
    go = {"trigger": "go", "source": "a", "dest": "b", "after": after}
    settings = {"states": ["a", "b"], "transitions": [go, ["back", "b", "a"]], "initial": "a"}
    return StateMachine.from_transitions(settings, model=model, context=context).rehearse()


@pytest.mark.parametrize("model", [Model, Model()])
def test_fields_of_the_context_are_attributes_and_methods_work_as_ever(model: Any) -> None:
    rehearsal = made(model, "add", Count)
    rehearsal.send("go")
    assert rehearsal.ctx.count == 2
    assert model.count == 0


def test_with_a_context_other_attributes_are_not_written() -> None:
    rehearsal = made(Model(), ["add", "spoil"], Count)
    with pytest.raises(AttributeError, match="no field of the context"):
        rehearsal.send("go")
    assert rehearsal.ctx.count == 0


def test_without_a_context_attributes_are_those_of_the_object() -> None:
    model = Model()
    made(model, ["add", "spoil"]).send("go")
    assert (model.count, model.other) == (2, 1)
    with pytest.raises(AttributeError, match="no field of the context"):
        made(Model, "add").send("go")


def test_an_attribute_with_an_underscore_is_the_field_without() -> None:
    class Hidden:
        _count: int

        def add(self) -> None:
            self._count += 5

    rehearsal = made(Hidden(), "add", Count)
    rehearsal.send("go")
    assert rehearsal.ctx.count == 5


def test_a_model_that_cannot_be_extended_is_refused_when_the_class_is_made() -> None:
    class Closed:
        def __init_subclass__(cls) -> None:
            raise TypeError("no heirs")

    for model, told in ((Closed, "no heirs"), (True, "bool"), ({"a": 1}, "not safe")):
        with pytest.raises(DefinitionError, match=f"cannot be extended: .*{told}"):
            made(model, lambda: None)


def test_bound_methods_and_partials_of_them_get_the_stand_in() -> None:
    class Shop:
        total: int

        def add(self, more: int = 1) -> None:
            self.total += more

    class Sum(Context):
        total: int = 0

    shop = Shop()
    rehearsal = made(shop, [shop.add, partial(shop.add, 5), partial(shop.add, more=3)], Sum)
    rehearsal.send("go")
    assert rehearsal.ctx.total == 9


def test_a_trigger_of_the_original_model_is_one_of_the_instance() -> None:
    for kind in (Machine, HierarchicalMachine):
        model: Any = Parent()
        machine = kind(model, states=["a", "b", "c"], initial="a", transitions=[["go", "a", "b"], ["on", "b", "c"]])
        assert trigger_of(model.on) == "on"
        machine.get_transitions("go")[0].add_callback("after", model.on)
        assert StateMachine.from_transitions(machine).rehearse().send("go").configuration == {"c"}
        assert model.state == "a"


def test_names_of_triggers_are_callbacks() -> None:
    assert made(None, "back").send("go").configuration == {"a"}


def test_methods_of_the_context_are_callbacks() -> None:
    class Own(Context):
        count: int = 0

        def add(self) -> None:
            self.count += 1

    rehearsal = made(None, "add", Own)
    rehearsal.send("go")
    assert rehearsal.ctx.count == 1


def test_import_paths_are_callbacks() -> None:
    with pytest.raises(UnhandledError, match="math domain error"):
        made(None, "math.sqrt").send("go", **{"*": [-1]})


def test_a_model_says_where_it_is_and_what_it_may() -> None:
    told: list[Any] = []

    class Teller:
        def tell(self) -> None:
            self.count = 1
            told.append([self.state, self.is_a(), self.is_b(), self.may_go(), self.may_back(), self.state])  # type: ignore[attr-defined]

    made(Teller(), "tell").send("go")
    assert told == [["b", False, True, False, True, "b"]]


def test_unknown_events_and_attributes_are_told() -> None:
    class Wrong:
        def unknown(self) -> None:
            self.trigger("gone")  # type: ignore[attr-defined]

        def missing(self) -> None:
            self.price  # type: ignore[attr-defined]  # noqa: B018

        def moved(self) -> None:
            self.state = "a"

    for name, told in (
        ("unknown", "no event 'gone'; its events are go, back"),
        ("missing", "context= with this field"),
    ):
        with pytest.raises((UnhandledError, AttributeError), match=told):
            made(Wrong(), name).send("go")
    with pytest.raises(UnhandledError, match="AttributeError"):
        made(Wrong(), "moved").send("go")


def test_other_separators_are_spelt_as_transitions_does() -> None:
    class Dotted(HierarchicalMachine):
        state_cls: Any = type("Dot", (HierarchicalMachine.state_cls,), {"separator": "."})

    class Walker:
        def walk(self) -> None:
            if self.is_b.s1():  # type: ignore[attr-defined]
                self.to_b.x()  # type: ignore[attr-defined]

    machine = Dotted(
        Walker(),
        states=["a", {"name": "b", "children": ["1", "x"], "initial": "1"}],
        initial="a",
        transitions=[{"trigger": "go", "source": "a", "dest": "b", "after": "walk"}],
    )
    assert StateMachine.from_transitions(machine).rehearse().send("go").configuration == {"b.x"}


def test_a_name_of_the_model_is_not_taken_away() -> None:
    class Own:
        def go(self) -> str:
            return "mine"

        def check(self) -> None:
            assert self.go() == "mine"

    assert made(Own(), "check").send("go").configuration == {"b"}


def test_asynchronous_callbacks_await_triggers() -> None:
    class Later:
        async def on(self) -> None:
            if await self.may_back():  # type: ignore[attr-defined]
                await self.back()  # type: ignore[attr-defined]

    machine = AsyncMachine(
        Later(),
        states=["a", "b"],
        initial="a",
        transitions=[{"trigger": "go", "source": "a", "dest": "b", "after": "on"}, ["back", "b", "a"]],
    )
    assert StateMachine.from_transitions(machine).rehearse().send("go").configuration == {"a"}


def test_a_trigger_that_no_state_takes_then_is_let_go() -> None:
    rehearsal = made(None, "go")
    assert rehearsal.send("go").configuration == {"b"}
    with pytest.raises(NotAccepted):
        rehearsal.send("go")
