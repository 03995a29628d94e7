"""Context, events, output, services and reserved names of a machine."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import pytest

from fsm import Context, Event, Final, History, State, StateMachine, edge, guard, on, on_enter, output
from fsm.errors import DefinitionError
from tests.fsm.chart.elsewhere import Priced
from tests.fsm.chart.refusal import odd, refused


class Go(Event): ...


class Pay(Event): ...


class Data(Context):
    count: int = 0


class Receipt(Context):
    id: str = ""


class Payments(Protocol):
    async def charge(self, amount: int) -> Receipt: ...


# ---- types


@refused("Odd: StateMachine[int, …]: the context must be a subclass of fsm.Context")
def test_a_context_that_is_none() -> None:
    class Odd(StateMachine[odd(int), Go]):  # type: ignore[misc]
        class A(State, initial=True): ...


@refused("Odd: StateMachine[ForwardRef('Data'), …]", "write the class itself")
def test_a_context_as_text() -> None:
    class Odd(StateMachine[odd("Data"), Go]):  # type: ignore[misc]
        class A(State, initial=True): ...


@refused("Odd: StateMachine[…, Data]: every event must be a subclass of fsm.Event", "`Pay | Cancel`")
def test_a_context_among_the_events() -> None:
    class Odd(StateMachine[Data, odd(Go | Data)]):  # type: ignore[misc]
        class A(State, initial=True): ...


@refused("Odd: StateMachine[…, NoneType]: every event must be a subclass of fsm.Event")
def test_no_events() -> None:
    class Odd(StateMachine[Data, odd(None)]):  # type: ignore[misc]
        class A(State, initial=True): ...


def test_a_machine_without_parameters_has_an_empty_context_and_takes_every_event() -> None:
    class Fine(StateMachine):
        class A(State, initial=True): ...

        go = edge(Go, A)

    assert Fine.rehearse().send(Go()).transitions == ("go",)
    assert type(Fine.rehearse().ctx) is Context


C = TypeVar("C", bound=Context)
E = TypeVar("E", bound=Event)


class Pattern(StateMachine[C, E], Generic[C, E]):
    class A(State, initial=True): ...


class Turned(StateMachine[E, C], Generic[E, C]):  # type: ignore[type-var]
    class A(State, initial=True): ...


def test_parameters_are_seen_through_a_generic_base() -> None:
    class Fine(Pattern[Data, Go | Pay]): ...

    class Half(Pattern[C, Go | Pay], Generic[C]): ...

    class Whole(Half[Data]): ...

    class Further(Whole): ...

    for machine in (Fine, Whole, Further):
        assert machine.__chart__.context is Data
        assert set(machine.__chart__.events) == {Go, Pay}


# ---- services


def test_a_service_is_an_annotation_with_a_contract() -> None:
    class Fine(StateMachine[Data, Go]):
        payments: Payments

        class A(State, initial=True): ...

    (service,) = Fine.__chart__.services
    assert (service.name, service.contract, dict(service.returns)) == ("payments", Payments, {"charge": Receipt})


@refused("Odd: payments: its annotation 'Nowhere' cannot be resolved", "imported at run time")
def test_a_service_whose_contract_cannot_be_found() -> None:
    class Odd(StateMachine[Data, Go]):
        payments: Nowhere  # type: ignore[name-defined]  # noqa: F821

        class A(State, initial=True): ...


@refused("Odd: limit: int has no methods to call", "keep data in the context")
def test_data_as_a_service() -> None:
    class Odd(StateMachine[Data, Go]):
        limit: int

        class A(State, initial=True): ...


@refused("Odd: items: 'list[str]' is not a service contract", "keep data in the context")
def test_a_list_as_a_service() -> None:
    class Odd(StateMachine[Data, Go]):
        items: list[str]

        class A(State, initial=True): ...


@refused("Odd: more: Data has no methods to call", "keep data in the context")
def test_a_context_as_a_service() -> None:
    class Odd(StateMachine[Data, Go]):
        more: Data

        class A(State, initial=True): ...


@refused("Odd: payments: 'Payments | None' is not a service contract")
def test_an_optional_service() -> None:
    class Odd(StateMachine[Data, Go]):
        payments: Payments | None

        class A(State, initial=True): ...


@refused("Odd: payments: a service is injected, not assigned", "write `payments: Payments` alone")
def test_a_service_with_a_value() -> None:
    class Odd(StateMachine[Data, Go]):
        payments: Payments = odd(None)

        class A(State, initial=True): ...


class Plain(Protocol):
    def charge(self, amount: int) -> Receipt: ...


@refused("Odd: payments: Plain.charge is a plain def, but every call of a service is awaited", "`async def charge`")
def test_a_contract_with_a_plain_method() -> None:
    class Odd(StateMachine[Data, Go]):
        payments: Plain

        class A(State, initial=True): ...


class Unknown(Protocol):
    async def charge(self, amount: int) -> Nowhere: ...  # type: ignore[name-defined]  # noqa: F821


@refused("Odd: payments: what Unknown.charge returns, 'Nowhere', cannot be resolved", "import it at run time")
def test_a_contract_whose_answer_cannot_be_read_back() -> None:
    class Odd(StateMachine[Data, Go]):
        payments: Unknown

        class A(State, initial=True): ...


class Awaited(Protocol):
    def charge(self, amount: int) -> Awaitable[Receipt]: ...


class Untyped(Protocol):
    def charge(self, amount): ...  # type: ignore[no-untyped-def]


def test_a_contract_may_return_awaitables_or_say_nothing() -> None:
    class Fine(StateMachine[Data, Go]):
        awaited: Awaited
        untyped: Untyped

        class A(State, initial=True): ...

    assert Fine.__chart__.services[0].returns == {"charge": Receipt}


class Audited:
    audit: Payments


def test_a_mixin_may_ask_for_a_service() -> None:
    class Fine(Audited, StateMachine[Data, Go]):
        class A(State, initial=True): ...

    assert [s.name for s in Fine.__chart__.services] == ["audit"]


def test_a_subclass_inherits_services_and_may_ask_for_other_ones() -> None:
    class Base(StateMachine[Data, Go]):
        payments: Payments

        class A(State, initial=True): ...

    class More(Base):
        awaited: Awaited

    class Other(Base):
        payments: Awaited  # type: ignore[assignment]

    assert [s.name for s in More.__chart__.services] == ["payments", "awaited"]
    assert [s.contract for s in Other.__chart__.services] == [Awaited]


# ---- names


@pytest.mark.parametrize(
    "name", ["ctx", "id", "now", "random", "uuid", "raise_", "send", "spawn", "gather", "rehearse", "_scope"]
)
@pytest.mark.parametrize("kind", ["service", "handler", "state", "method", "edge", "constant", "property"])
def test_a_name_of_the_framework_is_refused_for_everything(name: str, kind: str) -> None:
    body = {
        "service": f"    {name}: Payments",
        "handler": f"    @on_enter(A)\n    def {name}(self): ...",
        "state": f"    class {name}(State): ...",
        "method": f"    def {name}(self): ...",
        "edge": f"    {name} = edge(Go, A)",
        "constant": f"    {name} = 5",
        "property": f"    @property\n    def {name}(self): ...",
    }[kind]
    text = f"class Odd(StateMachine[Data, Go]):\n    class A(State, initial=True): ...\n{body}\n"
    with pytest.raises(DefinitionError) as caught:
        exec(compile(text, "odd.py", "exec", dont_inherit=True), dict(globals()))
    lines = [p for p in caught.value.problems if f"{name!r} is a name of the framework (self.{name})" in p]
    assert len(lines) == 1
    assert "choose another" in lines[0]
    assert lines[0].startswith("odd.py:1: " if kind in ("service", "constant") else "odd.py:3: ") or kind == "property"


def test_everything_else_in_a_machine_body_is_legal() -> None:
    class Fine(StateMachine[Data, Go]):
        """Its docstring."""

        LIMIT = 5
        most: int = 7
        kinds: ClassVar[dict[str, int]] = {"a": 1}
        _private = 3
        _annotated: int = 4
        __hidden = 5

        class A(State, initial=True):
            """A docstring of a state."""

            note = "a constant of a state"

        class B(Final): ...

        class Inner(Context):
            depth: int = 1

        class Notice(Event):
            text: str = ""

        class Plain:
            value = 8

        @staticmethod
        def double(number: int) -> int:
            return number * 2

        @classmethod
        def title(cls) -> str:
            return cls.__name__

        @property
        def total(self) -> int:
            return self.LIMIT + self.most + self._private + self.kinds["a"]

        def helper(self, more: int, *, again: int = 1) -> int:
            return self.double(more) + again + self.Inner().depth + self.Plain.value + self.__hidden

        async def later(self) -> int:
            return 1

        @guard
        def unused(self) -> bool:
            return True

        @on(Go, A, to=B)
        async def go(self) -> None:
            self.ctx.count = self.helper(self.total) + await self.later()
            assert self.title() == "Fine"

        notice = edge(Notice, A)

        @output(B)
        def result(self) -> Inner:
            return self.Inner(depth=2)

    r = Fine.rehearse()
    assert r.send("Notice", text="x").transitions == ("notice",)
    r.send(Go())
    assert r.ctx.count == 2 * 16 + 1 + 1 + 8 + 5 + 1
    assert odd(r.output).depth == 2


@on_enter()
def outside(self: Any) -> None:
    """A declaration outside of every class does no harm."""


# ---- data of states


@refused("state A: its field tries has no default; give it one: every entry begins with it")
def test_a_field_of_a_state_without_a_default() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            tries: int


@refused("state A: its field tries: Nowhere cannot be resolved; import it at run time")
def test_a_field_of_a_state_of_an_unknown_type() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            tries: Nowhere = None  # type: ignore[name-defined]  # noqa: F821


@refused("state A: its fields cannot be data:", "tries", "give them types and defaults that JSON can carry")
def test_a_default_of_another_type() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            tries: int = odd("many")


@refused("state A: its fields cannot be data:", "give them types and defaults that JSON can carry")
def test_a_field_that_cannot_be_kept() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            inner: object = object()


@refused("state A.H: is never active and carries no data; take its fields away")
def test_data_of_a_history() -> None:
    class Odd(StateMachine[Data, Go]):
        class A(State, initial=True):
            class B(State, initial=True): ...

            class H(History):
                tries: int = 0


def test_constants_private_names_and_plain_attributes_of_a_state_are_no_data() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(State, initial=True):
            LIMIT: ClassVar[int] = 3
            _hidden: int = 0
            text = "plain"

    assert Fine.__chart__.nodes[1].data is None


def test_data_of_a_pattern_is_understood_where_it_stands() -> None:
    class Fine(StateMachine[Data, Go]):
        class A(Priced, initial=True):
            count: int = 1

    assert Fine.rehearse().snapshot().locals == {"A": {"price": {"cents": 5}, "count": 1}}


def test_a_default_can_be_overridden_without_its_annotation_and_the_annotation_without_its_default() -> None:
    class Base(State):
        tries: int = 0
        text: str = "base"

    class Fine(StateMachine[Data, Go]):
        class A(Base, initial=True):
            tries = 5
            text: str

    assert Fine.rehearse().snapshot().locals == {"A": {"tries": 5, "text": "base"}}
