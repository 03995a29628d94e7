"""Conditions, values and actions of a document."""

from __future__ import annotations

from typing import Any

import pytest

from fsm.chart.guard import Guard
from fsm.interop.document_actions import Actions, unfit
from fsm.interop.document_dialect import ActionForm, GuardForm
from fsm.interop.document_registry import Registry

STATES = ("A", "A.B")


def find(name: str) -> str | None:
    return name if name in STATES else None


def actions() -> tuple[Actions, list[str]]:
    problems: list[str] = []
    registry = Registry({"ready": lambda self: True, "again": lambda self: False})
    fields: dict[str, Any] = {"total": int, "price": float, "names": list[str], "note": str | None}
    return Actions(registry, fields, lambda path, text: problems.append(f"{path}: {text}")), problems


def guard(wanted: list[Any], unwanted: list[Any] | None = None) -> tuple[Guard | None, list[str]]:
    made, problems = actions()
    forms = [GuardForm.model_validate(c) for c in wanted], [GuardForm.model_validate(c) for c in unwanted or []]
    return made.guard(*forms, "t", find), problems


@pytest.mark.parametrize(
    ("wanted", "unwanted", "label"),
    [
        (["ready"], [], "ready"),
        (["ready", "again"], ["again"], "ready and again and not again"),
        (["ctx.total > 1"], [], "ctx.total > 1"),
        (["ctx.total > 1 || ctx.total < 0", "ready"], [], "(ctx.total > 1 || ctx.total < 0) and ready"),
        ([{"expr": "ctx.total > 1", "label": "large"}, "ready"], [], "large and ready"),
        ([{"in_state": "A.B"}], [{"in_state": ["A", "A.B"]}], "in B and not in A or in B"),
        ([{"any": ["ready", {"all": ["again", {"not": "ready"}]}]}], [], "ready or again and not ready"),
        ([], ["ready"], "not ready"),
    ],
)
def test_conditions_become_guards_with_labels(wanted: list[Any], unwanted: list[Any], label: str) -> None:
    made, problems = guard(wanted, unwanted)
    assert not problems
    assert made is not None
    assert made.label == label


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("redy", "t.conditions[0]: no 'redy' is registered; did you mean 'ready'?"),
        ("ctx.totl > 1", "column 4: no 'ctx.totl'; did you mean ctx.total?"),
        ("ctx.total + 1", "'ctx.total + 1' gives INT, where bool is needed"),
        ("ctx.total > 1.5 &&", "Syntax error"),
        ("in_state('Z') || true", "in_state('Z'): there is no such state"),
        ({"in_state": "Z"}, "there is no state 'Z'"),
        ({"not": {"any": ["ready", "1 +"]}}, "t.conditions[0].not.any[1]: '1 +': column 4"),
    ],
)
def test_conditions_are_checked_before_anything_runs(condition: Any, said: str) -> None:
    assert said in "\n".join(guard([condition])[1])


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("redy", "a[0]: no 'redy' is registered"),
        ({"assign": {"totl": 1}}, "a[0].assign.totl: the context has no 'totl'; its fields are total, price"),
        ({"assign": {"total": "ctx.price"}}, "gives DOUBLE, INT is needed"),
        ({"assign": {"total": "'a'"}}, "gives STRING, INT is needed"),
        ({"assign": {"names": "[1]"}}, "gives LIST<INT>, LIST<STRING> is needed"),
        ({"assign": {"total": None}}, "None does not fit: Input should be a valid integer"),
        ({"assign": {"total": 1.5}}, "1.5 does not fit"),
        ({"raise": "a(b"}, "a[0].raise: 'a(b' cannot be the name of an event"),
        ({"send": "x", "delay": "soon"}, "a[0].delay: 'soon' is not a delay"),
        ({"send": "x", "to": "1 + 1"}, "a[0].to"),
        ({"send": "x", "data": {"a": ["1 +"]}}, "a[0].data.a[0]: '1 +': column 4"),
    ],
)
def test_actions_are_checked_before_anything_runs(action: Any, said: str) -> None:
    made, problems = actions()
    made.handlers([ActionForm.model_validate(action)], "a", find)
    assert said in "\n".join(problems)


def test_an_integer_may_be_put_where_a_number_is() -> None:
    made, problems = actions()
    form = ActionForm.model_validate({"assign": {"price": "ctx.total", "note": "'a'", "names": "[]", "total": 1}})
    (handler,) = made.handlers([form], "a", find)
    assert not problems
    assert handler.name == "assign price, note, names, total"


def test_names_of_events_are_checked() -> None:
    assert not unfit("order.paid")
    assert all(unfit(name) for name in ("", " a", "after:A#1", "a(b", "a\nb"))
