"""What expressions see."""

from __future__ import annotations

from typing import Any

from fsm.interop.scxml import Scene, read_scxml
from fsm.interop.scxml_evaluator import PROCESSOR
from tests.scxml.language import Conformance

HEAD = '<scxml xmlns="http://www.w3.org/2005/07/scxml" xmlns:x="urn:x" version="1.0"'


class Spy(Conformance):
    """Calls a function for every element of a foreign namespace, with what it says to look for."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def execute(self, element: Any) -> Any:
        return lambda scene: self.seen.append(self.look(scene, element))

    def look(self, scene: Scene, element: Any) -> Any:
        if "in" in element.attrib:
            return {state for state in element.get("in").split() if scene.inside(state)}
        return scene.event if scene.event is None else {key: scene.event[key] for key in element.get("event").split()}


def seen(text: str, *events: str) -> list[Any]:
    spy = Spy()
    running = read_scxml(text, spy).rehearse()
    for event in events:
        running.send(event)
    return spy.seen


def test_entry_content_sees_the_states_that_are_entered_already() -> None:
    text = f"""{HEAD}><parallel id="p">
      <onentry><x:see in="p a a1 b b1"/></onentry>
      <state id="a"><onentry><x:see in="p a a1 b b1"/></onentry>
        <state id="a1"><onentry><x:see in="p a a1 b b1"/></onentry></state></state>
      <state id="b"><initial><transition target="b1"><x:see in="p a a1 b b1"/></transition></initial>
        <state id="b1"><onentry><x:see in="p a a1 b b1"/></onentry></state></state>
    </parallel></scxml>"""
    assert seen(text) == [{"p"}, {"p", "a"}, {"p", "a", "a1"}, {"p", "a", "a1", "b"}, {"p", "a", "a1", "b", "b1"}]


def test_exit_content_sees_the_states_that_are_not_left_yet_and_those_that_stay() -> None:
    text = f"""{HEAD}><parallel id="p">
      <state id="a"><transition event="go" target="a2" type="internal"><x:see in="p a a1 a2 b"/></transition>
        <state id="a1"><onexit><x:see in="p a a1 a2 b"/></onexit><state id="a11"/></state><state id="a2">
          <onentry><x:see in="p a a1 a2 b"/></onentry><onexit><x:see in="p a2 b"/></onexit></state>
        <onexit><x:see in="p a a1 a2 b"/></onexit></state>
      <state id="b"><onexit><x:see in="p a a2 b"/></onexit></state>
      <transition event="end" target="f"/>
    </parallel><final id="f"><onexit><x:see in="p f"/></onexit></final></scxml>"""
    assert seen(text, "go", "end") == [
        {"p", "a", "a1", "b"},
        {"p", "a", "b"},
        {"p", "a", "a2", "b"},
        {"p", "a", "a2", "b"},
        {"p", "a2"},
        {"p", "a"},
        {"f"},
    ]


def test_content_of_a_history_and_conditions_of_an_evaluator_see_the_same() -> None:
    class Inside(Spy):
        def guard(self, text: str) -> Any:
            return lambda scene: scene.inside(text.partition(":")[2])

    text = f"""{HEAD} initial="h"><state id="a">
      <state id="a1"><onentry><if cond="inside:a1"><x:see in="a a1"/></if><if cond="inside:a2"><x:see in=""/></if>
        </onentry></state><state id="a2"/>
      <history id="h"><transition target="a1"><x:see in="a a1"/></transition></history></state></scxml>"""
    spy = Inside()
    read_scxml(text, spy).rehearse()
    assert spy.seen == [{"a"}, {"a", "a1"}]


def test_the_event_says_what_it_is_and_where_it_comes_from() -> None:
    fields = "name type sendid origin origintype invokeid data"
    text = f"""{HEAD}><state id="s"><onentry><x:see event="{fields}"/></onentry>
      <transition event="go"><x:see event="{fields}"/><raise event="inner"/><send event="outer" id="n"/></transition>
      <transition event="inner">
        <x:see event="name type origin origintype"/><send target="nowhere" event="e"/></transition>
      <transition event="error"><x:see event="name type"/></transition>
      <transition event="outer"><x:see event="name type sendid origin origintype"/></transition>
      </state></scxml>"""
    assert seen(text, "go") == [
        None,
        {
            "name": "go",
            "type": "external",
            "sendid": None,
            "origin": None,
            "origintype": PROCESSOR,
            "invokeid": None,
            "data": None,
        },
        {"name": "inner", "type": "internal", "origin": None, "origintype": None},
        {"name": "error.execution", "type": "platform"},
        {
            "name": "outer",
            "type": "external",
            "sendid": "n",
            "origin": "#_scxml_rehearsal",
            "origintype": PROCESSOR,
        },
    ]


def test_the_system_variables_tell_session_name_and_processors() -> None:
    class Reader(Conformance):
        def execute(self, element: Any) -> Any:
            return lambda scene: found.append(dict(scene.system))

    found: list[dict[str, Any]] = []
    read_scxml(f'{HEAD} name="doc"><state><onentry><x:y/></onentry></state></scxml>', Reader()).rehearse(id="me")
    location = {"location": "#_scxml_me"}
    assert found == [{"_sessionid": "me", "_name": "doc", "_ioprocessors": {PROCESSOR: location, "scxml": location}}]
