"""What travels with events."""

from __future__ import annotations

from typing import Any

import pytest

from fsm.errors import DefinitionError
from fsm.interop.scxml import read_scxml
from tests.scxml.language import Conformance

HEAD = '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0">'


def output(inner: str, data: str = "<datamodel><data id='Var1' expr='1'/></datamodel>") -> Any:
    text = f"{HEAD}{data}<final id='f'><donedata>{inner}</donedata></final></scxml>"
    running = read_scxml(text, Conformance()).rehearse()
    assert running.done
    return running.output


@pytest.mark.parametrize(
    ("inner", "data"),
    [
        ("<content> 21 </content>", 21),
        ("<content>some\n  words</content>", "some words"),
        ("<content>{'a': 1}</content>", "{'a': 1}"),
        ("<content expr='Var1'/>", 1),
        ("<content/>", None),
        ("", None),
        ("<param name='a' expr='Var1'/><param name='b' location='Var1'/>", {"a": 1, "b": 1}),
        ("<content expr='illegalExpr'/>", None),
        ("<param name='a' expr='illegalExpr'/><param name='b' expr='2'/>", {"b": 2}),
        ("<param name='a' expr='illegalExpr'/>", None),
    ],
)
def test_a_final_state_gives_its_content_or_its_params_without_those_that_fail(inner: str, data: object) -> None:
    assert output(inner) == data


def test_xml_travels_as_its_text() -> None:
    assert output("<content><book xmlns=''><title>T</title></book></content>") == "<book><title>T</title></book>"


@pytest.mark.parametrize(
    ("inner", "told"),
    [
        ("<param name='a'/>", "<param>: says no value; write expr='…' or location='…'"),
        ("<content/><param name='a' expr='1'/>", "<content>: stands beside other content or params"),
        ("<content/><content/>", "<content>: stands beside other content"),
    ],
)
def test_contradicting_payloads_are_told(inner: str, told: str) -> None:
    with pytest.raises(DefinitionError) as problem:
        output(inner)
    assert told in str(problem.value)
