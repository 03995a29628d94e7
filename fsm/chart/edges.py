"""Edges of a machine: from declarations to transitions, one for each copy of their source."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any, get_args, get_origin

from fsm.chart import annotations as notes
from fsm.chart.action import Handler as HandlerDeclared
from fsm.chart.chart import ALWAYS, Handler, Invocation, Transition, Trigger
from fsm.chart.collect import Collected
from fsm.chart.declared import shown
from fsm.chart.delay import delay_ms
from fsm.chart.draft import Draft, places_of, target_of
from fsm.chart.edge import Deferral, Edge
from fsm.chart.event import ActionFailed, Completed, Done, Event, Failed
from fsm.chart.guard import Guard
from fsm.chart.methods import adapt, bound, fits, returned, undo_of
from fsm.chart.state import Choice, Final, History, Vertex


def edges(draft: Draft) -> None:
    """All transitions and history defaults, in declaration order."""
    for item in draft.found.declarations:
        if isinstance(item, Edge):
            if not isinstance(item.reenter, bool):
                draft.found.at(item, f"reenter={shown(item.reenter)} is neither True nor False; write reenter=True")
            if item.trigger == "default":
                _default(draft, item)
            else:
                _edge(draft, item)
        elif isinstance(item, Deferral):
            _deferral(draft, item)
        elif isinstance(item, HandlerDeclared) and item.what == "choose":
            _choice(draft, item)


def _choice(draft: Draft, item: HandlerDeclared[Any]) -> None:
    """A transition to each state that the decision may name."""
    found = draft.found
    ways = _ways(draft, item)
    for state in item.states:
        for number in found.numbers(state):
            for way in ways:
                to = target_of(draft, item, state, number, way)
                if to is not None:
                    trigger = Trigger("choose", key=ALWAYS)
                    name = f"{item.name}.{way.__name__}"
                    made = Transition(len(draft.transitions), name, number, trigger, (to,), where=item.where)
                    draft.transitions.append(made)


def _ways(draft: Draft, item: HandlerDeclared[Any]) -> list[Any]:
    """The states that a decision may name, as its annotation says."""
    given = returned(draft, item)
    if given is notes.UNKNOWN:
        text = getattr(item.function, "__annotations__", {}).get("return")
        said = "does not say where it may lead" if text is None else f"what it returns, {text!r}, cannot be resolved"
        draft.found.at(item, f"{said}; annotate the states, as in -> type[Open] | type[Closed]")
        return []
    ways: dict[Any, None] = {}
    for part in notes.members(given):
        if get_origin(part) is type:
            ways.update(dict.fromkeys(notes.members(get_args(part)[0])))
        else:
            name = "None" if part is type(None) else notes.name_of(part)
            draft.found.at(item, f"may return {name}, which is no state; annotate -> type[Open] | type[Closed]")
    return list(ways)


def _deferral(draft: Draft, item: Deferral) -> None:
    event = item.event
    known = isinstance(event, type) and issubclass(event, Event) and not event.__system__
    if not known or not (event.__wire__ or event is Event):
        draft.found.at(item, f"{shown(event)} is not an event that can wait; use a subclass of fsm.Event")
        return
    for number in places_of(draft, item, item.states):
        if issubclass(draft.found.places[number].cls, (Final, History, Choice)):
            draft.found.at(item, f"{draft.found.places[number].path} cannot keep events; name a State")
        draft.deferrals.setdefault(number, []).append(Trigger("event", (event,)))


def _edge(draft: Draft, item: Edge[Any]) -> None:
    found = draft.found
    trigger = _trigger(draft, item)
    actions: tuple[Handler, ...] = ()
    if item.function is not None:
        made = adapt(found, item, item.function)
        actions = () if made is None else (made,)
    guard = None if item.when is None else bound(draft, item, item.when)
    if item.trigger in ("answered", "failed", "overdue"):
        numbers = [i.state for i in _invocations(draft, item)]
        origins = tuple(found.places[n].cls for n in numbers)
    else:
        numbers = places_of(draft, item, item.sources) if item.sources else [0]
        origins = item.sources
    for number in numbers:
        origin = origins[0] if len(origins) == 1 else _origin(found, number, origins)
        targets = [to for target in item.targets if (to := target_of(draft, item, origin, number, target)) is not None]
        if trigger is not None:
            _transition(draft, item, number, trigger, tuple(targets), guard, actions)


def _origin(found: Collected, number: int, origins: tuple[type[Vertex], ...]) -> type:
    """Which of the named sources a place is one of."""
    return next((source for source in origins if number in found.numbers(source)), found.places[number].cls)


def _invocations(draft: Draft, item: Edge[Any]) -> list[Invocation]:
    return draft.named.get(item.subject.name, [])


def _transition(
    draft: Draft,
    item: Edge[Any],
    number: int,
    trigger: Trigger,
    targets: tuple[int, ...],
    guard: Guard | None,
    actions: tuple[Handler, ...],
) -> None:
    index = len(draft.transitions)
    name = item.name or f"{item.what}{index}"
    match item.trigger:
        case "event" | "always":
            pass
        case "after":
            trigger = replace(trigger, key=f"after:{draft.found.places[number].path}#{name}")
        case "overdue":
            mine = next(i for i in _invocations(draft, item) if i.state == number)
            key = f"overdue:{draft.found.places[number].path}#{mine.name}"
            trigger = replace(trigger, key=key, invoke=mine.id)
        case "warned" | "breached":
            key = f"{trigger.word}:{draft.found.places[number].path}#{item.subject.name}"
            trigger = replace(trigger, key=key)
        case "done":
            trigger = replace(trigger, key=f"done.state.{draft.found.places[number].path}")
        case "answered" | "failed":
            mine = next(i for i in _invocations(draft, item) if i.state == number)
            trigger = replace(trigger, key=f"{'done' if item.trigger == 'answered' else 'error'}.invoke.{mine.id}")
        case _:
            pass
    doc = inspect.getdoc(item.function) or "" if callable(item.function) else ""
    said = {
        "index": index,
        "name": name,
        "source": number,
        "trigger": trigger,
        "targets": targets,
        "guard": guard,
        "actions": actions,
        "reenter": item.reenter is True,
        "where": item.where,
        "doc": doc,
    }
    if draft.undos:
        said["undo"] = undo_of(draft, item)
    draft.transitions.append(Transition.of(said))


def _trigger(draft: Draft, item: Edge[Any]) -> Trigger | None:
    found = draft.found
    match item.trigger:
        case "event":
            return _event(draft, item)
        case "after":
            try:
                return Trigger("after", delay_ms=delay_ms(item.subject))
            except ValueError as wrong:
                found.at(item, str(wrong))
                return None
        case "overdue" | "warned" | "breached":
            return _clocked(draft, item)
        case "answered" | "failed":
            invocations = _invocations(draft, item)
            if not invocations and item.subject not in found.declarations:
                found.at(item, "belongs to an invoke that is not part of this machine; declare it in this class")
                return None
            results = {repr(i.result): (Completed if i.person is not None else Done, i.result) for i in invocations}
            for kind, result in results.values() if item.trigger == "answered" else ():
                fits(draft, item, item.when, kind, result)
            if item.trigger == "failed":
                fits(draft, item, item.when, Failed)
            return Trigger(item.trigger)
        case "done":
            fits(draft, item, item.when, Done)
            return Trigger("done")
        case _:
            return Trigger("always", key=ALWAYS)


def _clocked(draft: Draft, item: Edge[Any]) -> Trigger | None:
    """The timer of a human task or of a deadline."""
    subject, part = item.subject, {"overdue": "due", "warned": "warn", "breached": "breach"}[item.trigger]
    if subject not in draft.found.declarations:
        draft.found.at(item, f"belongs to a {subject.what} that is not part of this machine; declare it in this class")
    elif getattr(subject, part) is None:
        draft.found.at(item, f"never comes: {subject.name} has no {part}=; give it one, as in {part}='2d'")
    else:
        try:
            word = "overdue" if part == "due" else part
            return Trigger("after", delay_ms=delay_ms(getattr(subject, part)), word=word)
        except ValueError:
            return None  # reported where the delay stands
    return None


def _event(draft: Draft, item: Edge[Any]) -> Trigger | None:
    event = item.subject
    known = draft.triggers.get(event) if isinstance(event, type) else None
    if known is not None:  # another edge has named it, and nothing was wrong with it
        fits(draft, item, item.when, event)
        return known
    if not (isinstance(event, type) and issubclass(event, Event)):
        draft.found.at(item, f"{shown(event)} is not an event; use a subclass of fsm.Event")
        return None
    if event.__system__ and not issubclass(event, ActionFailed):
        name = event.__name__
        fix = "`.failed(…)` of its invoke" if issubclass(event, Failed) else "`.done(…)` of an invoke, or all_done(…)"
        draft.found.at(item, f"{name} is never taken by an edge on events; write {fix}")
        return None
    if not event.__wire__ and event is not Event:
        draft.found.at(item, f"{event.__name__} is a kind of events and none by itself; name the class that extends it")
        return None
    fits(draft, item, item.when, event)
    made = draft.triggers[event] = Trigger("event", (event,))
    return made


def _default(draft: Draft, item: Edge[Any]) -> None:
    found = draft.found
    made = adapt(found, item, item.function) if item.function is not None else None
    for number in places_of(draft, item, item.sources):
        place = found.places[number]
        if not issubclass(place.cls, History):
            found.at(item, f"{place.path} is not a History; default() says where a history leads without a past")
            continue
        if number in draft.defaults:
            found.at(item, f"{place.path} has a default already; keep one of them")
        if not item.targets:
            found.at(item, f"to= must name a state; say where {place.path} leads without a past")
        targets = [target_of(draft, item, item.sources[0], number, t) for t in item.targets]
        actions = () if made is None else (made,)
        draft.defaults[number] = (tuple(t for t in targets if t is not None), actions)
