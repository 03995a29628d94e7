"""A reading: what a live machine of `transitions` says, as places and arrows with whole names.

Nested machines keep states and events in scopes, each with names of its own; here every state is named by its path and
every transition by the states that it connects. Auto transitions (`to_A`) become one arrow each, from anywhere.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from transitions import Event, Machine, State, Transition
from transitions.extensions.nesting import HierarchicalMachine

ROLES = ("on_enter", "on_exit", "on_final", "on_timeout")
"""What a state may have callbacks for."""


@dataclass(slots=True)
class Place:
    """A state; `initial` names the states entered with it, which make it parallel when they are several children."""

    id: str
    path: tuple[str, ...]
    state: Any
    """Named by its whole path, also between the callbacks."""
    callbacks: dict[str, list[Any]]
    """By role: on_enter, on_exit, on_final, on_timeout."""
    parent: Place | None = None
    children: list[Place] = field(default_factory=list)
    initial: tuple[str, ...] = ()
    parallel: bool = False
    region: bool = False

    def within(self, other: Place | None) -> bool:
        """Whether this is the other one or lies inside of it; everything lies inside of the machine, None."""
        return other is None or self.path[: len(other.path)] == other.path


@dataclass(slots=True)
class Arrow:
    """A transition; without a source it may be taken anywhere, without a target it stays where it is."""

    trigger: str
    source: str | None
    target: str | None
    moves: dict[str, Transition]
    """The transitions that it stands for, by their source."""
    auto: bool = False

    @property
    def where(self) -> str:
        """The transition as a message names it."""
        return f"transition {self.trigger!r} from {self.source or '*'} to {self.target or 'nowhere'}"


@dataclass(slots=True)
class Reading:
    """All that a machine says."""

    machine: Machine
    separator: str
    places: dict[str, Place] = field(default_factory=dict)
    initial: tuple[str, ...] = ()
    parallel: bool = False
    arrows: list[Arrow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def top(self) -> list[Place]:
        """The outermost states."""
        return [p for p in self.places.values() if p.parent is None]

    @property
    def triggers(self) -> list[str]:
        """Names of all events, each once."""
        return list(dict.fromkeys(arrow.trigger for arrow in self.arrows))


def read(machine: Machine) -> Reading:
    """What a machine says; what cannot be understood is in `problems`."""
    reading = Reading(machine, machine.state_cls.separator if isinstance(machine, HierarchicalMachine) else "")
    _places(reading, machine.states, None)
    for place in reading.places.values():
        place.initial, place.parallel = _initial(reading, place.state, place, place.children)
        for child in place.children:
            child.region = place.parallel
    if machine.initial is None:
        reading.problems.append("no initial state: say which is entered first, as in initial='A'")
    else:
        reading.initial, reading.parallel = _initial(reading, machine, None, reading.top)
        for id in reading.initial if reading.parallel else ():
            reading.places[reading.places[id].path[0]].initial = (id,)
    auto = {name: arrow for event in machine.events.values() for name, arrow in _auto(reading, event)}
    reading.arrows.extend(auto.values())
    _arrows(reading, (e for name, e in machine.events.items() if name not in auto), ())
    for place in reading.places.values():
        _arrows(reading, getattr(place.state, "events", {}).values(), place.path)
    return reading


def _places(reading: Reading, states: Mapping[str, State], parent: Place | None) -> None:
    for name, state in states.items():
        path = (*parent.path, name) if parent is not None else (name,)
        named: Any = state
        if parent is not None:
            named = copy.copy(state)
            named._scope = list(path[:-1])
        callbacks = {role: list(getattr(state, role, ())) for role in ROLES}
        place = Place(reading.separator.join(path), path, named, callbacks, parent)
        reading.places[place.id] = place
        if parent is not None:
            parent.children.append(place)
        _places(reading, getattr(state, "states", {}), place)


def _initial(reading: Reading, owner: Any, place: Place | None, children: list[Place]) -> tuple[tuple[str, ...], bool]:
    """Ids of the states entered by default, and whether they are regions."""
    given = getattr(owner, "initial", None)
    prefix = place.path if place is not None else ()
    found = []
    for item in _flat(given):
        name = item.name if isinstance(item, (Enum, State)) else str(item)
        id = _known(reading, prefix, name)
        if id is None:
            reading.problems.append(_missing(reading, f"initial of {_name(place)}", name))
        else:
            found.append(id)
    entered = {reading.places[id].path[len(prefix)] for id in found}
    if len(entered) < 2:
        return tuple(found), False
    idle = [child.id for child in children if child.path[-1] not in entered]
    if idle:
        reading.problems.append(
            f"{_name(place)}: it enters {', '.join(sorted(entered))} at once, and never {', '.join(idle)}: a parallel"
            f" state is in all of its children; move {', '.join(idle)} elsewhere"
        )
    return tuple(id for id in found if len(reading.places[id].path) > len(prefix) + 1), True


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _flat(item)
    elif value is not None and value is not False:
        yield value


def _name(place: Place | None) -> str:
    return f"state {place.id!r}" if place is not None else "the machine"


def _known(reading: Reading, prefix: tuple[str, ...], name: str) -> str | None:
    """The id of a state that is named in a scope: as the scope knows it, or by its whole name."""
    inner = reading.separator.join((*prefix, name))
    return next((id for id in (inner, name) if id in reading.places), None)


def _missing(reading: Reading, what: str, name: str) -> str:
    near = difflib.get_close_matches(name, list(reading.places), 1)
    hint = f"did you mean {near[0]!r}?" if near else "add it to states"
    return f"{what}: there is no state {name!r}; {hint}"


def _auto(reading: Reading, event: Event) -> Iterator[tuple[str, Arrow]]:
    """The one arrow of an event that transitions made itself, untouched since."""
    machine = reading.machine
    if not machine.auto_transitions or not event.name.startswith("to_"):
        return
    names = [event.name.removeprefix("to_"), event.name.removeprefix(f"to_{machine.model_attribute}_")]
    target = next((name for name in names if name in reading.places), None)
    moves = {source: ways[0] for source, ways in event.transitions.items() if len(ways) == 1}
    plain = len(moves) == len(event.transitions) and all(_plain(move, target) for move in moves.values())
    if target is not None and plain and moves.keys() == {place.id for place in reading.top}:
        yield event.name, Arrow(event.name, None, target, moves, auto=True)


def _plain(move: Transition, target: str | None) -> bool:
    return move.dest == target and not (move.conditions or move.prepare or move.before or move.after)


def _arrows(reading: Reading, events: Iterable[Event], prefix: tuple[str, ...]) -> None:
    for event in events:
        for ways in event.transitions.values():
            for move in ways:
                arrow = Arrow(event.name, move.source, move.dest, {})
                source = _known(reading, prefix, move.source)
                target = None if move.dest is None else _known(reading, prefix, move.dest)
                if source is None:
                    reading.problems.append(_missing(reading, f"source of {arrow.where}", move.source))
                elif target is None and move.dest is not None:
                    reading.problems.append(_missing(reading, f"dest of {arrow.where}", move.dest))
                else:
                    reading.arrows.append(Arrow(event.name, source, target, {source: move}))
