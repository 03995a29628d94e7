"""Annotations: resolved where they stand, also as text, also in functions, also in subclasses elsewhere."""

from typing import Annotated, Any, Protocol

import pytest
from typing_extensions import TypeAliasType

from fsm import Context, Done, Event, State, StateMachine, invoke, on
from fsm.chart import annotations as notes
from fsm.errors import DefinitionError
from tests.fsm.chart import future_annotations as future


class Pay(Event):
    """Another Pay than the one of the other module."""


class Receipt(Context):
    """Another Receipt, too."""

    number: int


class Payments:
    async def charge(self, amount: int) -> future.Receipt:
        return future.Receipt(id=str(amount))


def test_annotations_kept_as_text_are_resolved() -> None:
    r = future.Base.rehearse(services={future.Payments: Payments()})
    r.send(future.Pay(amount=3))
    assert r.settle().ctx.receipt == future.Receipt(id="3")


def test_names_of_a_function_around_the_class_are_known() -> None:
    machine, press = future.local()

    class Bells:
        async def ring(self, count: int) -> Any:
            return {"id": f"{count} times"}

    r = machine.rehearse(services={"bells": Bells()})
    r.send(press(count=2))
    r.settle()
    assert r.ctx.bill.id == "2 times"
    assert r.snapshot().context == r.ctx


def test_a_wrong_annotation_kept_as_text_is_found_in_a_function_too() -> None:
    with pytest.raises(DefinitionError, match="the action press expects Release, the edge gives Press"):
        future.wrong()


def test_a_subclass_in_another_module_keeps_what_its_base_understood() -> None:
    class Sub(future.Base):
        """This module has another Pay and another Receipt."""

    r = Sub.rehearse(services={"payments": Payments()})
    r.send(future.Pay(amount=4))
    assert r.settle().ctx.receipt == future.Receipt(id="4")


def test_a_subclass_in_a_function_with_other_names_keeps_what_its_base_understood() -> None:
    with pytest.raises(DefinitionError) as caught:
        future.extended()
    assert [p.split(": ", 1)[1] for p in caught.value.problems] == [
        "edge other: extended.<locals>.Pay and Pay have the same wire name 'Pay'; give one of them name="
    ]


def test_machines_without_text_annotations_can_be_made_in_functions() -> None:
    class Press(Event):
        count: int = 1

    class Bill(Context):
        id: str

    class Inner(Context):
        bill: Bill | None = None

    class Bells(Protocol):
        async def ring(self, count: int) -> Bill: ...

    class Fake:
        def ring(self, count: int) -> Bill:
            return Bill(id=str(count))

    class Local(StateMachine[Inner, Press]):
        bells: Bells

        class Off(State, initial=True): ...

        class On(State): ...

        @on(Press, Off, to=On)
        def press(self, ev: Press) -> None: ...

        @invoke(On)
        async def ring(self, ev: Press) -> Bill:
            return await self.bells.ring(ev.count)

        @ring.done(to=Off)
        def rung(self, ev: Done[Bill]) -> None:
            self.ctx.bill = ev.data

    r = Local.rehearse(services={Bells: Fake()})
    r.send("Press", count=5)
    assert r.settle().ctx == Inner(bill=Bill(id="5"))


Either = TypeAliasType("Either", int | str)


@pytest.mark.parametrize(
    ("expected", "given", "fits"),
    [
        (int, int, True),
        (int, bool, True),
        (bool, int, False),
        (int, str, False),
        (Any, str, True),
        (object, list[int], True),
        (int | None, int, True),
        (int, int | None, False),
        (int | str | None, int | None, True),
        (list[int], list[int], True),
        (list[int], list[str], False),
        (list[Any], list[str], True),
        (list, list[str], True),
        (dict[str, list[Any]], dict[str, list[int]], True),
        (Either, int, True),
        (Either, float, False),
        (Annotated[int, "euros"], int, True),
        (int, Annotated[str, "words"], False),
        (None, None, True),
        (int, notes.UNKNOWN, True),
    ],
)
def test_a_type_covers_another(expected: Any, given: Any, fits: bool) -> None:
    assert notes.covers(expected, given) is fits


def test_a_type_is_named_as_a_person_writes_it() -> None:
    assert notes.name_of(list[Receipt]) == "list[Receipt]"
    assert notes.name_of(int | None) == "int | None"
    assert notes.name_of(Done[int]) == "Done[int]"


def test_a_text_that_means_nothing_is_unknown() -> None:
    assert notes.resolve("Nowhere", {}) is notes.UNKNOWN
    assert notes.resolve("1 +", {}) is notes.UNKNOWN
