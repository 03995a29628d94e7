"""A neutral description of a chart, frozen: what the oracle interprets and the builder turns into a machine class.

It knows nothing of `fsm`. States are numbered in document order, number 0 is the machine itself. Edges of one source
stand in declaration order; those declared in the source's own body come before those of the machine's body.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

RAISED = ("A", "B", "B.Sub", "C", "D")
"""Wire names of the events that actions raise; `B.Sub` is a subclass of `B`."""

KEPT = "E"
"""The event that states may keep for later."""

EVENTS = (*RAISED, KEPT)
"""What a walk sends."""

FLAGS = ("a", "b", "c")
"""Names of the booleans that guards ask and actions set."""

FUEL = 5
"""How many events actions may raise, and looping eventless edges run, for one external event."""


class Kind(StrEnum):
    """What a state is."""

    ATOMIC = "atomic"
    COMPOUND = "compound"
    PARALLEL = "parallel"
    FINAL = "final"
    SHALLOW = "shallow history"
    DEEP = "deep history"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Raise:
    """Raise an event, as long as there is fuel."""

    event: str


@dataclass(frozen=True, slots=True)
class Put:
    """Set a flag."""

    flag: str
    value: bool


@dataclass(frozen=True, slots=True)
class Burn:
    """Use up one unit of fuel."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Raise an exception."""


@dataclass(frozen=True, slots=True)
class Count:
    """Count up in the data of a state."""

    state: int


Op = Raise | Put | Burn | Fail | Count


@dataclass(frozen=True, slots=True)
class Block:
    """One handler: appends its token to the log, then does its operations until one fails."""

    token: str
    ops: tuple[Op, ...] = ()
    waits: bool = False
    """Whether it is written as a coroutine."""


@dataclass(frozen=True, slots=True)
class FlagTest:
    """Whether a flag, or the fuel, is set."""

    name: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class StateTest:
    """Whether a state is active."""

    state: int
    negated: bool = False


Test = FlagTest | StateTest


@dataclass(frozen=True, slots=True)
class State:
    """One state."""

    index: int
    id: str
    name: str
    kind: Kind
    parent: int
    children: tuple[int, ...] = ()
    initial: int | None = None
    default: tuple[int, ...] = ()
    default_block: Block | None = None
    entry: tuple[Block, ...] = ()
    exit: tuple[Block, ...] = ()
    invokes: bool = False
    ways: tuple[int, ...] = ()
    """Of a choice: where it may lead; the way of the first flag that is set, else the last one."""
    keeps: bool = False
    """Whether it keeps the event E for later."""
    counts: bool = False
    """Whether it has data: a number that begins at nought."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One transition.

    trigger: "event" (an event's name or "*"), "always", "done", "error", "after" (milliseconds), "answered", "failed".
    """

    name: str
    source: int
    trigger: str
    event: str = ""
    targets: tuple[int, ...] = ()
    guard: tuple[Test, ...] = ()
    reenter: bool = False
    block: Block | None = None
    inside: bool = False
    """Whether it is declared in the body of its source."""
    delay_ms: int = 0


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole chart."""

    states: tuple[State, ...]
    edges: tuple[Edge, ...]
    unhandled: str = "raise"

    def ancestors(self, index: int) -> list[int]:
        """The proper ancestors, nearest first, the machine last."""
        found = []
        while index:
            index = self.states[index].parent
            found.append(index)
        return found

    def inside(self, inner: int, outer: int) -> bool:
        """Whether `inner` is a proper descendant of `outer`."""
        return outer in self.ancestors(inner)

    def real_children(self, index: int) -> list[int]:
        """The children that can be active."""
        return [c for c in self.states[index].children if self.states[c].kind not in (Kind.SHALLOW, Kind.DEEP)]

    def can_be_done(self, index: int) -> bool:
        """Whether a done event of the state can ever come."""
        state = self.states[index]
        if state.kind is Kind.COMPOUND:
            return any(self.states[c].kind is Kind.FINAL for c in state.children)
        return state.kind is Kind.PARALLEL and all(self.can_be_done(c) for c in self.real_children(index))

    def illegal(self, active: frozenset[str]) -> str:
        """What is wrong with a set of active states; empty for a legal configuration."""
        numbers = {s.index for s in self.states if s.id in active or s.index == 0}
        if len(numbers) != len(active - {""}) + 1:
            return "a state that does not exist is active"
        for number in sorted(numbers):
            state = self.states[number]
            if number and state.parent not in numbers:
                return f"{state.id} is active without its parent"
            if state.kind in (Kind.SHALLOW, Kind.DEEP):
                return f"the history {state.id} is active"
            if state.kind is Kind.CHOICE:
                return f"the choice {state.id} is active"
            count = sum(1 for c in self.real_children(number) if c in numbers)
            if state.kind is Kind.COMPOUND and count != 1:
                return f"{state.id or 'the machine'} has {count} active children"
            if state.kind is Kind.PARALLEL and count != len(self.real_children(number)):
                return f"{state.id} has {count} active regions of {len(self.real_children(number))}"
        return ""
