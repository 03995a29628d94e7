"""Compiling: from a machine class to its chart, with every mistake reported at once."""

from __future__ import annotations

import hashlib
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, get_origin

from typing_extensions import TypeVar

from fsm.chart import annotations as notes
from fsm.chart.action import Handler as HandlerDeclared
from fsm.chart.chart import Chart, Handler, Invocation, Node, Service, Transition, Trigger
from fsm.chart.collect import Collected, Place, collect, vars_of
from fsm.chart.context import Context
from fsm.chart.declared import Declared
from fsm.chart.delay import delay_ms
from fsm.chart.edge import Edge
from fsm.chart.event import Done, Event, Failed
from fsm.chart.guard import Both, Either, Guard, InState, Not, Predicate, parts
from fsm.chart.invoke import Invoke
from fsm.chart.state import Final, History, Kind, Parallel, Vertex
from fsm.chart.validate import validate
from fsm.errors import DefinitionError


@dataclass(slots=True)
class Draft:
    """A chart in the making."""

    found: Collected
    names: Mapping[str, Any]
    framework: type
    entry: dict[int, list[Handler]] = field(default_factory=dict)
    exit: dict[int, list[Handler]] = field(default_factory=dict)
    outputs: dict[int, Handler] = field(default_factory=dict)
    defaults: dict[int, tuple[tuple[int, ...], tuple[Handler, ...]]] = field(default_factory=dict)
    invokes: list[Invocation] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)


def compile_chart(
    machine: type,
    framework: type,
    names: Mapping[str, Any],
    *,
    name: str | None,
    version: str | int | None,
    unhandled: str | None,
) -> Chart:
    """The chart of a machine class. Raises DefinitionError with all that is wrong."""
    found = collect(machine)
    inherited: Chart | None = next((b.__chart__ for b in machine.__mro__[1:] if hasattr(b, "__chart__")), None)
    draft = Draft(found, {**names, **{n: v for b in reversed(machine.__mro__) for n, v in vars(b).items()}}, framework)
    context, events, result = _parameters(draft, inherited)
    policy = unhandled or (inherited.unhandled if inherited else "raise")
    if policy not in ("raise", "ignore", "defer"):
        found.report(0, f"unhandled={policy!r} is not a policy; write 'raise', 'ignore' or 'defer'")
    _reserved(draft)
    _services(draft)
    _handlers(draft)
    for item in found.declarations:
        if isinstance(item, Edge):
            _edge(draft, item)
    nodes = _nodes(draft)
    validate(found, nodes, draft.transitions)
    if found.problems:
        problems = sorted(found.problems, key=lambda p: p.line)
        raise DefinitionError(machine.__name__, [p.text for p in problems])
    number = str(version if version is not None else inherited.version if inherited else 1)
    file, line = inspect.getmodule(machine), getattr(machine, "__firstlineno__", 0)
    return Chart(
        name=name or machine.__name__,
        version=number,
        digest=_digest(nodes, draft),
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
    )


def _parameters(draft: Draft, inherited: Chart | None) -> tuple[Any, tuple[type[Event], ...], Any]:
    found, given = draft.found, ()
    for base in vars(found.machine).get("__orig_bases__", ()):
        origin = get_origin(base)
        if isinstance(origin, type) and issubclass(origin, draft.framework):
            given = base.__args__
    if not given and inherited is not None:
        return inherited.context, inherited.events, inherited.output
    fallback = (Context, Event, None)
    chosen = [*given, *fallback[len(given) :]]
    context, alphabet, result = (
        f if isinstance(a, (typing.TypeVar, TypeVar)) else a for a, f in zip(chosen, fallback, strict=True)
    )
    if not (isinstance(context, type) and issubclass(context, Context)):
        found.report(0, f"StateMachine[{context!r}, …]: the context type must be a subclass of fsm.Context")
        context = Context
    events = []
    for event in notes.members(alphabet):
        if isinstance(event, type) and issubclass(event, Event):
            events.append(event)
        else:
            found.report(0, f"StateMachine[…, {event!r}]: every event type must be a subclass of fsm.Event")
    return context, tuple(events), result


def _reserved(draft: Draft) -> None:
    found = draft.found
    reserved = {n for base in _framework(draft) for n in (*vars(base), *getattr(base, "__annotations__", {}))}
    for base in found.machine.__mro__:
        if base in _framework(draft) or base is object:
            continue
        for name in (*vars(base), *vars(base).get("__annotations__", {})):
            if name in reserved and not name.startswith("__"):
                value = vars(base).get(name)
                line = getattr(value, "line", 0) or getattr(value, "__where__", ("", 0))[1]
                found.report(line, f"{name!r} is a name of the framework (self.{name}); choose another")


def _framework(draft: Draft) -> list[type]:
    """The classes of the framework itself among the bases, whose names are taken."""
    return [
        b
        for b in draft.found.machine.__mro__
        if issubclass(b, draft.framework) and "__chart__" not in vars(b) and b is not draft.found.machine
    ]


def _services(draft: Draft) -> None:
    machine, skip = draft.found.machine, _framework(draft)
    seen: dict[str, Service] = {}
    for base in reversed(machine.__mro__):
        if base in skip or not issubclass(base, draft.framework):
            continue
        for name, annotation in inspect.get_annotations(base).items():
            if name.startswith("_") or "ClassVar" in str(annotation):
                continue
            module = inspect.getmodule(base)
            contract = notes.resolve(annotation, {**(vars(module) if module else {}), **draft.names})
            if isinstance(contract, type):
                methods = notes.methods_of(contract)
                returns = {n: notes.return_annotation(f, {**draft.names}) for n, f in methods.items()}
                seen[name] = Service(name, contract, returns)
            else:
                draft.found.report(
                    0,
                    f"{name}: {annotation!r} is not a service contract; annotate a class (a Protocol) that can be"
                    f" imported at run time, and keep data in the context",
                )
    draft.services.extend(seen.values())


def adapt(found: Collected, item: Declared, function: Callable[..., Any] | None, most: int = 2) -> Handler | None:
    """A function of the user's in the form (machine, event)."""
    if function is None:
        found.at(item, "decorates nothing; put it above the method that it belongs to")
        return None
    name = getattr(function, "__name__", repr(function))
    where = f"{getattr(item, 'where', '')}"
    given = notes.parameters(function) if callable(function) else None
    if given is None or isinstance(function, Declared):
        found.at(item, f"{name} is not a method that takes (self) or (self, ev)")
        return None
    needed = sum(1 for p in given if p.default is p.empty)
    if not len(given) >= 1 or needed > most:
        wanted = "(self) or (self, ev)" if most == 2 else "(self)"
        found.at(item, f"{name} takes {len(given)} parameters; a handler takes {wanted}")
        return None
    call = function if len(given) > 1 else _without_event(function)
    return Handler(name, call, function, where)


def _without_event(function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    return lambda machine, event: function(machine)


def _handlers(draft: Draft) -> None:
    found = draft.found
    for item in found.declarations:
        if item.doubled:
            found.at(item, "decorates two methods; write the declaration again for the second")
        if isinstance(item, HandlerDeclared):
            made = adapt(found, item, item.function)
            for number in _places(draft, item, item.states):
                if made is None:
                    continue
                if item.what == "output":
                    _output(draft, item, found.places[number], made)
                else:
                    lists = draft.entry if item.what == "on_enter" else draft.exit
                    lists.setdefault(number, []).append(made)
                    if issubclass(found.places[number].cls, History):
                        found.at(item, "a history state is never active; name the state that it restores")
        elif isinstance(item, Invoke):
            _invoke(draft, item)


def _output(draft: Draft, item: HandlerDeclared[Any], place: Place, made: Handler) -> None:
    if not issubclass(place.cls, Final):
        draft.found.at(item, f"{place.path} is not a Final; only final states have an output")
    if place.index in draft.outputs:
        draft.found.at(item, f"{place.path} has an output already")
    draft.outputs[place.index] = made


def _places(draft: Draft, item: Declared, states: tuple[Any, ...]) -> list[int]:
    """The places that a declaration's states stand for."""
    found, numbers = draft.found, []
    if not states:
        found.at(item, "names no state; say which, as in @on_enter(Open)")
    for state in states:
        here = found.numbers(state)
        if not here:
            found.at(item, _foreign(found, state, "a state"))
        numbers.extend(here)
    return numbers


def _foreign(found: Collected, state: Any, role: str) -> str:
    if isinstance(state, type) and issubclass(state, Vertex):
        return (
            f"{state.__qualname__} is {role} of another machine; {found.machine.__name__} has only the states nested"
            f" in its own body"
        )
    return f"{state!r} is not a state; use the nested class itself as the value"


def _invoke(draft: Draft, item: Invoke[Any]) -> None:
    found = draft.found
    made = adapt(found, item, item.function)
    try:
        timeout = None if item.timeout is None else delay_ms(item.timeout)
    except ValueError as wrong:
        found.at(item, f"timeout: {wrong}")
        timeout = None
    result = notes.return_annotation(item.function, draft.names) if item.function else notes.UNKNOWN
    own = {n for s in item.states if isinstance(s, type) for n in (found.by_class.get(s),) if n is not None}
    for number in _places(draft, item, item.states):
        place = found.places[number]
        if issubclass(place.cls, (Final, History)):
            found.at(item, f"{place.path} is a {place.cls.__mro__[-3].__name__} and cannot own work; name a State")
        plain = not any(i.id == item.name for i in draft.invokes) and (number in own or not own)
        if made is not None:
            identity = item.name if plain else f"{item.name}@{place.path}"
            index = len(draft.invokes)
            draft.invokes.append(Invocation(index, identity, item.name, number, made, timeout, result))


def _edge(draft: Draft, item: Edge[Any]) -> None:
    found = draft.found
    if item.trigger == "default":
        _default(draft, item)
        return
    trigger = _trigger(draft, item)
    actions: tuple[Handler, ...] = ()
    if item.function is not None:
        made = adapt(found, item, item.function)
        actions = () if made is None else (made,)
    guard = None if item.when is None else _guard(draft, item, item.when)
    sources = item.sources
    if item.trigger in ("answered", "failed"):
        sources = tuple(found.places[i.state].cls for i in _invocations(draft, item))
        numbers = [i.state for i in _invocations(draft, item)]
    else:
        numbers = _places(draft, item, sources) if sources else [0]
    if trigger is None:
        return
    for number in numbers:
        _transition(draft, item, number, trigger, actions, guard)


def _invocations(draft: Draft, item: Edge[Any]) -> list[Invocation]:
    return [i for i in draft.invokes if i.name == item.subject.name]


def _transition(
    draft: Draft,
    item: Edge[Any],
    number: int,
    trigger: Trigger,
    actions: tuple[Handler, ...],
    guard: Guard | None,
) -> None:
    found, place = draft.found, draft.found.places[number]
    targets = []
    origin = next((s for s in item.sources if isinstance(s, type) and issubclass(place.cls, s)), place.cls)
    for target in item.targets:
        known = isinstance(target, type) and issubclass(target, Vertex)
        to = found.counterpart(origin, number, target) if known else None
        if to is None:
            found.at(item, "to=" + _foreign(found, target, "a state"))
        else:
            targets.append(to)
    index = len(draft.transitions)
    name = item.name or f"{item.what}{index}"
    match item.trigger:
        case "after":
            trigger = replace(trigger, key=f"after:{place.path}#{name}")
        case "done":
            trigger = replace(trigger, key=f"done.state.{place.path}")
        case "answered" | "failed":
            mine = next(i for i in _invocations(draft, item) if i.state == number)
            trigger = replace(trigger, key=f"{'done' if item.trigger == 'answered' else 'error'}.invoke.{mine.id}")
        case _:
            pass
    doc = inspect.getdoc(item.function) or "" if item.function else ""
    draft.transitions.append(
        Transition(index, name, number, trigger, tuple(targets), guard, actions, item.reenter, item.where, doc)
    )


def _trigger(draft: Draft, item: Edge[Any]) -> Trigger | None:
    found = draft.found
    match item.trigger:
        case "event":
            event = item.subject
            if not (isinstance(event, type) and issubclass(event, Event)):
                found.at(item, f"{event!r} is not an event; use a subclass of fsm.Event")
                return None
            _fits(draft, item, event)
            return Trigger("event", (event,))
        case "after":
            try:
                return Trigger("after", delay_ms=delay_ms(item.subject))
            except ValueError as wrong:
                found.at(item, str(wrong))
                return None
        case "answered":
            results = {repr(i.result): i.result for i in _invocations(draft, item)}
            if not results:
                found.at(item, "belongs to an invoke that is not part of this machine")
                return None
            for result in results.values():
                _fits(draft, item, Done, result)
            return Trigger("answered")
        case "failed":
            if not _invocations(draft, item):
                found.at(item, "belongs to an invoke that is not part of this machine")
                return None
            _fits(draft, item, Failed)
            return Trigger("failed")
        case "done":
            _fits(draft, item, Done)
            return Trigger("done")
        case _:
            return Trigger("always", key="always")


def _fits(draft: Draft, item: Edge[Any], event: type[Event], data: Any = notes.UNKNOWN) -> None:
    """Report handlers and guards of an edge whose annotation does not take its event."""
    guards = [] if not isinstance(item.when, Guard) else [g for g in parts(item.when) if isinstance(g, Predicate)]
    asked = [("action", item.function), *(("guard", g.function) for g in guards)]
    for role, function in asked:
        if function is None:
            continue
        annotation = notes.event_annotation(function, draft.names)
        if not notes.accepts(annotation, event, data):
            given = f"{event.__name__}" + (f"[{notes.name_of(data)}]" if data is not notes.UNKNOWN else "")
            draft.found.at(
                item,
                f"the {role} {function.__name__} expects {notes.name_of(annotation)}, the edge gives {given};"
                f" annotate the event as {given}",
            )


def _guard(draft: Draft, item: Declared, guard: Any) -> Guard | None:
    """The guard with names resolved: overridden predicates replaced, states checked, functions adapted."""
    match guard:
        case InState():
            if not draft.found.numbers(guard.state):
                draft.found.at(item, "in_state: " + _foreign(draft.found, guard.state, "a state"))
            return guard
        case Predicate():
            override = vars_of(draft.found.machine, guard.label)
            if isinstance(override, Guard) and override is not guard:
                return _guard(draft, item, override)
            made = adapt(draft.found, item, guard.function)
            return None if made is None else _asked(guard, made)
        case Both() | Either():
            left, right = _guard(draft, item, guard.left), _guard(draft, item, guard.right)
            return None if left is None or right is None else type(guard)(left, right)
        case Not():
            inner = _guard(draft, item, guard.inner)
            return Not(inner) if inner is not None else None
        case _:
            draft.found.at(item, f"when={guard!r} is not a guard; decorate the method with @guard")
            return None


def _asked(guard: Predicate, made: Handler) -> Predicate:
    asked = Predicate(made.call)
    asked.label, asked.__doc__ = guard.label, guard.__doc__
    return asked


def _default(draft: Draft, item: Edge[Any]) -> None:
    found = draft.found
    made = adapt(found, item, item.function) if item.function is not None else None
    for number in _places(draft, item, item.sources):
        place = found.places[number]
        if not issubclass(place.cls, History):
            found.at(item, f"{place.path} is not a History; default() says where a history leads without a past")
            continue
        targets = [found.counterpart(item.sources[0], number, t) for t in item.targets]
        if not targets or None in targets:
            found.at(item, "to= must name states of this machine")
            continue
        draft.defaults[number] = (tuple(t for t in targets if t is not None), () if made is None else (made,))


def _nodes(draft: Draft) -> tuple[Node, ...]:
    return tuple(_node(draft, place) for place in draft.found.places)


def _node(draft: Draft, place: Place) -> Node:
    found, cls, i = draft.found, place.cls, place.index
    states = [c for c in place.children if not issubclass(found.places[c].cls, History)]
    kind = (
        Kind.HISTORY
        if issubclass(cls, History)
        else Kind.FINAL
        if issubclass(cls, Final)
        else Kind.PARALLEL
        if issubclass(cls, Parallel)
        else Kind.COMPOUND
        if states or i == 0
        else Kind.ATOMIC
    )
    initial = tuple(c for c in states if found.places[c].cls.__dict__.get("__initial__"))
    default, default_actions = draft.defaults.get(i, ((), ()))
    return Node(
        index=i,
        id=place.path,
        name=place.name,
        kind=kind,
        parent=place.parent,
        end=place.end,
        children=tuple(states) if kind is not Kind.HISTORY else (),
        initial=initial if kind is Kind.COMPOUND else (),
        deep=bool(getattr(cls, "__deep__", False)),
        default=default,
        default_actions=default_actions,
        entry=tuple(draft.entry.get(i, ())),
        exit=tuple(draft.exit.get(i, ())),
        output=draft.outputs.get(i),
        invokes=tuple(v.index for v in draft.invokes if v.state == i),
        tags=getattr(cls, "__tags__", frozenset()),
        doc=(inspect.cleandoc(cls.__doc__) if cls.__doc__ else "") if i else "",
    )


def _alphabet(draft: Draft, declared: tuple[type[Event], ...]) -> tuple[type[Event], ...]:
    """The declared events and those that edges name, each once."""
    events: dict[type[Event], None] = dict.fromkeys(declared)
    for t in draft.transitions:
        events.update(dict.fromkeys(e for e in t.trigger.events if not e.__system__))
    return tuple(events)


def _digest(nodes: tuple[Node, ...], draft: Draft) -> str:
    """The identity of a shape: states, edges, invokes; not the code of handlers."""
    lines = [f"{n.kind.value} {n.id} {n.initial} {n.deep} {n.default}" for n in nodes]
    lines += [
        f"{t.source} {t.trigger.kind} {t.trigger.label} {t.trigger.key} {t.targets} {t.reenter}"
        f" {t.guard.label if t.guard is not None else ''}"
        for t in draft.transitions
    ]
    lines += [f"{i.id} {i.state} {i.timeout_ms}" for i in draft.invokes]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
