"""Reading SCXML as a whole: documents in, machines out."""

from __future__ import annotations

import pytest

from fsm import StateMachine
from fsm.errors import DefinitionError
from fsm.interop.scxml import Variables, read_scxml
from tests.scxml.language import Conformance

HEAD = '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0"'


def test_a_document_becomes_a_machine_class() -> None:
    lamp = read_scxml(f'{HEAD} name="lamp"><state id="off"><transition event="press" target="on"/></state>'
                      '<state id="on"/></scxml>')  # fmt: skip
    assert issubclass(lamp, StateMachine)
    assert (lamp.__chart__.name, lamp.__chart__.unhandled, lamp.__chart__.forgiving) == ("lamp", "ignore", True)
    running = lamp.rehearse()
    assert running.configuration == {"off"}
    assert running.send("nobody.knows").configuration == {"off"}
    assert running.send("press").configuration == {"on"}


def test_bytes_are_read_as_well() -> None:
    text = f'<?xml version="1.0" encoding="iso-8859-1"?>{HEAD}><state id="caf\xe9"/></scxml>'
    assert read_scxml(text.encode("iso-8859-1")).rehearse().configuration == {"caf\xe9"}


def test_prefixes_make_no_difference() -> None:
    made = read_scxml('<s:scxml xmlns:s="http://www.w3.org/2005/07/scxml"><s:state id="a"/></s:scxml>')
    assert made.rehearse().configuration == {"a"}


def test_what_is_given_at_the_start_comes_before_the_documents_own_values() -> None:
    text = f'{HEAD}><datamodel><data id="Var1" expr="1"/><data id="Var2" expr="2"/></datamodel><state id="a"/></scxml>'
    running = read_scxml(text, Conformance()).rehearse(Variables(data={"Var1": 7, "other": 8}))
    assert running.ctx.data == {"Var1": 7, "Var2": 2}


def test_every_mistake_is_told_at_once_in_document_order() -> None:
    text = f"""{HEAD}>
      <state id="a">
        <onentry><send event="x" delay="soon"/></onentry>
        <transition event="go" cond="x &gt; 1" target="a"/>
      </state>
    </scxml>"""
    with pytest.raises(DefinitionError) as told:
        read_scxml(text)
    assert told.value.problems == (
        "line 3, <send>: delay='soon' is not a delay; write a number and s or ms, such as '1.5s'",
        "line 4, <transition>: cond='x > 1' needs an expression language, and none is built in; pass evaluator=",
    )


def test_an_interrupted_machine_goes_on_from_its_snapshot_as_if_nothing_had_happened() -> None:
    text = f"""{HEAD}><state id="a"><transition event="t" target="p"/></state>
      <parallel id="p">
        <state id="b"><state id="b1"><transition event="t" target="b2"/></state><state id="b2"/></state>
        <state id="c"><onentry><send event="late" delay="2s"/></onentry>
          <state id="c1"><transition event="late" target="c2"/></state><state id="c2"/></state>
        <transition event="out" target="a"/>
      </parallel></scxml>"""
    machine = read_scxml(text)
    straight, broken = machine.rehearse(), machine.rehearse()
    for event in ("t", "t", "out", "t"):
        straight.send(event)
        broken.send(event)
        broken = machine.rehearse(snapshot=broken.snapshot().to_json())
        assert broken.configuration == straight.configuration
    assert straight.advance("3s").configuration == broken.advance("3s").configuration == {"b1", "c2"}
