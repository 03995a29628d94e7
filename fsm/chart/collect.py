"""Collecting: from class bodies to the tree of states and the list of declarations, inherited ones included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from fsm.chart.declared import DECLARED, Declared
from fsm.chart.edge import Edge
from fsm.chart.guard import Predicate
from fsm.chart.state import STATES, Choice, Final, History, Parallel, State, Vertex, own_children

KINDS = (State, Parallel, Final, History, Choice, Vertex)
"""The classes that states extend and that are no states themselves."""


@dataclass(slots=True)
class Place:
    """A state at its place in one machine's tree; number 0 is the machine itself."""

    index: int
    path: str
    name: str
    cls: type
    parent: int
    children: list[int] = field(default_factory=list)
    end: int = 0


@dataclass(slots=True)
class Problem:
    """Something wrong with a definition, and the line that it belongs to."""

    line: int
    text: str


@dataclass(slots=True)
class Collected:
    """All that a machine class and its bases say."""

    machine: type
    places: list[Place]
    declarations: list[Declared]
    problems: list[Problem]
    by_class: dict[type, int] = field(default_factory=dict)
    by_path: dict[str, int] = field(default_factory=dict)
    holders: dict[int, type[Vertex]] = field(default_factory=dict)
    """The state in whose body a declaration stands, by the declaration's identity."""
    _extending: dict[type, list[int]] = field(default_factory=dict)
    """The places whose class is, or extends, a class."""
    _extended: list[tuple[type, int]] = field(default_factory=list)
    """The classes with states of their own that a place's class extends."""
    _numbers: dict[type, list[int]] = field(default_factory=dict)
    _relative: dict[type, dict[type, str]] = field(default_factory=dict)

    def report(self, line: int, text: str) -> None:
        """Note a problem; all are raised together."""
        if not any(p.text == text for p in self.problems):
            self.problems.append(Problem(line, text))

    def at(self, item: Declared, text: str) -> None:
        """Note a problem of a declaration."""
        self.report(item.line, f"{item.where}: {item.what} {item.name or ''}".rstrip() + f": {text}")

    def at_state(self, place: Place, text: str) -> None:
        """Note a problem of a state."""
        self.report(self.line_of(place.cls), f"{self.where_of(place.cls)}: state {place.path}: {text}")

    def at_machine(self, text: str) -> None:
        """Note a problem of the class as a whole."""
        self.report(self.line_of(self.machine), f"{self.where_of(self.machine)}: {self.machine.__name__}: {text}")

    def line_of(self, cls: type) -> int:
        """The line of a class statement."""
        line: int = getattr(cls, "__where__", ("", 0))[1]
        return line

    def where_of(self, cls: type) -> str:
        """File and line of a class statement, for a message."""
        file, line = getattr(cls, "__where__", ("", 0))
        return f"{PurePath(file).name}:{line}"

    def holding(self, item: Declared, numbers: list[int]) -> list[int]:
        """Those of some places that a declaration concerns: one in the body of a state means the places inside of
        that state and of its copies, but for a copy that overrides it by name."""
        holder = self.holders.get(id(item))
        if holder is None:
            return numbers
        owners = {n: owner for n in numbers if (owner := self._above(n, holder)) is not None}
        return [n for n, owner in owners.items() if vars_of(owner, item.name) is item] if owners else numbers

    def _above(self, number: int, holder: type[Vertex]) -> type | None:
        while number:
            if issubclass(self.places[number].cls, holder):
                return self.places[number].cls
            number = self.places[number].parent
        return None

    def numbers(self, cls: Any) -> list[int]:
        """The places that a state class stands for: its own, the copies made by subclassing it, and what a subclass
        of its owner puts in its place by name."""
        if not isinstance(cls, type) or not issubclass(cls, Vertex) or cls in KINDS:
            return []
        known = self._numbers.get(cls)
        if known is None:
            places = set(self._extending.get(cls, ()))
            for base, index in self._extended:
                path = self._within(base).get(cls)
                if path:
                    place = self.places[index]
                    places.add(self.by_path.get(f"{place.path}.{path}" if place.path else path, 0))
            known = self._numbers[cls] = sorted(places - {0})
        return known

    def index(self) -> None:
        """Note which places each class stands for; the tree is complete."""
        self.by_path.update((place.path, place.index) for place in self.places[1:])
        for place in self.places:
            for base in place.cls.__mro__:
                if base in KINDS or base is object:
                    continue
                self._extending.setdefault(base, []).append(place.index)
                if base is not place.cls and (place.index or any(own_children(base))):
                    self._extended.append((base, place.index))

    def _within(self, owner: type) -> dict[type, str]:
        known = self._relative.get(owner)
        if known is None:
            known = self._relative[owner] = dict(_paths(owner, ""))
        return known

    def counterpart(self, source: type, place: int, target: Any) -> int | None:
        """Where a target leads for one copy of its source: inside the copied composite, or the target itself."""
        here, origin = self.places[place], source
        while here.cls is not origin:
            relative = self._within(origin).get(target)
            parent = self.places[here.parent]
            outer = self._owner(origin)
            if relative is not None:
                path = f"{here.path}.{relative}" if relative else here.path
                return self.by_path.get(path)
            if outer is None or not parent.index or not issubclass(parent.cls, outer):
                break
            here, origin = parent, outer
        if target in self.by_class:
            return self.by_class[target]
        found = self.numbers(target)
        return found[0] if len(found) == 1 else None

    def _owner(self, cls: type) -> type | None:
        for base in {b for p in self.places[1:] for b in p.cls.__mro__}:
            if issubclass(base, Vertex) and cls in own_children(base).values():
                return base
        return None


def _paths(owner: type, prefix: str) -> Iterator[tuple[type, str]]:
    if issubclass(owner, Vertex):
        yield owner, prefix
    for name, child in children_of(owner).items():
        yield from _paths(child, f"{prefix}.{name}" if prefix else name)


def children_of(owner: type) -> dict[str, type[Vertex]]:
    """The states of a machine or a state, inherited ones first, overridden by name."""
    found: dict[str, type[Vertex]] = {}
    for base in reversed(owner.__mro__):
        found.update(own_children(base))
    return {name: child for name, child in found.items() if vars_of(owner, name) is child}


def vars_of(owner: type, name: str) -> Any:
    """What a name stands for in a class or its bases, without running descriptors."""
    for base in owner.__mro__:
        if name in vars(base):
            return vars(base)[name]
    return None


def collect(machine: type) -> Collected:
    """Read a machine class: its tree in document order and everything declared in it."""
    places = [Place(0, "", machine.__name__, machine, -1)]
    found = Collected(machine, places, [], [])
    _grow(found, 0)
    found.index()
    bodies: dict[type, None] = {}
    for place in [*places[1:], places[0]]:
        for base in reversed(place.cls.__mro__):
            bodies.setdefault(base)
    for body in bodies:
        _declarations(found, body, machine if body in machine.__mro__ else body)
    return found


def _grow(found: Collected, index: int) -> None:
    owner = found.places[index]
    for name, child in children_of(owner.cls).items():
        path = f"{owner.path}.{name}" if owner.path else name
        place = Place(len(found.places), path, name, child, index)
        if child in KINDS:
            found.report(
                found.line_of(owner.cls),
                f"{found.where_of(owner.cls)}: state {path}: is the kind {child.__name__} itself; write"
                f" `class {name}({child.__name__}): ...`",
            )
            continue
        twin = found.by_class.setdefault(child, place.index)
        if twin != place.index:
            found.at_state(
                place,
                f"is the same class as {found.places[twin].path}; make a state of its own:"
                f" `class {name}({child.__name__}): ...`",
            )
            continue
        found.places.append(place)
        owner.children.append(place.index)
        _grow(found, place.index)
    owner.end = len(found.places)


def _declarations(found: Collected, body: type, holder: type) -> None:
    assigned: dict[int, str] = {}
    for name, value in vars(body).items():
        if isinstance(value, Predicate):
            assigned[id(value)] = name
        if not isinstance(value, Declared) or id(value) in assigned:
            continue
        assigned[id(value)] = name
        override = vars_of(holder, name)
        if override is not value:  # a subclass overrides it by name
            if override is not None and not isinstance(override, Declared):
                found.report(
                    line_of(override) or found.line_of(holder),
                    f"{found.where_of(holder)}: {name} overrides the {value.what} at {value.where} with something that"
                    f" is not one; decorate it again, or write {name} = None to remove the {value.what}",
                )
            continue
        value.name = value.name or name
        found.declarations.append(value)
        if issubclass(body, Vertex):
            found.holders[id(value)] = body
            if isinstance(value, Edge) and not value.sources:
                value.sources = (body,)  # an edge in a state's body belongs to the state
    _lost(found, body, assigned)


def _lost(found: Collected, body: type, assigned: dict[int, str]) -> None:
    """Report what was declared in a body and cannot be found in it any more."""
    for state in vars(body).get(STATES, ()):
        if vars(body).get(state.__name__) is not state:
            found.report(
                state.__where__[1],
                f"{found.where_of(state)}: state {state.__name__}: overwritten: a later line uses the name"
                f" {state.__name__!r} again; give one of them another name",
            )
    stacked = {id(item.function) for item in vars(body).get(DECLARED, ())}
    for item in vars(body).get(DECLARED, ()):
        name = getattr(item.function, "__name__", "")
        if id(item) in assigned or id(item) in stacked or getattr(item, "used", False):
            continue
        if isinstance(item, Predicate):
            if vars(body).get(name) not in (None, item):
                found.report(
                    item.line,
                    f"{PurePath(item.file).name}:{item.line}: guard {name}: overwritten: a later line uses the name"
                    f" {name!r} again; give one of them another name",
                )
        elif getattr(item, "trigger", "") == "default":
            found.declarations.append(item)
        elif item.what == "invoke" and item.function is None:
            found.at(item, "decorates nothing; write it above the method that does the work")
        else:
            found.at(
                item,
                f"overwritten: a later line uses the name {name!r} again; give one of them another name"
                if name
                else "is lost: assign it to a name of its own, as in `cancel = edge(…)`, that no later line uses",
            )


def line_of(value: Any) -> int:
    """The line on which something in a class body stands; 0 when it does not say."""
    if isinstance(value, (staticmethod, classmethod)):
        value = value.__func__
    if isinstance(value, property):
        value = value.fget
    code = getattr(value, "__code__", None)
    where = getattr(value, "__where__", ("", 0)) if isinstance(value, type) else ("", 0)
    found = code.co_firstlineno if code is not None else getattr(value, "line", 0) or where[1]
    return found if isinstance(found, int) else 0
