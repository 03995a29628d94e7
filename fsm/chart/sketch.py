"""A sketch: a machine described by values instead of a class body, and the machine class that is made of it.

Whatever reads machines from elsewhere (SCXML, `transitions`, documents) draws a sketch; `machine_of` numbers and checks
it and gives a class like any other. States are named by their ids, events by their wire names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from types import MappingProxyType, new_class
from typing import Any, TypeVar

from fsm.chart.chart import Chart, Handler, Invocation, Node, Service, Transition, Trigger
from fsm.chart.context import Context
from fsm.chart.event import Signal
from fsm.chart.guard import Guard, InState, parts
from fsm.chart.machine import Machine
from fsm.chart.state import Kind
from fsm.errors import DefinitionError

M = TypeVar("M", bound=Machine[Any, Any, Any])


@dataclass(slots=True)
class StateSketch:
    """A state; `where` is its place in the document, for messages."""

    id: str
    kind: Kind = Kind.ATOMIC
    children: list[StateSketch] = field(default_factory=list)
    initial: tuple[str, ...] = ()
    """Ids of the states entered by default, at any depth; the first child where it is empty."""
    initial_actions: tuple[Handler, ...] = ()
    default: tuple[str, ...] = ()
    """Of a history: where it leads as long as nothing is recorded."""
    default_actions: tuple[Handler, ...] = ()
    deep: bool = False
    entry: tuple[Handler, ...] = ()
    exit: tuple[Handler, ...] = ()
    output: Handler | None = None
    name: str = ""
    tags: frozenset[str] = frozenset()
    doc: str = ""
    where: str = ""


@dataclass(slots=True)
class TransitionSketch:
    """A transition; `source` is empty for the machine itself."""

    source: str
    trigger: Trigger
    targets: tuple[str, ...] = ()
    guard: Guard | None = None
    actions: tuple[Handler, ...] = ()
    reenter: bool = False
    name: str = ""
    doc: str = ""
    where: str = ""


@dataclass(slots=True)
class InvokeSketch:
    """Work that a state owns, or a child machine: `child` gives its class and its data."""

    id: str
    state: str
    work: Handler | None = None
    timeout_ms: int | None = None
    child: Callable[[Any, Any], tuple[type[Any], Any]] | None = None
    machines: Mapping[str, type[Any]] = field(default_factory=dict)
    forward: bool = False
    finalize: Handler | None = None
    where: str = ""


@dataclass(slots=True)
class Sketch:
    """A whole machine: the states below `root`, whose kind is COMPOUND or PARALLEL."""

    name: str
    root: StateSketch
    transitions: list[TransitionSketch] = field(default_factory=list)
    invokes: list[InvokeSketch] = field(default_factory=list)
    services: tuple[Service, ...] = ()
    context: type[Context] = Context
    output: Any = None
    version: str = "1"
    unhandled: str = "raise"
    forgiving: bool = False
    file: str = ""
    doc: str = ""


def machine_of(sketch: Sketch, origin: type[M], **attributes: Any) -> type[M]:
    """The class of a machine, a subclass of `origin`. Raises DefinitionError with all that is wrong with its sketch."""
    chart = _Builder(sketch).chart()
    body = {"__doc__": sketch.doc or None, "__module__": origin.__module__, **attributes}
    made: Any = new_class(sketch.name, (origin,), {"abstract": True}, lambda names: names.update(body))
    made.__chart__ = chart
    found: type[M] = made
    return found


class _Builder:
    """Numbers the states of a sketch in document order and brings everything else to these numbers."""

    def __init__(self, sketch: Sketch) -> None:
        self.sketch = sketch
        self.problems: list[str] = []
        self.states = list(_preorder(sketch.root, None))
        self.index = {"": 0}
        self.parents: list[int] = []
        self.below: dict[int, list[int]] = {}
        places = {id(state): number for number, (state, _) in enumerate(self.states)}
        for number, (state, parent) in enumerate(self.states):
            self.parents.append(-1 if parent is None else places[id(parent)])
            self.below.setdefault(self.parents[-1], []).append(number)
            if number and self.index.setdefault(state.id, number) != number:
                self._problem(state.where, f"state {state.id!r}: there are two; give one of them another id")
        self.ends = [number + sum(1 for _ in _preorder(s, None)) for number, (s, _) in enumerate(self.states)]

    def chart(self) -> Chart:
        sketch = self.sketch
        invokes = [self._invoke(n, i) for n, i in enumerate(sketch.invokes)]
        transitions = tuple(self._transition(n, t) for n, t in enumerate(sketch.transitions))
        nodes = tuple(self._node(n, invokes) for n in range(len(self.states)))
        for node in nodes:
            self._check(node)
        if self.problems:
            raise DefinitionError(sketch.name, self.problems)
        return Chart(
            name=sketch.name,
            version=sketch.version,
            nodes=nodes,
            transitions=transitions,
            invokes=tuple(invokes),
            services=sketch.services,
            events=(Signal,),
            context=sketch.context,
            output=sketch.output,
            unhandled=sketch.unhandled,
            forgiving=sketch.forgiving,
            index=MappingProxyType(self.index),
            numbers=MappingProxyType({}),
            file=sketch.file,
            doc=sketch.doc,
        )

    def _node(self, number: int, invokes: list[Invocation]) -> Node:
        state = self.states[number][0]
        children = self.below.get(number, [])
        real = tuple(n for n in children if self.states[n][0].kind is not Kind.HISTORY)
        kind = Kind.COMPOUND if state.kind is Kind.ATOMIC and real else state.kind
        first = tuple(self._find(i, state.where, "initial") for i in state.initial)
        return Node(
            index=number,
            id=state.id if number else "",
            name=state.name or state.id or self.sketch.name,
            kind=kind,
            parent=self.parents[number],
            end=self.ends[number],
            children=real,
            initial=(first or real[:1]) if kind is Kind.COMPOUND else (),
            initial_actions=state.initial_actions,
            deep=state.deep,
            default=tuple(self._find(i, state.where, "history default") for i in state.default),
            default_actions=state.default_actions,
            entry=state.entry,
            exit=state.exit,
            output=state.output,
            invokes=tuple(i.index for i in invokes if i.state == number),
            tags=state.tags,
            doc=state.doc,
        )

    def _invoke(self, number: int, sketch: InvokeSketch) -> Invocation:
        if any(sketch.id == other.id for other in self.sketch.invokes[:number]):
            self._problem(sketch.where, f"invoke {sketch.id!r}: there are two; give one of them another id")
        return Invocation(
            index=number,
            id=sketch.id,
            name=sketch.id,
            state=self._find(sketch.state, sketch.where, "invoke"),
            work=sketch.work or Handler(sketch.id, _no_work, _no_work),
            timeout_ms=sketch.timeout_ms,
            child=sketch.child,
            machines=sketch.machines,
            forward=sketch.forward,
            finalize=sketch.finalize,
        )

    def _transition(self, number: int, t: TransitionSketch) -> Transition:
        source = self._find(t.source, t.where, "source") if t.source else 0
        for part in parts(t.guard) if t.guard is not None else ():
            if isinstance(part, InState) and isinstance(part.state, str):
                self._find(part.state, t.where, "in_state")
        targets = tuple(self._find(i, t.where, "target") for i in t.targets)
        self._together(targets, t.where)
        name = t.name or t.trigger.label or f"transition{number}"
        return Transition(number, name, source, t.trigger, targets, t.guard, t.actions, t.reenter, t.where, t.doc)

    def _check(self, node: Node) -> None:
        """What makes a tree illegal, each with its fix."""
        state = self.states[node.index][0]
        if not node.index and not node.children:
            self._problem(state.where, "the machine has no states; give it at least one")
        if node.kind is Kind.PARALLEL and not node.children:
            self._problem(state.where, f"state {node.id!r}: a parallel state without regions; give it states")
        if node.kind is Kind.PARALLEL and any(self.states[c][0].kind is Kind.FINAL for c in node.children):
            self._problem(state.where, f"state {node.id!r}: a region cannot be a final state; wrap it in a state")
        if node.kind in (Kind.FINAL, Kind.HISTORY) and node.end > node.index + 1:
            self._problem(state.where, f"state {node.id!r}: a {node.kind.value} state has no children")
        self._together(node.initial or node.default, state.where)
        if node.kind is Kind.CHOICE:
            self._problem(state.where, f"state {node.id!r}: nothing decides a choice here; use eventless transitions")
        parent = node.parent if node.kind is Kind.HISTORY else node.index
        for target in node.default:
            if self.states[target][0].kind is Kind.HISTORY and self.parents[target] == parent:
                self._problem(state.where, f"state {node.id!r}: leads to a history of the same state; name a state")
        for target in (*node.initial, *node.default):
            if target and not parent < target < self.ends[parent]:
                self._problem(
                    state.where,
                    f"state {node.id or self.sketch.name!r}: {self.states[target][0].id!r} lies outside of it;"
                    f" name one of its own descendants",
                )

    def _together(self, targets: Sequence[int], where: str) -> None:
        """What is entered together lies in different regions of a parallel state."""
        for left, right in combinations(targets, 2):
            first, second = (self.states[n][0].id for n in (left, right))
            above = self._above(left)
            common = next((n for n in self._above(right) if n in above), 0)
            if left and right and (common in (left, right) or self.states[common][0].kind is not Kind.PARALLEL):
                self._problem(where, f"{first!r} and {second!r} cannot be active together; name one of them")

    def _above(self, number: int) -> list[int]:
        """A state and its ancestors, from the inside."""
        return [number, *(self._above(self.parents[number]) if number else [])]

    def _find(self, id: str, where: str, role: str) -> int:
        number = self.index.get(id) if id else None
        if number is None:
            known = ", ".join(list(self.index)[1:20])
            self._problem(where, f"{role} {id!r}: there is no such state; the states are {known}")
            return 0
        return number

    def _problem(self, where: str, text: str) -> None:
        self.problems.append(f"{where}: {text}" if where else text)


def _no_work(machine: Any, event: Any) -> None:
    """What a child machine does itself."""


def _preorder(state: StateSketch, parent: StateSketch | None) -> Iterator[tuple[StateSketch, StateSketch | None]]:
    yield state, parent
    for child in state.children:
        yield from _preorder(child, state)
