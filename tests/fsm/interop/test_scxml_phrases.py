"""Descriptors, conditions and data as text."""

from __future__ import annotations

from fsm import Context, Event, Parallel, State, StateMachine, edge, guard, in_state
from fsm.chart.chart import Transition, Trigger
from fsm.interop.scxml import read_scxml
from fsm.interop.scxml_phrases import descriptors, fields, guard_text, unsayable


class Pay(Event):
    amount: int = 0


class Card(Pay): ...


class Data(Context):
    name: str
    items: list[str] = ["a"]


class Machine(StateMachine[Data, Pay | Card]):
    class One(State, initial=True): ...

    class Two(Parallel):
        class Left(State): ...

        class Right(State): ...

    @guard
    def rich(self) -> bool:
        return True

    every = edge(Event, One, to=Two, when=~(rich | in_state(Two.Left)) & in_state(One))
    pay = edge(Pay, Two, to=One, when=rich & ~rich)
    card = edge(Card, One, to=Two)


def test_descriptors_are_what_a_document_says_for_the_same_events() -> None:
    assert [descriptors(Machine.__chart__, t) for t in Machine.__chart__.transitions] == [
        "Pay Pay.Card",
        "Pay",
        "Pay.Card",
    ]
    for written in ("foo", "foo bar.baz", "*", "foo *"):
        text = f"""<scxml xmlns="http://www.w3.org/2005/07/scxml">
          <state id="a"><transition event="{written}" target="a"/></state></scxml>"""
        chart = read_scxml(text).__chart__
        assert descriptors(chart, chart.transitions[0]) == written
    assert descriptors(Machine.__chart__, Transition(0, "", 0, Trigger("done", key="done.state.x"))) == "done.state.x"
    assert descriptors(Machine.__chart__, Transition(0, "", 0, Trigger("event", names=("a.*", "b")))) == "a.* b"


def test_conditions_keep_their_parentheses() -> None:
    chart = Machine.__chart__
    found = [guard_text(chart, t.guard) for t in chart.transitions if t.guard is not None]
    assert found == ["!(rich || In('Two.Left')) && In('One')", "rich && !rich"]


def test_fields_are_data_with_their_defaults() -> None:
    (model,) = fields(Machine.__chart__)
    assert [(data.attrib, data.text) for data in model] == [({"id": "name"}, None), ({"id": "items"}, '["a"]')]


def test_everything_in_this_machine_can_be_said() -> None:
    assert list(unsayable(Machine.__chart__)) == []
