"""The data model."""

from __future__ import annotations

from fsm.interop.scxml import Variables, read_scxml
from tests.scxml.language import Conformance

HEAD = '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0"'
STATES = """<datamodel><data id="Var1">[1, 2]</data></datamodel>
  <state id="a"><transition event="go" target="b"/></state>
  <state id="b"><datamodel><data id="Var2" expr="7"/></datamodel>
    <onentry><assign location="Var1" expr="Var2"/><assign location="Var2" expr="8"/></onentry>
    <transition event="go" target="a"/></state></scxml>"""


def test_early_variables_have_their_values_from_the_start() -> None:
    assert read_scxml(f"{HEAD}>{STATES}", Conformance()).rehearse().ctx.data == {"Var1": [1, 2], "Var2": 7}


def test_late_variables_get_theirs_when_their_state_is_first_entered_and_only_then() -> None:
    machine = read_scxml(f"{HEAD} binding='late'>{STATES}", Conformance())
    running = machine.rehearse()
    assert running.ctx.data == {"Var1": [1, 2], "Var2": None}
    running.send("go")
    assert running.ctx.data == {"Var1": 7, "Var2": 8}
    running = machine.rehearse(snapshot=running.snapshot().to_json())
    running.send("go")
    running.send("go")
    assert running.ctx == Variables(data={"Var1": 8, "Var2": 8}, bound=["b"])


def test_two_machines_share_no_value() -> None:
    machine = read_scxml(f"{HEAD}>{STATES}", Conformance())
    machine.rehearse().ctx.data["Var1"].append(3)
    assert machine.rehearse().ctx.data["Var1"] == [1, 2]


def test_a_value_that_fails_leaves_its_variable_without_one_and_tells_the_machine() -> None:
    text = f"""{HEAD}><datamodel><data id="Var1" expr="illegalExpr"/><data id="Var2" expr="2"/></datamodel>
      <state id="a"><transition event="error.execution" target="b"/></state><state id="b"/></scxml>"""
    running = read_scxml(text, Conformance()).rehearse()
    assert (running.configuration, running.ctx.data) == ({"b"}, {"Var1": None, "Var2": 2})


def test_values_can_be_loaded() -> None:
    text = f'{HEAD}><datamodel><data id="j" src="j"/><data id="t" src="t"/></datamodel><state id="a"/></scxml>'
    running = read_scxml(text, load={"j": "[1]", "t": " words \n"}.__getitem__).rehearse()
    assert running.ctx.data == {"j": [1], "t": "words"}


def test_data_without_expressions_needs_no_evaluator() -> None:
    text = f'{HEAD}><datamodel><data id="a"/><data id="b">{{"c": 1}}</data></datamodel><state id="s"/></scxml>'
    assert read_scxml(text).rehearse().ctx.data == {"a": None, "b": {"c": 1}}
