"""The dialect: its short forms, and what excludes each other."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from fsm.interop.document_dialect import ActionForm, GuardForm, MachineForm, TransitionForm, TriggerForm, is_name


def test_a_transition_in_list_form_has_the_order_of_transitions() -> None:
    short = TransitionForm.model_validate(["go", "A", "B", "ready", None, ["first", "second"], "last"])
    long = {
        "trigger": "go",
        "source": "A",
        "dest": "B",
        "conditions": "ready",
        "before": ["first", "second"],
        "after": "last",
    }
    assert short == TransitionForm.model_validate(long)


def test_an_identifier_is_a_registered_name_and_every_other_text_an_expression() -> None:
    assert GuardForm.model_validate("ready").call == "ready"
    assert GuardForm.model_validate("ctx.a > 1").expr == "ctx.a > 1"
    assert not is_name("true")
    assert not is_name("a.b")


@pytest.mark.parametrize(
    ("form", "data", "said"),
    [
        (GuardForm, {}, "says nothing; give exactly one of call, expr, in_state, all, any, not"),
        (GuardForm, {"expr": "a", "not": "b"}, "has expr and not"),
        (GuardForm, {"all": []}, "at least 1 item"),
        (ActionForm, {"raise": "x", "send": "y"}, "has raise and send"),
        (ActionForm, {"raise": "x", "delay": "1s"}, "'delay' does not belong to 'raise'"),
        (ActionForm, {"cancel": "x", "data": 1}, "'data' does not belong to 'cancel'"),
        (TriggerForm, {"after": "1s", "always": True}, "has after and always"),
        (TriggerForm, [], "at least 1 item"),
        (TransitionForm, ["go"] * 8, "valid dictionary"),
        (MachineForm, {"name": "x", "version": True}, "valid string"),
        (MachineForm, {"name": "x", "context": 3}, "valid dictionary"),
    ],
)
def test_what_contradicts_itself_is_refused(form: Any, data: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        form.model_validate(data)


def test_a_version_may_be_a_number() -> None:
    assert MachineForm.model_validate({"name": "x", "version": 2}).version == "2"
