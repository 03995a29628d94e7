"""Compiling: from a machine class to its chart, with every mistake reported at once."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from fsm.chart.chart import Chart, Node
from fsm.chart.collect import Place, collect
from fsm.chart.deadline import deadlines
from fsm.chart.declared import shown
from fsm.chart.draft import Draft
from fsm.chart.edges import edges
from fsm.chart.event import Event
from fsm.chart.human import humans
from fsm.chart.methods import handlers
from fsm.chart.parameters import output_type, parameters, reserved, services, state_data
from fsm.chart.search import search_fields
from fsm.chart.state import Kind
from fsm.chart.validate import validate
from fsm.errors import DefinitionError


def compile_chart(
    machine: type,
    framework: type,
    names: Mapping[str, Any],
    *,
    name: str | None,
    version: str | int | None,
    unhandled: str | None,
    search: Sequence[str] | None = None,
) -> Chart:
    """The chart of a machine class. Raises DefinitionError with all that is wrong."""
    found = collect(machine)
    inherited: Chart | None = next((b.__chart__ for b in machine.__mro__[1:] if hasattr(b, "__chart__")), None)
    around = {**names, **{n: v for b in reversed(machine.__mro__) for n, v in vars(b).items()}}
    draft = Draft(found, around, framework, inherited)
    context, events, result = parameters(draft)
    policy, number = _keywords(draft, name, version, unhandled)
    searched = search_fields(draft, search, context)
    reserved(draft)
    services(draft)
    handlers(draft)
    humans(draft)
    edges(draft)
    deadlines(draft)
    result = output_type(draft, result)
    nodes = _nodes(draft)
    validate(found, nodes, draft.transitions, events)
    if found.problems:
        problems = sorted(found.problems, key=lambda p: p.line)
        raise DefinitionError(machine.__name__, [p.text for p in problems])
    file, line = inspect.getmodule(machine), found.line_of(machine)
    return Chart(
        name=name or machine.__name__,
        version=number,
        nodes=nodes,
        transitions=tuple(draft.transitions),
        invokes=tuple(draft.invokes),
        services=tuple(draft.services),
        events=_alphabet(draft, events),
        context=context,
        output=result,
        unhandled=policy,
        forgiving=False,
        index=MappingProxyType({n.id: n.index for n in nodes}),
        numbers=MappingProxyType(dict(found.by_class)),
        file=getattr(file, "__file__", None) or "",
        line=line,
        doc=inspect.getdoc(machine) or "" if machine.__doc__ else "",
        search=searched,
    )


def _keywords(draft: Draft, name: Any, version: Any, unhandled: Any) -> tuple[str, str]:
    """The policy for unhandled events and the version, as the class or its base gives them."""
    found, inherited = draft.found, draft.inherited
    policy = unhandled if unhandled is not None else inherited.unhandled if inherited else "raise"
    if policy not in ("raise", "ignore", "defer"):
        found.at_machine(f"unhandled={shown(policy)} is not a policy; write 'raise', 'ignore' or 'defer'")
    if name is not None and not (isinstance(name, str) and name):
        found.at_machine(f"name={shown(name)} is not a name; write text, which stays the same for ever")
    if version is not None and (not isinstance(version, (str, int)) or isinstance(version, bool) or version == ""):
        found.at_machine(f"version={shown(version)} is not a version; write a number, or text such as '1.2'")
    number = version if version is not None else inherited.version if inherited else 1
    return str(policy), str(number)


def _nodes(draft: Draft) -> tuple[Node, ...]:
    """The states; what few of them have is added to those that have it."""
    places = draft.found.places
    nodes = [_shape(place, places) for place in places]
    for number, (default, actions) in draft.defaults.items():
        nodes[number].update(default=default, default_actions=actions)
    for name, said in (("output", draft.outputs), ("choice", draft.choices)):
        for number, one in said.items():
            nodes[number][name] = one
    for name, listed in (
        ("entry", draft.entry),
        ("exit", draft.exit),
        ("defers", draft.deferrals),
        ("invokes", draft.owned),
    ):
        for number, several in listed.items():
            nodes[number][name] = tuple(several)
    for place in draft.found.annotated:
        data = state_data(draft, place) if place.index else None
        if data is not None:
            nodes[place.index]["data"] = data
    return tuple([Node.of(said) for said in nodes])


def _shape(place: Place, places: Sequence[Place]) -> dict[str, Any]:
    """What every state has, and what its class statement says."""
    cls: Any = place.cls
    kind = place.kind
    said: dict[str, Any] = {
        "index": place.index,
        "id": place.path,
        "name": place.name,
        "kind": kind,
        "parent": place.parent,
        "end": place.end,
    }
    if place.children and kind is not Kind.HISTORY:
        states = [c for c in place.children if places[c].kind is not Kind.HISTORY]
        if kind is Kind.ATOMIC and states:
            said["kind"] = kind = Kind.COMPOUND
        if kind is Kind.COMPOUND:
            said["initial"] = tuple([c for c in states if getattr(places[c].cls, "__initial__", False)])
        said["children"] = tuple(states)
    if kind is Kind.HISTORY:
        said["deep"] = cls.__deep__
    if place.index and cls.__tags__:
        said["tags"] = cls.__tags__
    if place.index and cls.__doc__:
        said["doc"] = inspect.cleandoc(cls.__doc__)
    return said


def _alphabet(draft: Draft, declared: tuple[type[Event], ...]) -> tuple[type[Event], ...]:
    """The declared events and those that edges name, each once."""
    named = dict.fromkeys(event for t in draft.transitions for event in t.trigger.events)
    return tuple(dict.fromkeys([*declared, *(event for event in named if not event.__system__)]))
