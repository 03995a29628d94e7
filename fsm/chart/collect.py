"""Collecting: from class bodies to the tree of states and the list of declarations, inherited ones included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fsm.chart.declared import DECLARED, Declared
from fsm.chart.edge import Edge
from fsm.chart.guard import Predicate
from fsm.chart.line import file_name
from fsm.chart.state import STATES, Choice, Final, History, Kind, Parallel, State, Vertex, kind_of, own_children

KINDS = frozenset({State, Parallel, Final, History, Choice, Vertex})
"""The classes that states extend and that are no states themselves."""

_OURS = KINDS | {object}
_BARE = frozenset({"__module__", "__qualname__", "__doc__", "__where__", "__initial__", "__tags__", "__wrong__"})
"""What may stand in the body of a state that says nothing by itself."""


@dataclass(slots=True)
class Place:
    """A state at its place in one machine's tree; number 0 is the machine itself."""

    index: int
    path: str
    name: str
    cls: type
    parent: int
    kind: Kind
    """That of its class; one with children is not atomic."""
    bodies: list[type]
    """Its class and those that this extends, apart from the kinds."""
    children: list[int] = field(default_factory=list)
    end: int = 0


@dataclass(slots=True)
class Body:
    """What stands in one class body."""

    children: dict[str, type[Vertex]]
    declared: list[tuple[str, Declared]]
    annotated: bool
    kept: bool
    """Whether the body has kept what it declares, so that nothing of it is lost."""


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
    _replaced: dict[type, list[int]] = field(default_factory=dict)
    """The places of what subclasses of its owner put in the place of a class, by name."""
    _owners: dict[type, type] = field(default_factory=dict)
    """The class in whose body a state stands."""
    _numbers: dict[type, list[int]] = field(default_factory=dict)
    _relative: dict[type, dict[type, str]] = field(default_factory=dict)
    telling: list[Place] = field(default_factory=list)
    """The places in whose bodies something stands."""
    annotated: list[Place] = field(default_factory=list)
    """Those whose classes annotate names: these may carry data."""
    _bodies: dict[type, Body] = field(default_factory=dict)
    _bare: Body = field(default_factory=lambda: Body({}, [], False, False))

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
        return f"{file_name(file)}:{line}"

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
        if not isinstance(cls, type):
            return []
        known = self._numbers.get(cls)
        if known is None:
            if not issubclass(cls, Vertex) or cls in KINDS:
                return []
            known = self._extending.get(cls, [])
            if cls in self._replaced:
                known = sorted({*known, *self._replaced[cls]} - {0})
            self._numbers[cls] = known
        return known

    def index(self) -> None:
        """Note which places each class stands for; the tree is complete."""
        for place in self.places:
            for cls in place.bodies:
                if place.index:
                    self._extending.setdefault(cls, []).append(place.index)
                body = self.read(cls)
                if body is self._bare:
                    continue
                if place not in self.telling[-1:]:
                    self.telling.append(place)
                if body.annotated and place not in self.annotated[-1:]:
                    self.annotated.append(place)
                if body.children and issubclass(cls, Vertex):
                    self._owners.update((child, cls) for child in body.children.values() if child not in self._owners)
                if body.children and cls is not place.cls:
                    self._note_replaced(cls, place)

    def _note_replaced(self, base: type, place: Place) -> None:
        for cls, path in self._within(base).items():
            if path:
                number = self.by_path.get(f"{place.path}.{path}" if place.path else path, 0)
                self._replaced.setdefault(cls, []).append(number)

    def read(self, cls: type) -> Body:
        """What stands in the body of a class."""
        known = self._bodies.get(cls)
        if known is None:
            names = cls.__dict__
            if names.keys() <= _BARE:
                known = self._bare
            else:
                declared = [(name, value) for name, value in names.items() if isinstance(value, Declared)]
                kept = STATES in names or DECLARED in names
                known = Body(own_children(cls), declared, "__annotations__" in names, kept)
            self._bodies[cls] = known
        return known

    def children(self, bodies: list[type]) -> dict[str, type[Vertex]]:
        """The states of a class that is made of these bodies, inherited ones first, overridden by name."""
        if len(bodies) == 1:
            return self.read(bodies[0]).children
        found: dict[str, type[Vertex]] = {}
        for cls in reversed(bodies):
            found.update(self.read(cls).children)
        return {name: child for name, child in found.items() if vars_of(bodies[0], name) is child}

    def _within(self, owner: type) -> dict[type, str]:
        known = self._relative.get(owner)
        if known is None:
            known = self._relative[owner] = dict(self._paths(owner, ""))
        return known

    def _paths(self, owner: type, prefix: str) -> Iterator[tuple[type, str]]:
        if issubclass(owner, Vertex):
            yield owner, prefix
        for name, child in self.children(bodies_of(owner)).items():
            yield from self._paths(child, f"{prefix}.{name}" if prefix else name)

    def counterpart(self, source: type, place: int, target: Any) -> int | None:
        """Where a target leads for one copy of its source: inside the copied composite, or the target itself."""
        here, origin = self.places[place], source
        while here.cls is not origin:
            relative = self._within(origin).get(target)
            parent = self.places[here.parent]
            outer = self._owners.get(origin)
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


def vars_of(owner: type, name: str) -> Any:
    """What a name stands for in a class or its bases, without running descriptors."""
    for base in owner.__mro__:
        if name in base.__dict__:
            return base.__dict__[name]
    return None


def bodies_of(cls: type) -> list[type]:
    """A class and those that it extends, apart from the kinds of states."""
    if len(cls.__bases__) == 1 and cls.__bases__[0] in KINDS:
        return [cls]
    return [base for base in cls.__mro__ if base not in _OURS]


def collect(machine: type) -> Collected:
    """Read a machine class: its tree in document order and everything declared in it."""
    places = [Place(0, "", machine.__name__, machine, -1, Kind.COMPOUND, bodies_of(machine))]
    found = Collected(machine, places, [], [])
    _grow(found, places[0])
    found.index()
    states_first = sorted(found.telling, key=lambda place: place.index == 0)
    for cls in dict.fromkeys(cls for place in states_first for cls in reversed(place.bodies)):
        body = found.read(cls)
        if body.declared:
            _declarations(found, cls, body, machine if cls in places[0].bodies else cls)
        if body.kept:
            _lost(found, cls)
    return found


def _grow(found: Collected, owner: Place) -> None:
    places = found.places
    for name, child in found.children(owner.bodies).items():
        path = f"{owner.path}.{name}" if owner.path else name
        place = Place(len(places), path, name, child, owner.index, kind_of(child), bodies_of(child))
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
                f"is the same class as {places[twin].path}; make a state of its own:"
                f" `class {name}({child.__name__}): ...`",
            )
            continue
        places.append(place)
        owner.children.append(place.index)
        found.by_path[path] = place.index
        _grow(found, place)
    owner.end = len(places)


def _declarations(found: Collected, cls: type, body: Body, holder: type) -> None:
    seen: set[int] = set()
    of_state = issubclass(cls, Vertex)
    for name, value in body.declared:
        if id(value) in seen:
            continue
        seen.add(id(value))
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
        if of_state:
            found.holders[id(value)] = cls
            if isinstance(value, Edge) and not value.sources:
                value.sources = (cls,)  # an edge in a state's body belongs to the state


def _lost(found: Collected, body: type) -> None:
    """Report what was declared in a body and cannot be found in it any more."""
    for state in body.__dict__.get(STATES, ()):
        if body.__dict__.get(state.__name__) is not state:
            found.report(
                state.__where__[1],
                f"{found.where_of(state)}: state {state.__name__}: overwritten: a later line uses the name"
                f" {state.__name__!r} again; give one of them another name",
            )
    declared = body.__dict__.get(DECLARED, ())
    assigned = {id(value) for value in body.__dict__.values() if isinstance(value, (Declared, Predicate))}
    stacked = {id(item.function) for item in declared}
    for item in declared:
        name = getattr(item.function, "__name__", "")
        if id(item) in assigned or id(item) in stacked or getattr(item, "used", False):
            continue
        if isinstance(item, Predicate):
            if vars(body).get(name) not in (None, item):
                found.report(
                    item.line,
                    f"{file_name(item.file)}:{item.line}: guard {name}: overwritten: a later line uses the name"
                    f" {name!r} again; give one of them another name",
                )
        elif getattr(item, "trigger", "") == "default":
            found.declarations.append(item)
        elif item.what in ("invoke", "human task") and item.function is None:
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
