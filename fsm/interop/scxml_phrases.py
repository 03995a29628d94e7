"""The phrases of a document that is written: descriptors of events, conditions, data."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from pydantic_core import to_json

from fsm.chart.chart import Chart, Transition
from fsm.chart.event import Event
from fsm.chart.guard import Both, Either, Guard, InState, Not
from fsm.chart.state import Kind, Vertex


def unsayable(chart: Chart) -> Iterator[str]:
    """What a machine has and SCXML has not, each with what to do instead."""
    for node in chart.nodes:
        known: tuple[tuple[bool, str], ...] = (
            (node.kind is Kind.CHOICE, "has no choices; write a state with one guarded `always` for each way"),
            (bool(node.defers), "has no deferred events; handle them where they arrive"),
            (node.data is not None, "has no data of single states; keep it in the context"),
            (not node.index and node.kind is Kind.PARALLEL, "has no parallel machine; put a state around its regions"),
        )
        for wrong, text in known:
            if wrong:
                yield f"{node.id or chart.name}: SCXML {text}"
    for invocation in chart.invokes:
        if invocation.person is not None:
            yield f"{invocation.id}: SCXML has no human tasks; ask the person outside, and send the answer as an event"
        if isinstance(invocation.forward, tuple) and invocation.forward:
            yield f"{invocation.id}: SCXML forwards all events to a child or none; forward none and send what it needs"
        if invocation.fan is not None:
            yield f"{invocation.id}: SCXML runs nothing for each item of a list; let one function do all of it"
        if invocation.undo is not None or invocation.undoes is not None:
            yield f"{invocation.id}: SCXML undoes nothing by itself; use states and transitions for it"
    for transition in chart.transitions:
        if transition.undo is not None:
            yield f"{transition.name}: SCXML undoes nothing by itself; use states and transitions for it"


def descriptors(chart: Chart, t: Transition) -> str:
    """The descriptors of a transition: SCXML's own, where the machine has patterns.

    The wildcard of a class takes no done and no error events, SCXML's does: so it is written as the events of the
    alphabet, where there is one.
    """
    if t.trigger.kind != "event":
        return "" if t.trigger.kind == "always" else t.trigger.key
    if not t.trigger.names:
        alphabet = [] if chart.events[0] is Event else [event for event in chart.events if event is not Event]
        events = [e for event in t.trigger.events for e in (alphabet if event is Event else [event])]
        return " ".join(event.__wire__ for event in events) or "*"
    names = t.trigger.names
    return " ".join(name for name in names if not (name.endswith(".*") and _said(name, names)))


def _said(name: str, names: tuple[str, ...]) -> bool:
    """Whether a pattern is part of what another descriptor means in SCXML."""
    return name[:-2] in names or ("*" in names and name in ("done.*", "error.*"))


def guard_text(chart: Chart, guard: Guard, strength: int = 0) -> str:
    """A guard as a condition: `In(…)`, and the names of its functions."""
    match guard:
        case InState():
            state = guard.state
            ids = [state] if isinstance(state, str) else _places(chart, state)
            text, own = " || ".join(f"In('{id}')" for id in ids), 3 if len(ids) == 1 else 1
        case Both():
            text, own = f"{guard_text(chart, guard.left, 2)} && {guard_text(chart, guard.right, 2)}", 2
        case Either():
            text, own = f"{guard_text(chart, guard.left, 1)} || {guard_text(chart, guard.right, 1)}", 1
        case Not():
            text, own = f"!{guard_text(chart, guard.inner, 3)}", 3
        case _:
            text, own = guard.label, 3
    return f"({text})" if own < strength else text


def _places(chart: Chart, state: type[Vertex]) -> list[str]:
    return [chart.nodes[number].id for known, number in chart.numbers.items() if issubclass(known, state)]


def fields(chart: Chart) -> list[ElementTree.Element]:
    """The context of a class as data, with its defaults."""
    made = ElementTree.Element("datamodel")
    for name, field in chart.context.model_fields.items():
        data = ElementTree.SubElement(made, "data", {"id": name})
        if not field.is_required():
            data.text = to_json(field.get_default(call_default_factory=True)).decode()
    return [made] if len(made) else []
