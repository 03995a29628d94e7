"""Executable content."""

from __future__ import annotations

import logging

import pytest

from fsm.errors import DefinitionError
from fsm.interop.scxml import read_scxml
from tests.scxml.language import Conformance

HEAD = '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0">'
DATA = '<datamodel><data id="Var1" expr="0"/><data id="Var2" expr="[1, 2, 3]"/></datamodel>'


def after(content: str, *, entered: str = "") -> dict[str, object]:
    """The data after some content."""
    text = f"{HEAD}{DATA}<state id='s'><onentry>{content}</onentry>{entered}</state></scxml>"
    return read_scxml(text, Conformance()).rehearse().ctx.data


@pytest.mark.parametrize(
    ("condition", "value"),
    [("<if cond='idVal 1=0'>", 1), ("<if cond='idVal 1=5'>", 3), ("<if cond=\"In('t')\">", 3)],
)
def test_the_first_branch_that_holds_is_run(condition: str, value: int) -> None:
    inner = "<assign location='Var1' expr='1'/><elseif cond='false'/><assign location='Var1' expr='2'/><else/>"
    text = f"{condition}{inner}<assign location='Var1' expr='3'/></if>"
    assert after(text, entered="<state id='t'/>")["Var1"] == value


def test_an_if_without_a_branch_that_holds_does_nothing() -> None:
    assert after("<if cond='false'><assign location='Var1' expr='1'/></if>")["Var1"] == 0


def test_foreach_goes_over_a_copy_and_declares_its_variables() -> None:
    inner = "<assign location='Var2' expr='sum Var2 [9]'/><assign location='Var1' expr='sum Var1 Var3'/>"
    found = after(f"<foreach array='Var2' item='Var3' index='Var4'>{inner}</foreach>")
    assert found == {"Var1": 6, "Var2": [1, 2, 3, 9, 9, 9], "Var3": 3, "Var4": 2}


def test_foreach_over_something_else_is_an_error() -> None:
    text = f"{HEAD}{DATA}<state id='s'><onentry><foreach array='Var1' item='Var3'/></onentry>"
    text += "<transition event='error.execution' target='e'/></state><state id='e'/></scxml>"
    assert read_scxml(text, Conformance()).rehearse().configuration == {"e"}


def test_assign_takes_what_stands_inside() -> None:
    assert after("<assign location='Var1'>{\"a\": [1]}</assign>")["Var1"] == {"a": [1]}
    assert after("<assign location='Var1'>two\n words</assign>")["Var1"] == "two words"


def test_log_writes_its_label_and_its_value(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "fsm.scxml"):
        after("<log label='now' expr='Var2'/>")
        text = f"{HEAD}<state><onentry><log expr=\"'as it ' + stands\"/></onentry></state></scxml>"
        read_scxml(text).rehearse()
    assert caplog.messages == ["rehearsal: now: [1, 2, 3]", "rehearsal: 'as it ' + stands"]


def test_a_script_is_run_by_the_evaluator_wherever_its_text_is() -> None:
    assert after("<script>Var1 = 5</script>")["Var1"] == 5
    text = f"{HEAD}{DATA}<script src='five'/><state id='s'/></scxml>"
    made = read_scxml(text, Conformance(), load={"five": "Var1 = 5"}.__getitem__)
    assert made.rehearse().ctx.data["Var1"] == 5


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("<raise event='two words'/>", "event='two words' is not the name of an event; write one word such as"),
        ("<raise event='a.*'/>", "event='a.*' is not the name of an event"),
        ("<if cond='true'><else/><elseif cond='true'/></if>", "<elseif>: stands behind <else>"),
        ("<assign location='x' expr='1'/>", "location='x' needs an expression language"),
        ("<foreach array='x' item='y'/>", "array='x' needs an expression language"),
        ("<script>x</script>", "<script>: it needs an expression language"),
    ],
)
def test_content_that_cannot_be_read_is_told(content: str, told: str) -> None:
    with pytest.raises(DefinitionError) as problem:
        read_scxml(f"{HEAD}<state><onentry>{content}</onentry></state></scxml>")
    assert told in str(problem.value)
