"""States and transitions of documents."""

from __future__ import annotations

import pytest

from fsm.errors import DefinitionError
from fsm.interop.scxml import read_scxml

HEAD = '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0"'


def read(inner: str, attributes: str = "") -> dict[str, list[str]]:
    """The way of a machine: for each event its configuration."""
    running = read_scxml(f"{HEAD} {attributes}>{inner}</scxml>").rehearse()
    found = {"": sorted(running.configuration)}
    for event in ("t1", "t2", "t3", "t4"):
        found[event] = sorted(running.send(event).configuration) if not running.done else []
    return found


def test_a_machine_begins_in_its_first_state_or_where_it_says() -> None:
    states = "<state id='a'/><state id='b'><state id='b1'/><state id='b2'/></state>"
    assert read(states)[""] == ["a"]
    assert read(states, "initial='b'")[""] == ["b1"]
    assert read(states, "initial='b2'")[""] == ["b2"]


def test_several_initial_states_lie_in_different_regions() -> None:
    regions = "".join(f"<state id='{r}'><state id='{r}1'/><state id='{r}2'/></state>" for r in "ab")
    assert read(f"<parallel id='p'>{regions}</parallel>", "initial='a2 b2'")[""] == ["a2", "b2"]
    element = "<initial><transition target='b2'/></initial>"
    assert read(f"<state id='s'>{element}<parallel id='p'>{regions}</parallel></state>")[""] == ["a1", "b2"]


def test_states_without_ids_get_new_ones() -> None:
    inner = "<state><transition event='t1' target='state1'/></state><state id='state1'/>"
    assert read(inner)[""] == ["state2"]
    assert read(inner)["t1"] == ["state1"]


def test_descriptors_are_prefixes_of_words() -> None:
    def taken(descriptor: str, event: str) -> bool:
        inner = f"<state id='a'><transition event='{descriptor}' target='b'/></state><state id='b'/>"
        return read_scxml(f"{HEAD}>{inner}</scxml>").rehearse().send(event).configuration == {"b"}

    for descriptor in ("foo", "foo.", "foo.*", "bar foo", "*", ".*"):
        assert taken(descriptor, "foo"), descriptor
        assert taken(descriptor, "foo.bar.baz"), descriptor
        assert taken(descriptor, "food") is (descriptor in ("*", ".*"))
        assert taken(descriptor, "Foo") is (descriptor in ("*", ".*"))
    assert taken("*", "done.by.hand")
    assert taken("*", "error.too")
    assert not taken("foo.bar", "foo")


def test_an_external_transition_leaves_its_source_and_an_internal_one_does_not() -> None:
    def entered(kind: str) -> int:
        inner = f"""<state id='a'><onentry><raise event='in'/></onentry>
          <transition event='t1' target='a1' type='{kind}'/><state id='a1'/></state>"""
        running = read_scxml(f"{HEAD}>{inner}</scxml>").rehearse()
        return sum("a" in step.entered for step in [*running.trace, *running.send("t1").microsteps])

    assert (entered("external"), entered("internal")) == (2, 1)


def test_inner_transitions_come_first_and_then_earlier_regions() -> None:
    inner = """<parallel id='p'>
        <state id='a'><state id='a1'><transition event='t1' target='a2'/></state><state id='a2'/>
          <transition event='t1' target='x'/></state>
        <state id='b'><transition event='t1' target='y'/></state>
        <transition event='t2' target='z'/>
      </parallel><state id='x'/><state id='y'/><state id='z'/>"""
    assert read(inner) == {"": ["a1", "b"], "t1": ["a2", "b"], "t2": ["z"], "t3": ["z"], "t4": ["z"]}


def test_histories_bring_back_what_was_left() -> None:
    inner = """<state id='a'><history id='{0}' type='{0}'><transition target='a1'/></history>
        <state id='a1'><transition event='t2' target='a22'/></state>
        <state id='a2'><state id='a21'/><state id='a22'/></state>
        <transition event='t3' target='b'/></state>
      <state id='b'><transition event='t1' target='{0}'/><transition event='t4' target='{0}'/></state>"""
    start = "initial='b'"
    assert read(inner.format("shallow"), start) == {
        "": ["b"],
        "t1": ["a1"],
        "t2": ["a22"],
        "t3": ["b"],
        "t4": ["a21"],
    }
    assert read(inner.format("deep"), start)["t4"] == ["a22"]


def test_done_events_are_told_with_data_and_the_last_final_ends_the_machine() -> None:
    inner = """<parallel id='p'><transition event='done.state.p' target='end'/>
        <state id='a'><state id='a1'><transition event='t1' target='af'/></state><final id='af'/></state>
        <state id='b'><state id='b1'><transition event='done.state.a' target='bf'/></state><final id='bf'/></state>
      </parallel><final id='end'><donedata><content>[1]</content></donedata></final>"""
    running = read_scxml(f"{HEAD}>{inner}</scxml>").rehearse()
    running.send("t1")
    assert (running.configuration, running.done, running.output) == ({"end"}, True, [1])


@pytest.mark.parametrize(
    ("inner", "told"),
    [
        ("", "line 1, <scxml>: the machine has no states"),
        ("<state id='a'/><state id='a'/>", "line 1, <state>: state 'a': there are two; give one of them another id"),
        ("<state id='a b'/>", "id='a b' is not an id; write one word"),
        (
            "<state id='a'><transition event='e' target='b'/></state>",
            "target 'b': there is no such state",
        ),
        (
            "<state id='a' initial='a'><state id='b'/></state>",
            "'a' lies outside of it; name one of its",
        ),
        ("<state id='a' initial=''><state id='b'/></state>", "initial= is empty, or stands beside <initial>"),
        ("<state id='a' initial='b'/>", "has an initial state but no states; take it out, or nest states"),
        ("<state id='a'><initial/><state/></state>", "<initial>: needs one <transition target='…'/> without event"),
        ("<state id='a'><history id='h'/><state/></state>", "<history>: needs one <transition target='…'/>"),
        ("<parallel id='p'/>", "a parallel state without regions; give it states"),
        ("<state id='a'><transition/></state>", "has neither event nor cond nor target; give it one of them"),
        (
            "<state id='a'><transition event=' ' target='a'/></state>",
            "event= is empty; name one, or take the attribute",
        ),
        ("<state id='a'><transition event='e' target='a b'/></state><state id='b'/>", "cannot be active together"),
        (
            "<state id='a'><transition cond=\"In('x')\" target='a'/></state>",
            "asks for 'x'; there is no such state",
        ),
        ("<state id='a'><invoke id='i' type='x'/><invoke id='i' type='x'/></state>", "invoke 'i': there are two"),
        (
            "<state id='a'><history id='h'><transition target='h'/></history><state/></state>",
            "state 'h': leads to a history of the same state; name a state",
        ),
    ],
)
def test_what_is_no_machine_is_told_with_its_place(inner: str, told: str) -> None:
    with pytest.raises(DefinitionError) as problem:
        read_scxml(f"{HEAD}>{inner}</scxml>")
    assert told in str(problem.value)
    assert "line 1, <" in str(problem.value)
