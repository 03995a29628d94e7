"""A draft: a chart in the making, and how its parts name states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from fsm.chart.chart import Chart, Handler, Invocation, Service, Transition, Trigger
from fsm.chart.collect import KINDS, Collected
from fsm.chart.declared import Declared, shown
from fsm.chart.event import Event
from fsm.chart.guard import Guard
from fsm.chart.state import Vertex
from fsm.chart.undo import Undo


@dataclass(slots=True)
class Draft:
    """What is known so far of a machine."""

    found: Collected
    names: Mapping[str, Any]
    framework: type
    inherited: Chart | None = None
    entry: dict[int, list[Handler]] = field(default_factory=dict)
    exit: dict[int, list[Handler]] = field(default_factory=dict)
    outputs: dict[int, Handler] = field(default_factory=dict)
    choices: dict[int, Handler] = field(default_factory=dict)
    deferrals: dict[int, list[Trigger]] = field(default_factory=dict)
    results: dict[int, tuple[Declared, Any]] = field(default_factory=dict)
    """Of each output, its declaration and the type that it gives."""
    defaults: dict[int, tuple[tuple[int, ...], tuple[Handler, ...]]] = field(default_factory=dict)
    invokes: list[Invocation] = field(default_factory=list)
    named: dict[str, list[Invocation]] = field(default_factory=dict)
    """The invokes by name; copies of a state have their own of the same name."""
    owned: dict[int, list[int]] = field(default_factory=dict)
    """The numbers of the invokes of each state."""
    triggers: dict[type[Event], Trigger] = field(default_factory=dict)
    """One trigger for each event that edges name."""
    transitions: list[Transition] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    guards: dict[int, str] = field(default_factory=dict)
    """The names that guards have in the machine and its bases, by identity."""
    undos: list[Undo] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Looks guards and undos up once for all edges."""
        self.undos = [item for item in self.found.declarations if isinstance(item, Undo)]
        for base in self.found.machine.__mro__:
            for name, value in vars(base).items():
                if isinstance(value, Guard):
                    self.guards.setdefault(id(value), name)


def places_of(draft: Draft, item: Declared, states: tuple[Any, ...]) -> list[int]:
    """The places that a declaration's states stand for."""
    found = draft.found
    if len(states) == 1 and (only := found.numbers(states[0])):
        return found.holding(item, only)
    numbers: dict[int, None] = {}
    if not states:
        words = {
            "defer": "defer(Pay, Open)",
            "deadline": "deadline(Open, breach='1d')",
            "human task": "@human(Open, form=…)",
        }
        example = words.get(item.what, f"@{item.what}(Open)")
        found.at(item, f"names no state; say which, as in {example}")
    for state in states:
        here = found.numbers(state)
        if not here:
            found.at(item, foreign(found, state, "a state"))
        numbers.update(dict.fromkeys(found.holding(item, here)))
    return list(numbers)


def target_of(draft: Draft, item: Declared, origin: type[Vertex], number: int, target: Any) -> int | None:
    """The place that a target means for one copy of its source; None, and reported, when there is not just one."""
    found = draft.found
    known = isinstance(target, type) and issubclass(target, Vertex) and target not in KINDS
    to = found.counterpart(origin, number, target) if known else None
    if to is None:
        several = [found.places[n].path for n in found.numbers(target)]
        text = f"{target.__name__} stands for {' and '.join(several)}; name one of them" if several else ""
        found.at(item, "to=" + (text or foreign(found, target, "a state")))
    return to


def foreign(found: Collected, state: Any, role: str) -> str:
    """Why something cannot be used as a state of this machine, and what to do."""
    if isinstance(state, type) and state in KINDS:
        return f"{state.__name__} is the kind of a state; name a class that is nested in the machine"
    if isinstance(state, type) and issubclass(state, Vertex):
        if state.__name__.startswith("_"):
            return f"{state.__qualname__} starts with _, which makes it a pattern for others; subclass it, or rename it"
        return (
            f"{state.__qualname__} is {role} of another machine; {found.machine.__name__} has only the states nested"
            f" in its own body"
        )
    if isinstance(state, FunctionType):
        return f"{state.__name__} is a function, not a state; name states in the parentheses of the decorator"
    return f"{shown(state)} is not a state; use the nested class itself as the value"
