"""Documents are refused for what the engine would only find when it is too late, or never."""

from __future__ import annotations

import json
from typing import Any

import pytest
import zen

from fsm.decision.jdm import failure_of, mistakes_of, references, rows_of
from tests.fsm.decision.documents import ANSWER, ASK, EVERY, GRADE, OUTER, chain, node, table

KNOWN = {"grade": GRADE}


def mistakes(document: Any) -> list[str]:
    return list(mistakes_of(document, KNOWN, zen.compile_expression, zen.compile_unary_expression))


@pytest.mark.parametrize("document", [GRADE, EVERY, OUTER])
def test_correct_documents_have_no_mistakes(document: Any) -> None:
    assert mistakes(document) == []


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (chain(table({"s": "< < 3", "g": "1"})), "node Grade, row 1, column Score: '< < 3' is not an expression (Unex"),
        (chain(table({"x": "< 3", "g": "1"})), "node Grade, row 1, column Else: '< 3' is not an expression"),
        (chain(table({"s": "1", "g": "foo("})), "node Grade, row 1, output Grade: 'foo(' is not an expression"),
        (chain(table({"s": "1"}, inputField="a b")), "node Grade, input field: 'a b' is not an expression"),
        (chain(node("expressionNode", expressions=[{"id": "1", "key": "k", "value": "a +"}])), "Expressionnode, key k"),
        (
            chain(node("switchNode", statements=[{"id": "1", "condition": "a +"}])),
            "node Switchnode, statement 1: 'a +'",
        ),
        (chain(node("functionNode", source="1")), "node Functionnode runs JavaScript"),
        (chain(node("customNode", kind="x")), "node Customnode needs code of its own"),
        (chain(node("decisionNode", key="other")), "node Decisionnode refers to 'other'; there are grade"),
        ({"nodes": [ASK, ANSWER], "edges": []}, "no edge leads to node response; connect or remove it"),
        ({"nodes": [ASK], "edges": []}, "no edge leaves its input node; connect it"),
        ({"nodes": [ANSWER], "edges": []}, "it has not exactly one input node; begin with one"),
        ({"nodes": [ASK, ASK], "edges": []}, "two nodes have the same id; give each its own"),
        (
            {"nodes": [ASK], "edges": [{"id": "e", "sourceId": "ask", "targetId": "gone"}]},
            "edge ask → gone leads nowhere; there are nodes ask",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(document: Any, says: str) -> None:
    assert any(says in mistake for mistake in mistakes(document)), mistakes(document)


def test_the_engine_alone_takes_a_broken_cell_for_one_that_does_not_hold() -> None:
    broken = json.dumps(chain(table({"s": "< < 3", "g": "1"}, {"g": "2"})))
    assert zen.ZenEngine().create_decision(broken).evaluate({"score": 1})["result"] == {"grade": 2}


def test_documents_name_those_that_they_refer_to() -> None:
    assert (references(OUTER), references(GRADE)) == (["grade"], [])


def test_rows_are_read_from_a_trace_in_the_order_of_the_nodes() -> None:
    step = {"id": "grade", "name": "Grade", "order": 1, "traceData": {"index": 1}}
    inner = {"ask": {"id": "ask", "name": "request", "order": 0, "traceData": None}, "grade": step}
    assert list(rows_of(inner, GRADE, KNOWN)) == ["Grade:2"]
    assert list(rows_of({"grade": {**step, "traceData": [{"index": 0}, {"index": 2}]}}, GRADE, KNOWN)) == [
        "Grade:1",
        "Grade:3",
    ]
    outer = {"decisionNode": {"id": "decisionNode", "name": "Sub", "order": 1, "traceData": inner}}
    assert list(rows_of(outer, OUTER, KNOWN)) == ["Sub/Grade:2"]
    assert list(rows_of({"grade": {**step, "traceData": None}}, GRADE, KNOWN)) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"type":"NodeError","nodeId":"x","source":"no field"}\n\nStack backtrace:\n  0: main', "no field (node x)"),
        ('{"type":"cyclicGraph"}', "cyclicGraph"),
        ("Invalid JSON\n\nCaused by:\n    missing field `nodes`", "Invalid JSON: missing field `nodes`"),
        ("[1]", "[1]"),
    ],
)
def test_a_failure_of_the_engine_is_told_without_its_stack(text: str, told: str) -> None:
    assert failure_of(RuntimeError(text)) == told
