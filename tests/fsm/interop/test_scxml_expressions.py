"""Expressions while a document is read."""

from __future__ import annotations

import pytest

from fsm.chart.guard import Predicate
from fsm.errors import DefinitionError
from fsm.interop.scxml_expressions import Expressions, WrittenGuard
from fsm.interop.scxml_tree import parse
from tests.scxml.language import Conformance

SEND = parse('<send\nevent="e" targetexpr="Var1" cond="nonsense"/>')


def test_without_an_evaluator_every_expression_is_a_problem() -> None:
    reading = Expressions(None, None)
    reading.value(SEND, "targetexpr")
    reading.deed(SEND)
    assert [text for _, text in reading.problems] == [
        "line 1, <send>: targetexpr='Var1' needs an expression language, and none is built in; pass evaluator=",
        "line 1, <send>: it needs an expression language, and none is built in; pass evaluator=",
    ]


def test_what_the_evaluator_refuses_is_a_problem_with_its_words() -> None:
    reading = Expressions(Conformance(), None)
    assert reading.guard(SEND) is not None
    with pytest.raises(DefinitionError, match=r"cond='nonsense' cannot be read by the evaluator: 'nonsense' is not a"):
        reading.finish("test")


def test_a_condition_of_the_evaluator_is_a_guard_with_its_text() -> None:
    reading = Expressions(Conformance(), None)
    guard = reading.guard(parse("<if cond='isBound 1'/>"))
    assert isinstance(guard, Predicate)
    assert isinstance(guard.function, WrittenGuard)
    assert guard.label == guard.function.text == "isBound 1"
    assert reading.guard(parse("<if/>")) is None


def test_the_states_that_conditions_ask_for_are_kept() -> None:
    reading = Expressions(None, None)
    reading.guard(parse("<if cond=\"In('a') || !In('b')\"/>"))
    assert [state for _, state in reading.asked] == ["a", "b"]


def test_other_documents_come_through_load() -> None:
    assert Expressions(None, {"a": "text"}.__getitem__).loaded(SEND, "a") == "text"
    nothing: dict[str, str] = {}
    for load, told in (
        (None, "pass load=, a function from address to text"),
        (nothing.__getitem__, "mend the address"),
    ):
        reading = Expressions(None, load)
        assert reading.loaded(SEND, "b") == ""
        assert told in reading.problems[0][1]


def test_problems_are_told_in_document_order() -> None:
    reading = Expressions(None, None)
    root = parse("<a>\n<b/>\n</a>")
    reading.problem(next(root.each()), "second")
    reading.problem(root, "first")
    with pytest.raises(DefinitionError) as told:
        reading.finish("x")
    assert told.value.problems == ("line 1, <a>: first", "line 2, <b>: second")
