"""Child machines."""

from __future__ import annotations

from typing import Any

import pytest

from fsm.errors import DefinitionError, SnapshotCorrupted
from fsm.interop.scxml import read_scxml
from tests.scxml.language import Conformance

HEAD = '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0"'
CHILD = f"""{HEAD} name="child"><state id="c"><onentry><send target="#_parent" event="up"/></onentry>
  <transition event="down" target="f"/></state>
  <final id="f"><donedata><content>7</content></donedata></final></scxml>"""


def parent(invoke: str, transitions: str = "", data: str = "") -> str:
    return f"""{HEAD} name="parent">{data}<state id="s">{invoke}{transitions}
      <transition event="done.invoke.kid" target="done"/><transition event="leave" target="left"/>
      <transition event="error.execution" target="wrong"/></state>
      <state id="done"/><state id="left"><transition event="up" target="wrong"/></state><state id="wrong"/></scxml>"""


INLINE = f'<invoke id="kid" type="scxml"><content>{CHILD}</content></invoke>'


def test_parent_and_child_talk_and_the_childs_end_is_told() -> None:
    text = parent(INLINE, '<transition event="up"><send target="#_kid" event="down"/></transition>')
    assert read_scxml(text).rehearse().configuration == {"done"}


def test_a_child_lives_in_the_snapshot_of_its_parent() -> None:
    machine = read_scxml(parent(INLINE, '<transition event="poke"><send target="#_kid" event="down"/></transition>'))
    running = machine.rehearse()
    running = machine.rehearse(snapshot=running.snapshot().to_json())
    assert running.send("poke").configuration == {"s"}
    assert running.configuration == {"done"}


def test_a_cancelled_child_says_nothing_more() -> None:
    child = CHILD.replace("<onentry>", "<onexit>").replace("</onentry>", "</onexit>")
    running = read_scxml(parent(f'<invoke id="kid"><content>{child}</content></invoke>')).rehearse()
    running.send("leave")
    assert running.configuration == {"left"}


def test_events_are_forwarded_when_the_invoke_says_so() -> None:
    running = read_scxml(parent(INLINE.replace("type=", 'autoforward="true" type='))).rehearse()
    running.send("down")
    assert running.configuration == {"done"}


def test_a_child_starts_with_the_values_that_it_declares_itself() -> None:
    child = f"""{HEAD}><datamodel><data id="Var1" expr="0"/></datamodel>
      <final id="f"><donedata><content expr="Var1"/></donedata></final></scxml>"""
    invoke = f"""<invoke id="kid" namelist="Var2"><param name="Var1" expr="5"/><content>{child}</content>
      <finalize><assign location="Var2" expr="eventField data"/></finalize></invoke>"""
    data = "<datamodel><data id='Var2' expr='9'/></datamodel>"
    running = read_scxml(parent(invoke, data=data), Conformance()).rehearse()
    assert (running.configuration, running.ctx.data) == ({"done"}, {"Var2": 5})


def test_an_empty_finalize_takes_over_what_the_event_carries() -> None:
    child = f"""{HEAD}><final id="f"><onentry><send target="#_parent" event="up">
      <param name="Var1" expr="5"/><param name="else" expr="6"/></send></onentry></final></scxml>"""
    invoke = f'<invoke id="kid" namelist="Var1"><content>{child}</content><finalize/></invoke>'
    data = "<datamodel><data id='Var1' expr='1'/></datamodel>"
    assert read_scxml(parent(invoke, data=data), Conformance()).rehearse().ctx.data == {"Var1": 5}


def test_ids_are_made_where_there_are_none_and_kept_where_that_is_wanted() -> None:
    text = parent(f'<invoke idlocation="Var1"><content>{CHILD}</content></invoke>')
    text = text.replace("<state id", "<datamodel><data id='Var1'/></datamodel><state id", 1)
    machine = read_scxml(text, Conformance())
    assert machine.__chart__.invokes[0].id == machine.rehearse().ctx.data["Var1"] == "s.invoke1"


def load(address: str) -> str:
    return {"child": CHILD, "broken": f"{HEAD}/>"}[address]


@pytest.mark.parametrize(
    ("invoke", "data"),
    [('src="child"', ""), ('srcexpr="Var1"', "'child'"), ("", "")],
)
def test_documents_come_from_elsewhere_too(invoke: str, data: str) -> None:
    content = "" if invoke else '<content expr="Var1"/>'
    start: dict[str, Any] = {"Var1": "child" if invoke else CHILD}
    text = parent(
        f'<invoke id="kid" {invoke}>{content}</invoke>',
        '<transition event="poke"><send target="#_kid" event="down"/></transition>',
        "<datamodel><data id='Var1'/></datamodel>",
    )
    machine = read_scxml(text, Conformance(), load=load)
    running = machine.rehearse(machine.__chart__.context(data=start))
    running = machine.rehearse(snapshot=running.snapshot().to_json())
    running.send("poke")
    assert running.configuration == {"done"}


def test_a_document_that_was_worked_out_is_known_only_where_it_was_read() -> None:
    text = parent('<invoke id="kid" srcexpr="\'child\'"/>')
    taken = read_scxml(text, Conformance(), load=load).rehearse().snapshot().to_json()
    with pytest.raises(SnapshotCorrupted, match="which is not known here"):
        read_scxml(text, Conformance(), load=load).rehearse(snapshot=taken)


@pytest.mark.parametrize(
    "invoke",
    [
        '<invoke type="http"/>',
        "<invoke typeexpr=\"'http'\" src='child'/>",
        "<invoke srcexpr=\"'broken'\"/>",
        "<invoke srcexpr=\"'nowhere'\"/>",
        "<invoke src='child'><param name='a' expr='illegalExpr'/></invoke>",
    ],
)
def test_what_cannot_be_started_is_an_error_of_execution(invoke: str) -> None:
    assert read_scxml(parent(invoke), Conformance(), load=load).rehearse().configuration == {"wrong"}


@pytest.mark.parametrize(
    ("invoke", "told"),
    [
        ("<invoke/>", "names 0 documents; give it one"),
        (f"<invoke src='child'><content>{CHILD}</content></invoke>", "names 2 documents; give it one"),
        ("<invoke src='nowhere'/>", "src='nowhere' cannot be fetched: 'nowhere'; mend the address"),
        ("<invoke src='broken'/>", "in its document: line 1, <scxml>: the machine has no states"),
        ("<invoke><content>&lt;html/></content></invoke>", "in its document: line 1, <html>: this is not an SCXML"),
    ],
)
def test_what_cannot_be_read_is_told(invoke: str, told: str) -> None:
    with pytest.raises(DefinitionError) as problem:
        read_scxml(parent(invoke), load=load)
    assert told in str(problem.value)
