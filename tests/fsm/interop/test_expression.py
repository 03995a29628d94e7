"""The expression language of documents."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, JsonValue

from fsm import Context, Event, Final, Signal, State, StateMachine, edge
from fsm.errors import ExpressionFailed
from fsm.interop.expression import Language, states_in


class Line(Context):
    name: str
    amount: int = 1


class Data(Context):
    total: int = 2
    price: float = 1.5
    names: list[str] = ["a"]
    kind: Literal["x", "y"] = "x"
    lines: list[Line] = [Line(name="book")]
    line: Line | None = None
    since: datetime | None = None
    bounded: Annotated[int, Field(ge=0)] = 1
    free: JsonValue = None


class Go(Event): ...


class M(StateMachine[Data]):
    class A(State, initial=True):
        class B(State, initial=True): ...

    class C(Final): ...

    go = edge(Go, A, to=C)


@pytest.fixture(scope="module")
def language() -> Language:
    return Language({name: field.annotation for name, field in Data.model_fields.items()})


@pytest.fixture(scope="module")
def self() -> Any:
    return M.rehearse()._session.handle


PAID = Signal(name="paid", data={"amount": 3, "by": {"name": "Ada"}, "list": [1, 2.5, None, True]})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ctx.total + event.data.amount", 5),
        ("ctx.price * double(event.data.amount)", 4.5),
        ("ctx.names + [event.data.by.name]", ["a", "Ada"]),
        ("ctx.lines[0].name + ctx.kind", "bookx"),
        ("{'n': ctx.names.map(n, n + '!'), 'e': event.name, 'i': id, 'p': parent}", None),
        ("event.data.list", [1, 2.5, None, True]),
        ("ctx.line == null && ctx.free == null", True),
        ("in_state('A.B') && in_state('A') && !in_state('C')", True),
        ("has(event.data.amount) && !has(event.data.zz)", True),
        ("string(now)", "2020-01-01T00:00:00Z"),
        ("ctx.bounded == 1 ? 'one' : 'many'", "one"),
        ("event.name.startsWith('pa')", True),
    ],
)
def test_an_expression_sees_context_event_and_states(language: Language, self: Any, text: str, value: Any) -> None:
    if value is None:
        value = {"n": ["a!"], "e": "paid", "i": "rehearsal", "p": ""}
    assert language.compile(text)(self, PAID) == value


def test_an_event_without_payload_has_no_fields(language: Language, self: Any) -> None:
    assert language.compile("has(event.data.amount)")(self, Signal(name="go")) is False


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ctx.totl", "column 4: no 'ctx.totl'; did you mean ctx.total?"),
        ("zz", "column 1: no 'zz'; there are ctx.total, "),
        ("ctx.total + 'a'", "no matching overload for '_+_' applied to '(int, string)'; convert with int"),
        ("ctx.total +", "column 12: Syntax error: mismatched input '<EOF>'; see cel.dev"),
        ("1 +\n 'a", "line 2, column 2"),
        ("(" * 60 + "1" + ")" * 60, "recursion limit exceeded"),
        ("'" + "a" * 200_000 + "'", "limit"),
        ("in_state(1)", "no matching overload for 'in_state'"),
        ("__import__('os')", "no '__import__'"),
    ],
)
def test_a_mistake_is_told_when_it_is_read(language: Language, text: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the text is what matters
        language.compile(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("event.data.zz", "Key not found in map"),
        ("ctx.total / 0", "divide by zero"),
        ("event.data.amount + 0.5", "No matching overloads"),
        ("ctx.names[7]", "index=7"),
        ("9223372036854775807 + ctx.total", "overflow"),
    ],
)
def test_an_expression_without_a_value_says_why(language: Language, self: Any, text: str, said: str) -> None:
    with pytest.raises(ExpressionFailed) as caught:
        language.compile(text)(self, PAID)
    assert said in str(caught.value)
    assert repr(text) in str(caught.value)


def test_an_expression_that_works_too_long_is_ended(language: Language, self: Any) -> None:
    many = Signal(name="many", data={"n": list(range(500))})
    text = "event.data.n.map(a, event.data.n.map(b, event.data.n.map(c, 1)))"
    with pytest.raises(ExpressionFailed, match="Iteration budget exceeded"):
        language.compile(text)(self, many)


@pytest.mark.parametrize(
    ("text", "annotation", "fits"),
    [
        ("ctx.total", int, True),
        ("ctx.total", float, True),
        ("ctx.price", int, False),
        ("ctx.names", list[str], True),
        ("[1]", list[str], False),
        ("[]", list[str], True),
        ("{'a': 1}", dict[str, int], True),
        ("{'a': 'b'}", dict[str, int], False),
        ("ctx.kind", str, True),
        ("event.data.x", int, True),
        ("ctx.total", str | None, True),
        ("now", datetime, True),
        ("[[1]]", list[list[str]], False),
    ],
)
def test_types_are_compared_as_far_as_they_are_known(
    language: Language, text: str, annotation: Any, fits: bool
) -> None:
    assert language.compile(text).fits(annotation) is fits


def test_states_are_found_outside_of_other_texts() -> None:
    assert states_in("in_state('A') && x != \"in_state('B')\" || in_state ( \"C.D\" )") == ["A", "C.D"]
