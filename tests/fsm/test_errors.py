"""The tree of errors: drawn as it is, each one exported by its module and caught by its root."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from fsm import FsmError, errors

CLASSES = {n: c for n, c in vars(errors).items() if inspect.isclass(c) and issubclass(c, FsmError)}
PAGE = Path(__file__).parents[2] / "docs" / "errors.md"
DRAWN = re.findall(r"^([│ ]*)[├└]── (\w+)", PAGE.read_text(), re.M)


def test_every_error_is_drawn_and_every_drawn_error_exists() -> None:
    assert {name for _, name in DRAWN} == set(CLASSES) - {"FsmError"}


def test_the_drawing_shows_who_extends_whom() -> None:
    above: dict[int, str] = {-1: "FsmError"}
    for indent, name in DRAWN:
        depth = len(indent) // 4
        above[depth] = name
        assert issubclass(CLASSES.get(name, FsmError), CLASSES[above[depth - 1]]) or name not in CLASSES, name


@pytest.mark.parametrize("name", CLASSES)
def test_every_error_says_what_it_means(name: str) -> None:
    assert (CLASSES[name].__doc__ or "").strip().endswith((".", ";"))


def test_errors_that_python_has_a_kind_for_are_of_that_kind() -> None:
    kinds = {
        "DefinitionError": TypeError,
        "EventInvalid": ValueError,
        "InstanceUnknown": LookupError,
        "HandlerMisuse": AttributeError,
        "ServiceMissing": LookupError,
        "PolicyInvalid": ValueError,
        "NothingPending": LookupError,
        "WaitTimeout": TimeoutError,
        "MissingExtra": ImportError,
    }
    for name, kind in kinds.items():
        assert issubclass(CLASSES[name], kind)


def test_a_definition_error_counts_and_lists_its_problems() -> None:
    one = errors.DefinitionError("Order", ["a.py:1: edge x: wrong; mend it"])
    assert str(one) == "Order: 1 mistake in the definition.\n  - a.py:1: edge x: wrong; mend it"
    two = errors.DefinitionError("Order", ["first", "second"])
    assert (two.machine, two.problems) == ("Order", ("first", "second"))
    assert str(two).startswith("Order: 2 mistakes in the definition.")


def test_errors_carry_typed_fields() -> None:
    refused = errors.Refused("no", event="Pay", instance="A-1")
    assert (refused.event, refused.instance) == ("Pay", "A-1")
    policy = errors.PolicyInvalid("call(…)", ["one", "two"])
    assert (policy.problems, str(policy)) == (("one", "two"), "call(…): one; two")
    parked = errors.InstanceParked("no", instance="A-1", incident="i")
    assert (parked.instance, parked.incident) == ("A-1", "i")
    unhandled = errors.UnhandledError("no", kind="ValueError", detail="x")
    assert (unhandled.kind, unhandled.detail) == ("ValueError", "x")
    failed = errors.CallFailed("payments", "charge", "Declined", "no money", {"left": 3})
    assert str(failed) == "payments.charge failed with Declined: no money"
    assert failed.data == {"left": 3}
    missing = errors.MissingExtra("dot", "No renderer.")
    assert str(missing) == "No renderer. Install it with: pip install 'dynamic-orchestrator[dot]'"
