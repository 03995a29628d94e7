"""A chart: the compiled, immutable form of a machine, in document order.

States are numbered in preorder, the machine itself is number 0. The descendants of `n` are exactly the numbers
between `n` and `nodes[n].end`, so "is inside" is a comparison and an exit set is a slice of a sorted configuration.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fsm.chart.delay import delay_text
from fsm.chart.event import Event, Signal
from fsm.chart.guard import Guard
from fsm.chart.state import Kind, Vertex

ALWAYS = "(always)"
"""The key of eventless transitions; no event can have this name."""
TIMERS = ("after:", "overdue:", "warn:", "breach:")
"""How the keys of timers begin; no event can have such a name either."""


@dataclass(frozen=True, slots=True)
class Handler:
    """A callable of the user's, brought to the form (machine, event)."""

    name: str
    call: Callable[[Any, Any], Any] = field(compare=False)
    function: Callable[..., Any] = field(compare=False)
    where: str = ""
    short: bool = False
    """Whether `function` takes the machine alone; then calling it directly is faster."""


@dataclass(frozen=True)
class Node:
    """One state of the chart."""

    index: int
    id: str
    name: str
    kind: Kind
    parent: int
    end: int
    children: tuple[int, ...] = ()
    initial: tuple[int, ...] = ()
    initial_actions: tuple[Handler, ...] = ()
    deep: bool = False
    default: tuple[int, ...] = ()
    default_actions: tuple[Handler, ...] = ()
    entry: tuple[Handler, ...] = ()
    exit: tuple[Handler, ...] = ()
    output: Handler | None = None
    choice: Handler | None = None
    """Of a choice: what decides where it leads."""
    defers: tuple[Trigger, ...] = ()
    """Which events wait while the state is active."""
    data: Any = field(default=None, compare=False)
    """The class of the data that lives while the state is active."""
    invokes: tuple[int, ...] = ()
    tags: frozenset[str] = frozenset()
    doc: str = ""

    @classmethod
    def of(cls, said: dict[str, Any]) -> Node:
        """A node, by what is not as usual: the constructor of a frozen class takes its time for every field."""
        made = object.__new__(cls)
        object.__setattr__(made, "__dict__", said)
        return made


@dataclass(frozen=True, slots=True)
class Trigger:
    """What makes a transition possible.

    kind: "event", "always", "choose" (of a choice), "after", "done" (of a state), "answered" or "failed" (of an
    invoke).
    `events` holds the classes of kind "event", or `names` the wire names of machines made from data: "*" takes
    everything sent or raised, "pay.*" everything below "pay". `key` identifies the occurrences of every other kind.
    """

    kind: str
    events: tuple[type[Event], ...] = ()
    names: tuple[str, ...] = ()
    key: str = ""
    delay_ms: int = 0
    word: str = "after"
    """Of a timer: what has come when it fires; "overdue", "warn" and "breach" keep to the business calendar."""
    invoke: str = ""
    """The human task whose timer it is."""

    @property
    def words(self) -> tuple[str, ...]:
        """The wire names of its events, `*` for the wildcard."""
        return self.names or tuple("*" if e is Event else e.__wire__ for e in self.events)

    @property
    def label(self) -> str:
        """The trigger as a person reads it."""
        match self.kind:
            case "event":
                return ", ".join(self.words)
            case "after":
                return f"{self.word} {delay_text(self.delay_ms)}"
            case "answered" | "done":
                return "done"
            case "failed":
                return "failed"
            case _:
                return ""

    def matches(self, key: object) -> bool:
        """Whether an occurrence may take the transition: its class for events, else its key."""
        if self.kind != "event":
            return self.key == key
        if self.names:
            return isinstance(key, str) and any(_named(name, key) for name in self.names)
        if not isinstance(key, type) or not issubclass(key, self.events):
            return False
        # the wildcard and your own base classes never take done, failed and error events
        return not key.__system__ or any(e.__system__ for e in self.events if issubclass(key, e))


def _named(pattern: str, name: str) -> bool:
    """Whether a wire name fits one pattern of a trigger."""
    if pattern == "*":
        return not name.startswith(("done.", "error.", ALWAYS, *TIMERS))
    return name.startswith(pattern[:-1]) if pattern.endswith(".*") else name == pattern


@dataclass(frozen=True)
class Transition:
    """One transition; `targets` may name history states, none at all makes it internal."""

    index: int
    name: str
    source: int
    trigger: Trigger
    targets: tuple[int, ...] = ()
    guard: Guard | None = None
    actions: tuple[Handler, ...] = ()
    reenter: bool = False
    where: str = ""
    doc: str = ""
    undo: Handler | None = None
    """What takes back what its action has done."""

    @classmethod
    def of(cls, said: dict[str, Any]) -> Transition:
        """A transition, by what is not as usual."""
        made = object.__new__(cls)
        object.__setattr__(made, "__dict__", said)
        return made


@dataclass(frozen=True, slots=True)
class FanOut:
    """How an invoke runs over the items of a list."""

    each: Handler
    """What gives the list."""
    limit: int
    """How many run at once."""
    join: str | int
    """"all", "any", or how many successes are enough."""
    keep: bool
    """Whether failures are kept in the result and stop nothing."""
    item: Any = field(compare=False)
    gives: Any = field(compare=False)
    """The types of one item and of its result."""

    @property
    def label(self) -> str:
        """How it runs, as a person reads it."""
        what = "item" if self.each.name == "<lambda>" else f"of {self.each.name}"
        until = {"all": "", "any": ", first success"}.get(str(self.join), f", {self.join} successes")
        return f"each {what}, {self.limit} at once{until}{', failures kept' if self.keep else ''}"


@dataclass(frozen=True, slots=True)
class Person:
    """Who does the work of an invoke, where that is a human task."""

    form: Any
    schema: str
    """JSON schema of the form."""
    assignee: Callable[[Any], str]
    """Of the machine, when the task is opened."""
    due_ms: int | None = None
    label: str = ""
    """The assignee as a drawing shows it."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """An invoke of one state; `id` is unique in the chart."""

    index: int
    id: str
    name: str
    state: int
    work: Handler
    timeout_ms: int | None = None
    result: Any = field(default=None, compare=False)
    child: Callable[[Any, Any], tuple[type[Any], Any]] | None = field(default=None, compare=False)
    """For a child machine instead of work: (machine, event) -> the class to start and its data."""
    machines: Mapping[str, type[Any]] = field(default_factory=dict, compare=False)
    """The classes that a child may be of, by name."""
    forward: bool | tuple[type[Event], ...] = False
    """Which events of the parent its child gets as well."""
    finalize: Handler | None = None
    """Content that runs first when an event comes from this invoke (SCXML, section 6.5)."""
    fan: FanOut | None = None
    """For work that is done for each item of a list."""
    undo: Handler | None = None
    """What takes back what it has done."""
    undoes: tuple[int, ...] | None = None
    """For a compensation: the states inside of which it undoes what was done; empty for everything."""
    person: Person | None = field(default=None, compare=False)
    """Who is asked, where a human task takes the place of work; `work` then gives the text."""

    @property
    def aside(self) -> bool:
        """Whether it runs by itself, as a child machine or with a person, and not as an effect."""
        return self.child is not None or self.person is not None


@dataclass(frozen=True, slots=True)
class Service:
    """A service that a machine needs: the attribute's name, the contract that its annotation names, and what the
    contract's methods return."""

    name: str
    contract: type
    returns: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, eq=False)
class Chart:
    """All that a machine is. Built once for each class; compares by identity."""

    name: str
    version: str
    nodes: tuple[Node, ...]
    transitions: tuple[Transition, ...]
    invokes: tuple[Invocation, ...]
    services: tuple[Service, ...]
    events: tuple[type[Event], ...]
    context: Any
    output: Any
    unhandled: str
    forgiving: bool
    """Whether an error that nothing handles is let go, as SCXML has it; class machines are parked."""
    index: Mapping[str, int]
    numbers: Mapping[type[Vertex], int]
    file: str = ""
    line: int = 0
    doc: str = ""
    search: tuple[str, ...] = ()
    """The fields of the context that instances are found by."""

    @cached_property
    def digest(self) -> str:
        """The identity of the shape: states, edges, invokes; not the code of handlers. Only what is stored needs it."""
        return digest_of(self.nodes, self.transitions, self.invokes, self.search)

    @property
    def named(self) -> bool:
        """Whether its events are signals: wire names with a payload, as machines made from data have them."""
        return Signal in self.events

    def inside(self, inner: int, outer: int) -> bool:
        """Whether `inner` is a proper descendant of `outer`."""
        return outer < inner < self.nodes[outer].end

    def ancestors(self, index: int) -> list[int]:
        """The parents of a state, from the nearest to the machine itself."""
        found = []
        while index:
            index = self.nodes[index].parent
            found.append(index)
        return found

    def ids(self, indices: tuple[int, ...]) -> tuple[str, ...]:
        """The ids of some states, in the given order."""
        return tuple(self.nodes[i].id for i in indices)


def _nature(invocation: Invocation) -> str:
    return " each" if invocation.fan is not None else " undoing" if invocation.undoes is not None else ""


def digest_of(
    nodes: Iterable[Node],
    transitions: Iterable[Transition],
    invokes: Iterable[Invocation],
    search: Iterable[str] = (),
) -> str:
    """The identity of a shape: states, edges, invokes, what is searched; not the code of handlers."""
    transitions = list(transitions)
    triggers = {id(t.trigger): t.trigger for t in transitions}  # many edges share one
    words = {key: f"{t.kind} {t.label} {t.key}" for key, t in triggers.items()}
    lines = [f"{n.kind} {n.id} {n.initial} {n.deep} {n.default}" for n in nodes]
    lines += [
        f"{t.source} {words[id(t.trigger)]} {t.targets} {t.reenter} {t.guard.label if t.guard is not None else ''}"
        for t in transitions
    ]
    lines += sorted(f"{i.id} {i.state} {i.timeout_ms}{_nature(i)}" for i in invokes)
    lines += sorted(f"search {name}" for name in search)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
