"""Machines of `transitions`, both ways: theirs made durable, ours with their face."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import isclass, isroutine
from typing import Any, TypeVar

from fsm.chart.context import Context
from fsm.chart.machine import Machine
from fsm.chart.sketch import machine_of
from fsm.errors import DefinitionError
from fsm.interop.transitions_definition import definition, replaced
from fsm.interop.transitions_memory import machine_to
from fsm.interop.transitions_reading import Reading, read
from fsm.interop.transitions_sketch import Draft, ignores, moves
from fsm.interop.transitions_standin import StandIn, bound, imported, offers, stand_in
from fsm.interop.transitions_way import Script

__all__ = ["machine_from", "machine_to"]

M = TypeVar("M", bound=Machine[Any, Any, Any])


def machine_from(
    origin: type[M],
    source: Any,
    *,
    model: Any = None,
    context: type[Context] = Context,
    name: str = "",
    version: str | int = "1",
    unhandled: str | None = None,
    **settings: Any,
) -> type[M]:
    """The class of a durable machine, a subclass of `origin`, from one of `transitions`. Raises DefinitionError."""
    machine = definition(source, settings, name)
    if model is None:
        model = _model(machine, name, source)
    reading = read(machine)
    title = name or machine.name.removesuffix(": ") or _title(model) or "Workflow"
    _add_named_callbacks(reading, model)
    script = Script(reading, lambda handle: of(handle), bound)
    try:
        kind, of = stand_in(reading, script, model, context)
    except Exception as problem:  # whatever the model's class does when it is extended
        raise DefinitionError(title, [f"model {_title(model)}: cannot be extended: {problem}"]) from problem
    draft = Draft(reading, script)
    policy = unhandled or _policy(reading)
    sketch = draft.sketch(title, context, str(version), policy)
    states = {id: place.state for id, place in reading.places.items()}
    problems = [*reading.problems, *replaced(machine, states, moves(reading)), *_unknown(reading, kind, context)]
    if policy not in ("raise", "ignore", "defer"):
        problems.append(f"unhandled={unhandled!r} is not a policy; write 'raise', 'ignore' or 'defer'")
    if problems:
        raise DefinitionError(title, list(dict.fromkeys(problems)))
    made = machine_of(sketch, origin)
    script.compiled(made.__chart__, draft.places)
    return made


def _model(machine: Any, name: str, source: Any) -> Any:
    if isinstance(source, Mapping) and source.get("model") is not None:
        return source["model"]
    if len(machine.models) > 1:
        raise DefinitionError(
            name or "from_transitions", [f"the machine has {len(machine.models)} models; say which: model=…"]
        )
    return machine.models[0] if machine.models else None


def _title(model: Any) -> str:
    kind = model if isclass(model) else type(model)
    return "" if model is None or kind.__module__.split(".")[0] == "transitions" else kind.__name__


def _policy(reading: Reading) -> str:
    """What happens to an event that no state takes, where all states agree on it."""
    return "ignore" if all(ignores(reading, p) for p in reading.places.values() if not p.children) else "raise"


def _add_named_callbacks(reading: Reading, model: Any) -> None:
    """`on_enter_A` and the like of a model that transitions itself has not seen."""
    if model is None or model in reading.machine.models or reading.separator not in ("", "_"):
        return
    for place in reading.places.values():
        for role in reading.machine.state_cls.dynamic_methods:
            method, known = f"{role}_{place.id}", place.callbacks[role]
            if offers(model, method) and isroutine(getattr(model, method)) and method not in known:
                known.append(method)


def _unknown(reading: Reading, kind: type[StandIn], context: type[Context]) -> Iterator[str]:
    """Names of callbacks that lead nowhere."""
    for where, callback in _callbacks(reading):
        if isinstance(callback, str):
            known = (kind, kind.stand_in_model, context)
            if not any(offers(thing, callback) for thing in known) and not _importable(callback):
                yield (
                    f"{where}: {callback!r} is neither an attribute of the model, nor an event, nor can it be imported;"
                    f" give model= an object or class that has it, or context= the field"
                )
        elif not callable(callback):
            yield f"{where}: {callback!r} cannot be called; write a function or the name of one"


def _callbacks(reading: Reading) -> Iterator[tuple[str, Any]]:
    machine = reading.machine
    roles = ("prepare_event", "before_state_change", "after_state_change", "finalize_event", "on_exception", "on_final")
    yield from ((role, callback) for role in roles for callback in getattr(machine, role))
    for place in reading.places.values():
        for role, callbacks in place.callbacks.items():
            yield from ((f"{role} of state {place.id!r}", callback) for callback in callbacks)
    for arrow in reading.arrows:
        for move in arrow.moves.values():
            for role in ("prepare", "before", "after"):
                yield from ((f"{role} of {arrow.where}", callback) for callback in getattr(move, role))
            yield from ((f"conditions of {arrow.where}", asked.func) for asked in move.conditions)


def _importable(name: str) -> bool:
    try:
        imported(name)
    except AttributeError:
        return False
    return True
