"""Methods: the functions of a class body, checked and brought to the form (machine, event)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

from fsm.chart import annotations as notes
from fsm.chart.action import Handler as HandlerDeclared
from fsm.chart.chart import Handler, Invocation
from fsm.chart.collect import Collected, Place, vars_of
from fsm.chart.compensation import Compensation, nothing, places_undone
from fsm.chart.declared import Declared, shown
from fsm.chart.delay import delay_ms
from fsm.chart.draft import Draft, foreign, places_of
from fsm.chart.edge import Edge
from fsm.chart.event import Event
from fsm.chart.fanout import each_of, fan_out, result_of
from fsm.chart.guard import Both, Either, Guard, InState, Not, NotAGuard, Predicate
from fsm.chart.invoke import Invoke
from fsm.chart.state import Choice, Final, History, Vertex
from fsm.chart.undo import Undo


def adapt(found: Collected, item: Declared, function: Callable[..., Any] | None) -> Handler | None:
    """A function of the user's in the form (machine, event)."""
    if function is None:
        found.at(item, "decorates nothing; put it above the method that it belongs to")
        return None
    if isinstance(function, (Declared, Guard)):
        found.at(
            item,
            "decorates another declaration; give each its own method (one decorator may name several states), and call"
            " a shared function from both",
        )
        return None
    name = getattr(function, "__name__", None) or shown(function)
    given = notes.parameters(function) if callable(function) else None
    if given is None:
        found.at(item, f"{name} is not a method that takes (self) or (self, ev); write it with def or async def")
        return None
    needed = sum(1 for p in given if p.default is p.empty)
    if not len(given) >= 1 or needed > 2:
        found.at(item, f"{name} takes {len(given)} parameters; a handler takes (self) or (self, ev)")
        return None
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        found.at(item, f"{name} contains yield, so that calling it runs nothing; take the yield out")
        return None
    short = len(given) == 1
    return Handler(name, _without_event(function) if short else function, function, item.where, short)


def _without_event(function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    return lambda machine, event: function(machine)


def understood(item: Declared | Predicate, role: str, read: Callable[[], Any]) -> Any:
    """An annotation as it was understood first, where its names are known; a class that inherits it keeps that."""
    if item.resolved.get(role, notes.UNKNOWN) is notes.UNKNOWN:
        item.resolved[role] = read()
    return item.resolved[role]


def returned(draft: Draft, item: Declared) -> Any:
    """The type that a declaration's method gives."""
    function = item.function
    if not callable(function) or isinstance(function, Declared):
        return notes.UNKNOWN
    holder = draft.found.holders.get(id(item))
    names = draft.names if holder is None else {**draft.names, **vars(holder)}
    return understood(item, "return", lambda: notes.return_annotation(function, names))


def expected(draft: Draft, item: Declared | Predicate) -> Any:
    """The type that a method expects its event to be."""
    function = item.function
    if not callable(function) or isinstance(function, Declared):
        return notes.UNKNOWN
    return understood(item, "event", lambda: notes.event_annotation(function, draft.names))


def handlers(draft: Draft) -> None:
    """Entries, exits, outputs and invokes."""
    found = draft.found
    for item in found.declarations:
        if item.doubled:
            found.at(item, "decorates two methods; write the declaration again for the second")
        if isinstance(item, HandlerDeclared):
            made = adapt(found, item, item.function)
            for number in places_of(draft, item, item.states):
                if made is not None:
                    _handler(draft, item, found.places[number], made)
        elif isinstance(item, Invoke):
            _invoke(draft, item)
        elif isinstance(item, Undo):
            _check_undo(draft, item)
        elif item.what == "invoke":
            bare = any(isinstance(state, FunctionType) for state in getattr(item, "states", ()))
            text = "names no state" if bare else "decorates nothing"
            found.at(item, f"{text}; write `@invoke(Open)`, with a state, above the method that does the work")


def _handler(draft: Draft, item: HandlerDeclared[Any], place: Place, made: Handler) -> None:
    if item.what == "choose":
        if not issubclass(place.cls, Choice):
            draft.found.at(item, f"{place.path} is not a Choice; write `class {place.name}(Choice)`, or use always(…)")
        if place.index in draft.choices:
            draft.found.at(item, f"{place.path} is decided already; keep one of them")
        draft.choices[place.index] = made
        return
    if item.what == "output":
        if not issubclass(place.cls, Final):
            draft.found.at(item, f"{place.path} is not a Final; only final states have an output")
        if place.index in draft.outputs:
            draft.found.at(item, f"{place.path} has an output already; keep one of them")
        draft.outputs[place.index] = made
        draft.results[place.index] = (item, returned(draft, item))
        return
    lists = draft.entry if item.what == "on_enter" else draft.exit
    lists.setdefault(place.index, []).append(made)
    if issubclass(place.cls, History):
        draft.found.at(item, f"{place.path} is a History, which is never active; name the state that it restores")
    if issubclass(place.cls, Choice):
        draft.found.at(item, f"{place.path} is a Choice, which nobody stays in; name the states that it leads to")


def _invoke(draft: Draft, item: Invoke[Any]) -> None:
    found, undoes = draft.found, places_undone(draft, item) if isinstance(item, Compensation) else None
    made = adapt(found, item, item.function) if undoes is None else Handler(item.name, nothing, nothing, item.where)
    try:
        timeout = None if item.timeout is None else delay_ms(item.timeout)
    except ValueError as wrong:
        found.at(item, f"timeout: {wrong}")
        timeout = None
    machine = item.machine
    if machine is not None and not hasattr(machine, "__chart__"):
        found.at(item, f"machine={shown(machine)} is not a machine; name a subclass of StateMachine")
        return
    if machine is not None:
        _child_machine(draft, item)
    result = list[str] if undoes is not None else returned(draft, item) if machine is None else machine.__chart__.output
    annotation = getattr(item.function, "__annotations__", {}).get("return") if machine is None else None
    if result is notes.UNKNOWN and annotation is not None:
        found.at(
            item, f"its result {annotation!r} cannot be resolved; import it at run time, so that it can be read back"
        )
    fan = None
    if item.over is not None:
        each = None if item.over.each is None else adapt(found, item, each_of(draft, item.over))
        fan = fan_out(draft, item, each, expected(draft, item), result)
        result = result if fan is None else result_of(fan)
    if made is None:
        own(draft, item)
        return
    said: dict[str, Any] = {"fan": fan, "undo": undo_of(draft, item, result), "undoes": undoes}
    if machine is not None:
        said |= {"child": _child(machine, made), "machines": {machine.__chart__.name: machine}}
    own(draft, item, work=made, timeout_ms=timeout, result=result, forward=item.forward, **said)


def own(draft: Draft, item: Any, **said: Any) -> None:
    """Let each state that a declaration names own an invoke of which this is said; nothing is said of a wrong one."""
    found = draft.found
    named = {n for s in item.states if isinstance(s, type) for n in (found.by_class.get(s),) if n is not None}
    for number in places_of(draft, item, item.states):
        place = found.places[number]
        _check_owner(draft, item, place)
        namesakes = draft.named.setdefault(item.name, [])
        plain = not any(i.id == item.name for i in namesakes) and (number in named or not named)
        if said:
            id = item.name if plain else f"{item.name}@{place.path}"
            invocation = Invocation(len(draft.invokes), id, item.name, number, **said)
            draft.invokes.append(invocation)
            namesakes.append(invocation)
            draft.owned.setdefault(number, []).append(invocation.index)


def _check_owner(draft: Draft, item: Invoke[Any], place: Place) -> None:
    if issubclass(place.cls, (Final, History, Choice)):
        kind = next(k.__name__ for k in (Final, History, Choice) if issubclass(place.cls, k))
        draft.found.at(item, f"{place.path} is a {kind} and cannot own work; name a State")


def undo_of(draft: Draft, item: Declared, gets: Any = notes.UNKNOWN) -> Handler | None:
    """What undoes an invoke that answers with such a type, or the action of an edge."""
    mine = [undo for undo in draft.undos if _is_of(draft, undo, item)]
    if len(mine) > 1:
        draft.found.at(mine[1], f"{item.name} has an undo already; keep one of them")
    for undo in mine[:1]:
        made = adapt(draft.found, undo, undo.function)
        taken = expected(draft, undo)
        if isinstance(item, Invoke) and not notes.covers(taken, gets):
            names = notes.name_of(taken), notes.name_of(gets)
            draft.found.at(undo, f"expects {names[0]}, {item.name} answers with {names[1]}; annotate it as {names[1]}")
        return made
    return None


def _is_of(draft: Draft, undo: Undo, item: Declared) -> bool:
    """Whether an undo belongs to a declaration, or to one that this overrides by name."""
    return undo.subject is item or (undo.subject.name == item.name and undo.subject not in draft.found.declarations)


def _check_undo(draft: Draft, item: Undo) -> None:
    """Report an undo of what cannot be undone."""
    found, subject = draft.found, item.subject
    if not any(_is_of(draft, item, other) for other in found.declarations):
        found.at(item, "belongs to something that is not part of this machine; declare it in this class")
    if isinstance(subject, Compensation):
        found.at(item, "a compensation cannot be undone; take it away")
    if not isinstance(subject, Edge):
        return
    if subject.function is None:
        found.at(item, "its edge has no action that could be undone; decorate a method with the edge")
    if subject.trigger == "event":
        fits(draft, item, None, subject.subject)
    elif subject.trigger in ("after", "always"):
        if len(notes.parameters(item.function) or ()) != 1:  # type: ignore[arg-type]
            found.at(item, f"there is no event when {subject.trigger} is taken; write it as (self)")
    else:
        found.at(item, "belongs to an edge that takes an answer; undo the invoke itself: `@charge.undo`")


def _child_machine(draft: Draft, item: Invoke[Any]) -> None:
    """Report what is wrong with the data and the forwarded events of a child machine."""
    found, chart = draft.found, item.machine.__chart__
    if inspect.iscoroutinefunction(item.function):
        found.at(item, "makes the data of a child machine and waits for nothing; write it with def")
    if not notes.covers(chart.context | None, returned(draft, item)):
        kind, given = chart.context.__name__, notes.name_of(returned(draft, item))
        found.at(item, f"gives {given}, but {chart.name} starts with {kind}; return a {kind}, or None for its defaults")
    if not isinstance(item.forward, tuple):
        found.at(item, f"forward={shown(item.forward)} is not a list of events; write forward=[…]")
        item.forward = ()
    for event in item.forward:
        if not (isinstance(event, type) and issubclass(event, Event)) or event.__system__:
            found.at(
                item, f"forward: {shown(event)} is not an event that can be handed on; use a subclass of fsm.Event"
            )
        elif not chart.named and not any(issubclass(event, e) or issubclass(e, event) for e in chart.events):
            found.at(
                item, f"forward: {event.__name__} is not in the alphabet of {chart.name}; add it there, or take it out"
            )


def _child(machine: Any, data: Handler) -> Callable[[Any, Any], tuple[type[Any], Any]]:
    return lambda parent, event: (machine, data.call(parent, event))


def fits(draft: Draft, item: Declared, guard: Guard | None, event: type[Event], data: Any = notes.UNKNOWN) -> None:
    """Report the action and the guards of an edge whose annotation does not take its event."""
    if item.function is None and guard is None:
        return
    asked: list[tuple[str, Declared | Predicate]] = [] if item.function is None else [("action", item)]
    asked += [("guard", part) for part in _predicates(draft, guard)]
    for role, part in asked:
        annotation = expected(draft, part)
        if not notes.accepts(annotation, event, data):
            name = getattr(part.function, "__name__", shown(part.function))
            given = f"{event.__name__}" + (f"[{notes.name_of(data)}]" if data is not notes.UNKNOWN else "")
            draft.found.at(
                item,
                f"the {role} {name} expects {notes.name_of(annotation)}, the edge gives {given};"
                f" annotate the event as {given}",
            )


def _predicates(draft: Draft, guard: Any) -> list[Predicate]:
    match guard:
        case Both() | Either():
            return [*_predicates(draft, guard.left), *_predicates(draft, guard.right)]
        case Not():
            return _predicates(draft, guard.inner)
        case Predicate():
            return [guard] if override_of(draft, guard) is guard else _predicates(draft, override_of(draft, guard))
        case _:
            return []


def override_of(draft: Draft, guard: Guard) -> Any:
    """What a subclass puts in the place of a guard that has a name; the guard itself where nothing does."""
    name = draft.guards.get(id(guard))
    return guard if name is None else vars_of(draft.found.machine, name)


def bound(draft: Draft, item: Declared, guard: Any) -> Guard:
    """The guard with names resolved: overridden guards replaced, states checked, functions adapted."""
    override = override_of(draft, guard) if isinstance(guard, Guard) else guard
    if override is not guard:
        if isinstance(override, Guard):
            return bound(draft, item, override)
        draft.found.at(item, f"its guard {guard.label} is overridden by something else; decorate that with @guard")
        return NotAGuard(override)
    match guard:
        case InState():
            return _in_state(draft, item, guard)
        case Predicate():
            made = adapt(draft.found, item, guard.function)
            return NotAGuard(guard.function) if made is None else _asked(guard, made)
        case Both() | Either():
            return type(guard)(bound(draft, item, guard.left), bound(draft, item, guard.right))
        case Not():
            return Not(bound(draft, item, guard.inner))
        case _:
            text = f": {guard.label}" if isinstance(guard, NotAGuard) else shown(guard)
            draft.found.at(item, f"when={text} is not a guard; decorate the method with @guard")
            return NotAGuard(guard)


def _in_state(draft: Draft, item: Declared, guard: InState) -> Guard:
    numbers = draft.found.numbers(guard.state)
    if not numbers:
        draft.found.at(item, "in_state: " + foreign(draft.found, guard.state, "a state"))
        return guard
    whole: Guard = guard
    for other in (draft.found.places[n].cls for n in numbers):
        if issubclass(other, Vertex) and isinstance(guard.state, type) and not issubclass(other, guard.state):
            whole = Either(whole, InState(other))  # a subclass put another state in its place
    whole.label, whole.strength = guard.label, guard.strength
    return whole


def _asked(guard: Predicate, made: Handler) -> Predicate:
    asked = Predicate(made.call)
    asked.direct = made.function if made.short else None
    asked.label, asked.__doc__ = guard.label, guard.__doc__
    return asked
