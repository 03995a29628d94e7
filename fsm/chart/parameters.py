"""Parameters of a machine: its context, its events, its output, its services; and the names it may not use."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Mapping
from typing import Any, get_origin

from pydantic import BaseModel, create_model
from typing_extensions import TypeVar

from fsm.chart import annotations as notes
from fsm.chart.chart import Service
from fsm.chart.collect import Place, line_of
from fsm.chart.context import Context
from fsm.chart.draft import Draft
from fsm.chart.event import Event
from fsm.chart.state import Choice, History, Vertex, own_fields

Parameters = tuple[Any, tuple[type[Event], ...], Any]


def parameters(draft: Draft) -> Parameters:
    """Context, alphabet and output as the class says them, else as its base does."""
    found, inherited = draft.found, draft.inherited
    own = any(_is_machine(get_origin(b), draft.framework) for b in vars(found.machine).get("__orig_bases__", ()))
    if not own and inherited is not None:
        return inherited.context, inherited.events, inherited.output
    given, fallback = _arguments(found.machine, draft.framework), (Context, Event, None)
    chosen = [*given, *fallback[len(given) :]]
    context, alphabet, result = (
        f if isinstance(a, (typing.TypeVar, TypeVar)) else a for a, f in zip(chosen, fallback, strict=True)
    )
    if not (isinstance(context, type) and issubclass(context, Context)):
        found.at_machine(
            f"StateMachine[{notes.name_of(context)}, …]: the context must be a subclass of fsm.Context; write the"
            f" class itself"
        )
        context = Context
    events = []
    for event in notes.members(alphabet):
        if isinstance(event, type) and issubclass(event, Event):
            events.append(event)
        else:
            found.at_machine(
                f"StateMachine[…, {notes.name_of(event)}]: every event must be a subclass of fsm.Event; write the"
                f" classes themselves, as in `Pay | Cancel`"
            )
    return context, tuple(events), result


def output_type(draft: Draft, declared: Any) -> Any:
    """The type of the output; a machine that does not name one gives what its `@output` methods say."""
    found = draft.found
    given = {n: (item, kind) for n, (item, kind) in draft.results.items() if found.places[n].parent == 0}
    if declared not in (None, type(None)):
        for item, kind in given.values():
            if not notes.covers(declared, kind):
                found.at(
                    item,
                    f"gives {notes.name_of(kind)}, but the machine's output is {notes.name_of(declared)}; write"
                    f" StateMachine[Context, Events, {notes.name_of(kind)}] or return a {notes.name_of(declared)}",
                )
        return declared
    known = [kind for _, kind in given.values() if kind is not notes.UNKNOWN]
    whole: Any = typing.Union[tuple(known)] if known and len(known) == len(given) else None  # noqa: UP007
    return whole | None if whole is not None else None


def reserved(draft: Draft) -> None:
    """Report names of the framework that a machine uses for something of its own."""
    found, framework = draft.found, _framework(draft)
    known = (n for base in framework for n in (*vars(base), *vars(base).get("__annotations__", {})))
    names = {n for n in known if not n.startswith("__")}
    for base in found.machine.__mro__:
        if base in framework or base is object:
            continue
        used = {**vars(base), **vars(base).get("__annotations__", {})}
        for name in used if not names.isdisjoint(used) else ():
            if name in names:
                line = line_of(vars(base).get(name))
                file = found.where_of(base).split(":")[0]
                found.report(
                    line or found.line_of(base),
                    f"{f'{file}:{line}' if line else found.where_of(base)}: {name!r} is a name of the framework"
                    f" (self.{name}); choose another",
                )


def state_data(draft: Draft, place: Place) -> type[Context] | None:
    """The class of the data that a state carries while it is active; None where it declares none."""
    fields = own_fields(place.cls)
    if not fields:
        return None
    if issubclass(place.cls, (History, Choice)):
        draft.found.at_state(place, "is never active and carries no data; take its fields away")
        return None
    found: dict[str, Any] = {}
    for name, (holder, annotation, default) in fields.items():
        kind = notes.resolve(annotation, _around(holder, draft.names))
        if kind is notes.UNKNOWN:
            draft.found.at_state(place, f"its field {name}: {annotation} cannot be resolved; import it at run time")
        elif default is ...:
            draft.found.at_state(place, f"its field {name} has no default; give it one: every entry begins with it")
        else:
            found[name] = (kind, default)
    try:
        made = create_model(place.name, __base__=Context, **found)
        made.model_validate_json(made().model_dump_json(warnings="error"))
    except Exception as problem:  # whatever pydantic has against a field is a mistake of the definition
        text = " ".join(str(problem).split())
        draft.found.at_state(
            place, f"its fields cannot be data: {text}; give them types and defaults that JSON can carry"
        )
        return None
    return made


def _around(holder: type, names: Mapping[str, Any]) -> dict[str, Any]:
    """The names that an annotation in a class can mean: first those of its own module, if it is another one."""
    module = inspect.getmodule(holder)
    own = vars(module) if module is not None else {}
    return {**own, **names} if own.get("__name__") == names.get("__name__") else {**names, **own}


def services(draft: Draft) -> None:
    """The services that a machine's annotations ask for, those of its bases included."""
    skip = {*_framework(draft), object, typing.Generic}
    known = {s.name: s for s in draft.inherited.services} if draft.inherited is not None else {}
    seen: dict[str, Service] = {}
    for base in reversed(draft.found.machine.__mro__):
        if base in skip:
            continue
        for name, annotation in inspect.get_annotations(base).items():
            if name.startswith("_") or "ClassVar" in str(annotation):
                continue
            if base is not draft.found.machine and name in known:
                seen[name] = known[name]
                continue
            service = _service(draft, base, name, annotation)
            if service is not None:
                seen[name] = service
    draft.services.extend(seen.values())


def _service(draft: Draft, base: type, name: str, annotation: Any) -> Service | None:
    found, module = draft.found, inspect.getmodule(base)
    around = vars(module) if module else {}
    names = {**around, **draft.names} if base is found.machine else {**draft.names, **around}
    contract = notes.resolve(annotation, names)
    if name in vars(base):
        if getattr(contract, "_is_protocol", False):
            found.at_machine(f"{name}: a service is injected, not assigned; write `{name}: {contract.__name__}` alone")
        return None  # a constant with an annotation
    wrong = _not_a_contract(contract, annotation)
    if wrong:
        found.at_machine(f"{name}: {wrong}")
        return None
    returns = {}
    for method, function in notes.methods_of(contract).items():
        kind = notes.return_annotation(function, names)
        text = getattr(function, "__annotations__", {}).get("return")
        if kind is notes.UNKNOWN and text is not None:
            found.at_machine(
                f"{name}: what {contract.__name__}.{method} returns, {text!r}, cannot be resolved; import it at run"
                f" time, so that recorded answers can be read"
            )
        returns[method] = kind
        # a concrete class may serve as its own contract: its plain methods are implementations
        if getattr(contract, "_is_protocol", False) and not _awaitable(function, names):
            found.at_machine(
                f"{name}: {contract.__name__}.{method} is a plain def, but every call of a service is awaited; write"
                f" `async def {method}` in the contract (its implementation may be plain)"
            )
    return Service(name, contract, returns)


def _not_a_contract(contract: Any, annotation: Any) -> str:
    fix = "annotate a Protocol that can be imported at run time, and keep data in the context"
    text = annotation if isinstance(annotation, str) else notes.name_of(annotation)
    if contract is notes.UNKNOWN:
        return f"its annotation {text!r} cannot be resolved; {fix}"
    if not isinstance(contract, type):
        return f"{text!r} is not a service contract; {fix}"
    if issubclass(contract, (BaseModel, Vertex)) or not notes.methods_of(contract):
        return f"{text} has no methods to call and is not a service contract; {fix}"
    return ""


def _awaitable(function: Any, names: Any) -> bool:
    if inspect.iscoroutinefunction(function) or "return" not in getattr(function, "__annotations__", {}):
        return True
    found = notes.resolve(function.__annotations__["return"], notes.around(function, names))
    return found is notes.UNKNOWN or found is Any or notes.is_awaitable(found)


def _framework(draft: Draft) -> list[type]:
    """The classes of the framework itself among the bases, whose names are taken."""
    return [
        b
        for b in draft.found.machine.__mro__
        if issubclass(b, draft.framework) and "__chart__" not in vars(b) and b is not draft.found.machine
    ]


def _is_machine(origin: Any, framework: type) -> bool:
    return isinstance(origin, type) and issubclass(origin, framework)


def _arguments(machine: type, framework: type) -> tuple[Any, ...]:
    """What stands between the brackets of StateMachine, seen through generic bases."""
    for base in vars(machine).get("__orig_bases__", ()):
        origin = get_origin(base)
        if not isinstance(origin, type) or not issubclass(origin, framework):
            continue
        if "__chart__" not in vars(origin):
            return tuple(base.__args__)
        known = dict(zip(getattr(origin, "__parameters__", ()), base.__args__, strict=False))
        return tuple(_filled(a, known) for a in _arguments(origin, framework))
    for ancestor in machine.__mro__[1:]:
        if "__chart__" in vars(ancestor):
            return _arguments(ancestor, framework)
    return ()


def _filled(argument: Any, known: dict[Any, Any]) -> Any:
    if isinstance(argument, (typing.TypeVar, TypeVar)):
        return known.get(argument, argument)
    holes = getattr(argument, "__parameters__", ())
    return argument[tuple(known.get(h, h) for h in holes)] if holes else argument
