"""Messages: `send` and `cancel`."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fsm.errors import DefinitionError
from fsm.interop.scxml import read_scxml
from fsm.interop.scxml_send import css_time
from tests.scxml.language import Conformance

HEAD = '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0">'


@pytest.mark.parametrize(
    ("text", "milliseconds"), [("1s", 1000), (" 1.5s ", 1500), (".5s", 500), ("2.s", 2000), ("70ms", 70), ("0 s", 0)]
)
def test_delays_are_css_times(text: str, milliseconds: int) -> None:
    assert css_time(text) == timedelta(milliseconds=milliseconds)


@pytest.mark.parametrize("text", ["", "1", "s", "-1s", "1m", "1 h", "1s 2s", "1e3s", "0x1s"])
def test_nothing_else_is_a_delay(text: str) -> None:
    with pytest.raises(ValueError, match=r"write a number and s or ms, such as '1\.5s'"):
        css_time(text)


def test_a_delay_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than 1,000 years"):
        css_time("9" * 400 + "s")


def waits(content: str) -> str:
    return f"""{HEAD}<state id="s"><onentry>{content}</onentry>
      <transition event="one" target="one"/><transition event="two" target="two"/>
      <transition event="error.execution" target="wrong"/><transition event="error.communication" target="nobody"/>
      </state><state id="one"/><state id="two"/><state id="wrong"/><state id="nobody"/></scxml>"""


def test_delayed_events_come_in_time_and_not_before() -> None:
    running = read_scxml(waits("<send event='two' delay='2s'/><send event='one' delay='1500ms'/>")).rehearse()
    assert running.advance("1499ms").configuration == {"s"}
    assert running.advance("1ms").configuration == {"one"}


def test_what_is_taken_back_does_not_come() -> None:
    text = waits("<send event='one' id='n' delay='1s'/><send event='two' delay='2s'/><cancel sendid='n'/>")
    assert read_scxml(text).rehearse().advance("5s").configuration == {"two"}


def test_internal_events_come_before_external_ones() -> None:
    text = waits("<send event='one'/><send event='two' target='#_internal'/>")
    assert read_scxml(text).rehearse().configuration == {"two"}


def test_a_machine_reaches_itself_by_its_session() -> None:
    assert read_scxml(waits("<send event='one' target='#_scxml_me'/>")).rehearse(id="me").configuration == {"one"}


@pytest.mark.parametrize("target", ["#_parent", "#_child", "#_scxml_other"])
def test_whom_nobody_knows_is_an_error_of_communication(target: str) -> None:
    assert read_scxml(waits(f"<send event='one' target='{target}'/>")).rehearse().configuration == {"nobody"}


@pytest.mark.parametrize(
    "attributes",
    ["target='http://x'", "type='carrier-pigeon'", "delayexpr=\"'soon'\"", "namelist='illegalExpr'", "typeexpr='7'"],
)
def test_what_makes_no_sense_is_an_error_of_execution_and_is_not_sent(attributes: str) -> None:
    running = read_scxml(waits(f"<send event='one' {attributes}/>"), Conformance()).rehearse()
    assert running.advance("9s").configuration == {"wrong"}


def test_every_part_can_be_worked_out() -> None:
    content = """<send eventexpr="'one'" typeexpr="'scxml'" targetexpr="''" delayexpr="'1s'" idlocation="Var1"/>"""
    text = waits(content + "<send event='two' delay='2s'/>").replace(
        "<state id", "<datamodel><data id='Var1'/></datamodel><state id", 1
    )
    running = read_scxml(text, Conformance()).rehearse()
    assert running.ctx.data["Var1"]
    assert running.advance("1s").configuration == {"one"}
    cancelled = text.replace("<send event='two'", "<cancel sendidexpr='Var1'/><send event='two'")
    assert read_scxml(cancelled, Conformance()).rehearse().advance("3s").configuration == {"two"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("<send/>", "<send>: says no event; write event='…'"),
        ("<send event=''/>", "event='' is not the name of an event"),
        ("<send event='e' delay='5'/>", "delay='5' is not a delay; write a number and s or ms"),
        ("<send event='e' target='#_internal' delay='1s'/>", "what goes to #_internal cannot be delayed"),
        ("<cancel/>", "<cancel>: says no sendid; write sendid='…'"),
    ],
)
def test_what_cannot_be_sent_is_told_when_it_is_read(content: str, told: str) -> None:
    with pytest.raises(DefinitionError) as problem:
        read_scxml(waits(content))
    assert told in str(problem.value)
