"""A definition: a live machine of `transitions`, or the settings that its constructor takes, checked for what we carry.

Settings are handed to `transitions` itself, without a model: what it understands by them is what we read. Code of the
user's that replaces the algorithm (a `Transition.execute` of one's own) is refused; callbacks are not concerned.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, EnumMeta
from types import MappingProxyType
from typing import Any

from transitions import Event, Machine, State, Transition
from transitions.core import Condition
from transitions.extensions.nesting import HierarchicalMachine, NestedState
from transitions.extensions.states import Tags, Timeout, add_state_features

from fsm.errors import DefinitionError

RECORDS = frozenset({"models", "with_auto_transitions"})
"""What a `markup` says of its own making; nothing of it defines a machine."""
REPLACED = (
    (Machine, ("_process", "callback", "callbacks", "resolve_callable", "set_state")),
    (Event, ("_process", "_trigger", "trigger")),
    (Transition, ("_change_state", "_eval_conditions", "execute")),
    (Condition, ("check",)),
    (State, ("enter", "exit")),
)
"""Parts of the algorithm that a subclass may have replaced."""
FIXES = MappingProxyType(
    {
        "Retry": "count in the context and let a guard decide",
        "Volatile": "keep the data in the context",
        "Error": "raise in an on_enter callback of the state",
    }
)
"""What to do instead of the state features that keep something in memory."""


@add_state_features(Tags, Timeout)
class Flat(Machine):
    """A machine without nested states, as settings describe it."""


@add_state_features(Tags, Timeout)
class Nested(HierarchicalMachine):
    """A machine with nested states, as settings describe it."""


def definition(source: Any, settings: Mapping[str, Any], name: str) -> Machine:
    """The live machine that is meant. Raises DefinitionError for anything else, and for settings without meaning."""
    if isinstance(source, Machine):
        if settings:
            raise _refused(name, f"{', '.join(settings)}: a machine that exists has its settings; set them there")
        return source
    if isinstance(source, Mapping):
        return _made({**source, **settings}, name)
    if isinstance(source, (list, tuple, EnumMeta)):
        return _made({"states": source, **settings}, name)
    inner = getattr(source, "machine", None)
    fix = "pass its .machine" if isinstance(inner, Machine) else "pass a machine of transitions, or its settings"
    raise _refused(name, f"{type(source).__name__} is not a machine of transitions; {fix}")


def _made(settings: dict[str, Any], name: str) -> Machine:
    separator = settings.pop("separator", None)
    settings = {key: _copied(value) for key, value in settings.items() if key not in RECORDS}
    settings.pop("model", None)
    known = set(inspect.signature(Machine.__init__).parameters) - {"self", "kwargs"}
    unknown = [f"{key}{_similar(key, known)}" for key in settings if key not in known]
    if unknown:
        raise _refused(name, f"{', '.join(unknown)}: no setting of a transitions machine; take it out")
    kind: Any = Nested if separator is not None or any(map(_nests, _listed(settings.get("states")))) else Flat
    if separator is not None:
        kind = type(kind.__name__, (kind,), {"state_cls": type("Place", (kind.state_cls,), {"separator": separator})})
    try:
        made: Machine = kind(model=None, **settings)
    except Exception as problem:  # transitions checks with whatever Python raises
        told = f"{type(problem).__name__}: {problem}"
        raise _refused(name, f"transitions does not understand the definition: {told}") from problem
    return made


def _nests(state: Any) -> bool:
    if isinstance(state, Mapping):
        return any(key in state for key in ("children", "parallel", "states", "initial", "transitions"))
    if isinstance(state, Enum):
        return isinstance(state.value, (EnumMeta, dict))
    return isinstance(state, (NestedState, HierarchicalMachine))


def _listed(value: Any) -> Sequence[Any]:
    return list(value) if isinstance(value, (list, tuple, EnumMeta)) else [value]


def _copied(value: Any) -> Any:
    """Lists and dicts anew, since transitions writes into them."""
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copied(inner) for inner in value]
    return value


def _similar(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f" ({near[0]}?)" if near else ""


def _refused(name: str, problem: str) -> DefinitionError:
    return DefinitionError(name or "from_transitions", [problem])


def replaced(machine: Machine, states: Mapping[str, State], moves: Iterator[Transition]) -> Iterator[str]:
    """What of the algorithm was replaced by code that we would not run, each with its fix."""
    yield from _foreign(machine, "the machine")
    for id, state in states.items():
        kinds = [k.__name__ for k in type(state).__mro__ if k.__module__ == Timeout.__module__ and k.__name__ in FIXES]
        if kinds:
            yield f"state {id!r}: {kinds[0]} states keep something in memory that no snapshot has; {FIXES[kinds[0]]}"
        else:
            yield from _foreign(state, f"state {id!r}")
    events = dict.fromkeys(type(event) for event in machine.events.values())
    for kind in events:
        yield from _foreign_class(kind, "events")
    for move in moves:
        yield from _foreign(move, f"transition {move.source!r} -> {move.dest!r}")
        for asked in move.conditions:
            yield from _foreign(asked, f"transition {move.source!r} -> {move.dest!r}")


def _foreign(thing: Any, what: str) -> Iterator[str]:
    return _foreign_class(type(thing), what)


def _foreign_class(kind: type, what: str) -> Iterator[str]:
    for parent, methods in REPLACED:
        if not issubclass(kind, parent):
            continue
        for method in methods:
            found = getattr(kind, method, None)
            home = getattr(found, "__module__", "")
            if found is not None and home.split(".")[0] != "transitions":
                yield (
                    f"{what}: {kind.__name__}.{method} replaces a part of transitions' algorithm, which our own takes"
                    f" the place of; write it as a callback"
                )
