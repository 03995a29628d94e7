"""Machines as documents."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import (
    Context,
    Done,
    Event,
    Failed,
    Final,
    History,
    Parallel,
    State,
    StateMachine,
    after,
    all_done,
    always,
    default,
    edge,
    guard,
    invoke,
    on,
    on_enter,
    on_exit,
    output,
)
from fsm.errors import DefinitionError
from fsm.interop.scxml import Scene, read_scxml, write_scxml
from fsm.interop.scxml_tree import parse

HEAD = '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0"'


class Go(Event): ...


class Stop(Event): ...


class Journey(StateMachine[Context, Go | Stop, str]):
    class Home(State, initial=True):
        class In(State, initial=True): ...

        class Out(State): ...

        class Last(History): ...

    class Trip(Parallel):
        class Body(State):
            class Walking(State, initial=True): ...

            class Tired(Final): ...

        class Mind(State):
            class Awake(State, initial=True): ...

            class Asleep(Final): ...

    class Over(Final): ...

    @guard
    def allowed(self) -> bool:
        return True

    @on_enter(Trip)
    def pack(self) -> None: ...

    @on_exit(Trip)
    def unpack(self) -> None: ...

    @on(Go, Home.In, to=Trip, when=allowed)
    def leave(self) -> None: ...

    @output(Over)
    def story(self) -> str:
        return "far"

    outside = edge(Go, Home, to=Home.Out)
    again = edge(Go, Home.Out, to=Home, reenter=True)
    tired = after("90s", Trip.Body.Walking, to=Trip.Body.Tired)
    asleep = edge(Stop, Trip.Mind.Awake, to=Trip.Mind.Asleep)
    back = all_done(Trip, to=Home.Last)
    usual = default(Home.Last, to=Home.In)
    end = edge(Stop, to=Over)


DOCUMENT = f"""
{HEAD} name="Journey" initial="Home" xmlns:python="urn:dynamic-orchestrator:python">
  <state id="Home" initial="Home.In">
    <transition event="Go" target="Home.Out" type="internal" />
    <transition event="Stop" target="Over" />
    <state id="Home.In">
      <transition event="Go" cond="allowed" target="Trip">
        <python:call name="leave" />
      </transition>
    </state>
    <state id="Home.Out">
      <transition event="Go" target="Home" />
    </state>
    <history id="Home.Last" type="shallow">
      <transition target="Home.In" />
    </history>
  </state>
  <parallel id="Trip">
    <onentry>
      <python:call name="pack" />
    </onentry>
    <onexit>
      <python:call name="unpack" />
    </onexit>
    <transition event="done.state.Trip.Body done.state.Trip.Mind" />
    <transition event="done.state.Trip" target="Home.Last" />
    <transition event="Stop" target="Over" />
    <state id="Trip.Body" initial="Trip.Body.Walking">
      <state id="Trip.Body.Walking">
        <onentry>
          <send event="after:Trip.Body.Walking#tired" id="after:Trip.Body.Walking#tired" delay="90000ms" />
        </onentry>
        <onexit>
          <cancel sendid="after:Trip.Body.Walking#tired" />
        </onexit>
        <transition event="after:Trip.Body.Walking#tired" target="Trip.Body.Tired" />
      </state>
      <final id="Trip.Body.Tired" />
    </state>
    <state id="Trip.Mind" initial="Trip.Mind.Awake">
      <state id="Trip.Mind.Awake">
        <transition event="Stop" target="Trip.Mind.Asleep" />
      </state>
      <final id="Trip.Mind.Asleep" />
    </state>
  </parallel>
  <final id="Over">
    <donedata>
      <content expr="story" />
    </donedata>
  </final>
</scxml>
"""


def test_a_class_is_written_with_names_for_its_handlers() -> None:
    assert write_scxml(Journey) == DOCUMENT.strip()


class Names:
    """An evaluator for the names of handlers."""

    def __init__(self) -> None:
        self.called: list[str] = []

    def guard(self, text: str) -> Any:
        return lambda scene: text == "allowed"

    def value(self, text: str) -> Any:
        return lambda scene: "far"

    def location(self, text: str, *, declare: bool = False) -> Any:
        raise ValueError(text)

    def execute(self, element: Any) -> Any:
        def call(scene: Scene) -> None:
            self.called.append(element.get("name"))

        return call


def test_a_class_that_was_written_moves_the_same_when_it_is_read() -> None:
    names = Names()
    ours, read = Journey.rehearse(), read_scxml(write_scxml(Journey), names).rehearse()
    for event in ("Go", "Stop", "Go", "Stop", "Stop"):
        assert read.send(event).configuration == ours.send(event).configuration
        assert read.advance("60s").configuration == ours.advance("60s").configuration
    assert (read.done, read.output) == (ours.done, ours.output) == (True, "far")
    assert names.called == ["leave", "pack", "unpack", "leave", "pack", "unpack"]


def test_what_was_read_is_written_as_it_was() -> None:
    text = f"""{HEAD} name="doc" binding="late" initial="s">
  <datamodel>
    <data id="d">[1]</data>
  </datamodel>
  <state id="s" initial="a">
    <datamodel>
      <data id="e" />
    </datamodel>
    <onentry>
      <raise event="x" />
      <if cond="In('a')">
        <log label="l" />
      </if>
    </onentry>
    <onexit>
      <cancel sendid="n" />
    </onexit>
    <transition event="x y.z *" cond="In('a') &amp;&amp; !In('b')" target="b" />
    <transition cond="false" target="s" type="internal" />
    <invoke id="i" type="scxml">
      <content>
        <scxml version="1.0">
          <final />
        </scxml>
      </content>
    </invoke>
    <state id="a" />
    <state id="b">
      <initial>
        <transition target="b1">
          <send event="e" delay="1s" />
        </transition>
      </initial>
      <state id="b1" />
    </state>
    <final id="f">
      <donedata>
        <content>7</content>
      </donedata>
    </final>
  </state>
</scxml>"""
    assert write_scxml(read_scxml(text)) == text
    assert read_scxml(text).__chart__.digest == read_scxml(write_scxml(read_scxml(text))).__chart__.digest


def test_work_and_children_of_a_class_are_invokes() -> None:
    class Child(StateMachine):
        class Only(State, initial=True): ...

    class Working(StateMachine):
        class One(State, initial=True): ...

        class Two(State): ...

        @invoke(One, timeout="5s")
        async def work(self) -> int:
            return 1

        @work.done(to=Two)
        def kept(self, ev: Done[int]) -> None: ...

        @work.failed(to=Two)
        def lost(self, ev: Failed) -> None: ...

        @invoke(Two, machine=Child)
        def grow(self) -> Context:
            return Context()

        over = grow.done(to=One)

    written = write_scxml(Working)
    assert '<invoke id="work" type="urn:dynamic-orchestrator:python" src="work" python:timeout="5s" />' in written
    assert '<transition event="error.invoke.work" target="Two">' in written
    (child,) = [e for e in parse(written).within() if e.name == "invoke" and e.get("type") == "scxml"]
    assert child.all("content")[0].all("scxml")[0].get("name") == "Child"
    assert read_scxml(written, Names()).rehearse().send("done.invoke.work").configuration == {"Two"}


def test_an_eventless_edge_of_the_machine_itself_is_taken_in_every_state() -> None:
    class Falling(StateMachine):
        class Up(State, initial=True): ...

        class Down(Final): ...

        fall = always(to=Down)

    assert '<state id="Up">\n    <transition target="Down" />' in write_scxml(Falling)


def test_what_scxml_cannot_say_is_refused_all_at_once() -> None:
    class Rich(StateMachine):
        class One(State, initial=True):
            count: int = 0

        class Two(Parallel):
            class Left(State):
                note: str = ""

            class Right(State): ...

        go = edge(Go, One, to=Two)

    with pytest.raises(DefinitionError) as told:
        write_scxml(Rich)
    assert told.value.problems == (
        "One: SCXML has no data of single states; keep it in the context",
        "Two.Left: SCXML has no data of single states; keep it in the context",
    )
