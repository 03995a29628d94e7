"""Annotations: what a class body says about types, also where they are kept as text."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections import ChainMap
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, get_args, get_origin

from fsm.chart.event import Event

UNKNOWN = object()
"""Stands for an annotation that is missing or cannot be resolved."""


class _Holder:
    def __init__(self, annotation: Any) -> None:
        self.__annotations__ = {"value": annotation}


def resolve(annotation: Any, names: Mapping[str, Any]) -> Any:
    """The type that an annotation names, or UNKNOWN.

    >>> resolve("list[int]", {})
    list[int]
    >>> resolve("Nowhere", {}) is UNKNOWN
    True
    """
    try:
        # as local names, for the global ones have to be a dict that `eval` may write to: a copy
        return typing.get_type_hints(_Holder(annotation), {}, names, include_extras=True)["value"]
    except Exception:  # whatever a text annotation can raise means that it cannot be resolved
        return UNKNOWN


def members(annotation: Any) -> tuple[Any, ...]:
    """The parts of a union, or the annotation alone."""
    while type(annotation).__name__ == "TypeAliasType" or get_origin(annotation) is typing.Annotated:
        annotation = getattr(annotation, "__value__", None) or annotation.__origin__
    if get_origin(annotation) in (typing.Union, types.UnionType):
        return tuple(m for part in get_args(annotation) for m in members(part))
    return (annotation,)


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """The positional parameters of a handler, `self` first; None when it needs anything else."""
    try:
        found = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in found):
        return None
    return [p for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def event_annotation(function: Callable[..., Any], names: Mapping[str, Any]) -> Any:
    """The type that a handler expects its event to be, or UNKNOWN."""
    found = parameters(function)
    if not found or len(found) < 2 or found[1].annotation is inspect.Parameter.empty:
        return UNKNOWN
    return resolve(found[1].annotation, around(function, names))


def return_annotation(function: Callable[..., Any], names: Mapping[str, Any]) -> Any:
    """The type that a handler returns (an awaitable's content), or UNKNOWN."""
    annotation = getattr(function, "__annotations__", {}).get("return", UNKNOWN)
    if annotation is UNKNOWN:
        return UNKNOWN
    found = resolve(annotation, around(function, names))
    return get_args(found)[-1] if is_awaitable(found) else found


def is_awaitable(annotation: Any) -> bool:
    """Whether an annotation stands for something to be awaited that says what it gives."""
    origin = get_origin(annotation)
    return isinstance(origin, type) and issubclass(origin, Awaitable) and bool(get_args(annotation))


def around(function: Callable[..., Any], names: Mapping[str, Any]) -> Mapping[str, Any]:
    """The names that an annotation of a function can mean: those around the class come first in its own module."""
    own: Any = getattr(inspect.unwrap(function), "__globals__", {})
    here = own.get("__name__") == names.get("__name__")
    both: list[Any] = [names, own] if here else [own, names]
    return ChainMap(*both)


def accepts(annotation: Any, event: type[Event], data: Any = UNKNOWN) -> bool:
    """Whether a handler with this annotation takes such an event; `data` is the type inside a `Done`."""
    if annotation is UNKNOWN or annotation is Any:
        return True
    return any(_accepts_one(part, event, data) for part in members(annotation))


def _accepts_one(annotation: Any, event: type[Event], data: Any) -> bool:
    generic = getattr(annotation, "__pydantic_generic_metadata__", {})
    origin, arguments = generic.get("origin"), generic.get("args", ())
    if origin is None:
        return _covers(annotation, event)
    if not issubclass(event, origin):
        return False
    return data is UNKNOWN or not arguments or _covers(arguments[0], data)


def _covers(expected: Any, given: Any) -> bool:
    """Whether a value of one type can be of the other; what is not understood is let pass."""
    if expected in (object, Any) or expected == given or given is Any:
        return True
    if len(members(given)) > 1:
        return all(_covers(expected, part) for part in members(given))
    if len(members(expected)) > 1:
        return any(_covers(part, given) for part in members(expected))
    (expected,), (given,) = members(expected), members(given)
    one, other = get_origin(expected) or expected, get_origin(given) or given
    if not isinstance(one, type) or not isinstance(other, type):
        return True
    try:
        if not issubclass(other, one):
            return False
    except TypeError:  # a protocol that cannot be asked
        return True
    inner, outer = get_args(expected), get_args(given)
    return one is not other or len(inner) != len(outer) or all(map(_covers, inner, outer))


def covers(expected: Any, given: Any) -> bool:
    """Whether a result of the given type fits where another is expected."""
    return given is UNKNOWN or expected is UNKNOWN or _covers(expected, given)


def name_of(annotation: Any) -> str:
    """The annotation as a person writes it."""
    name = getattr(annotation, "__name__", None) if not get_args(annotation) else None
    return name or re.sub(r"[\w.<>]+\.(\w)", r"\1", str(annotation))


def methods_of(contract: type) -> dict[str, Callable[..., Any]]:
    """The public methods of a contract, inherited ones included."""
    return {
        name: function
        for base in reversed(contract.__mro__)
        if base is not object and base.__module__ != "typing"
        for name, function in vars(base).items()
        if not name.startswith("_") and inspect.isfunction(function)
    }
