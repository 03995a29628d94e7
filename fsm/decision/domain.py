"""A domain: all values that a field of a model can have, as its annotation and its bounds say.

It may be larger than the truth, never smaller: what only a validator of the user's knows is not seen. So a table that
is complete over the domain is complete, and one that is not may ask for a row that will never be used.
"""

from __future__ import annotations

import math
import operator
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, Flag
from typing import Any

from pydantic import AwareDatetime, BaseModel, NaiveDatetime
from pydantic.fields import FieldInfo

from fsm.chart.declared import shown

_SIGNS = (("ge", "≥", operator.ge), ("gt", ">", operator.gt), ("le", "≤", operator.le), ("lt", "<", operator.lt))
KNOWN = (
    "bool, int, float, Decimal, str, date, AwareDatetime, NaiveDatetime, timedelta, Enum, Literal, each also with None"
)


@dataclass(frozen=True)
class Bound:
    """One limit of an ordered domain."""

    sign: str
    value: Any
    holds: Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Domain:
    """Values on a line within bounds, or a few single ones, or text; and None, where the field may be missing."""

    kind: type
    """The type of its values; constants that are compared with them are of the same."""
    singles: tuple[Any, ...] = ()
    """Every value, where they can be counted, and beside a line those that have no place on it."""
    line: bool = False
    bounds: tuple[Bound, ...] = ()
    step: Any = None
    """The distance of neighbours on the line; None for floats, which know their neighbours, and for dense values."""
    aware: bool | None = None
    """Whether points of time have a zone."""
    nan: bool = False

    @property
    def open(self) -> bool:
        """Whether there are more values than can be named, and no order among them: text."""
        return self.kind is str and not self.line and not set(self.singles) - {None}

    @property
    def text(self) -> str:
        """The domain in short; part of the version of a table."""
        words = [self.kind.__name__, *(f"{b.sign} {b.value}" for b in self.bounds), *map(spelled, self.singles)]
        usual = (None, 1, timedelta(days=1), timedelta(microseconds=1))
        if self.aware is not None:
            words.append("aware" if self.aware else "naive")
        return " ".join([*words, *([] if self.step in usual else [f"step {self.step}"]), *["nan"] * self.nan])

    def holds(self, value: Any) -> bool:
        """Whether a value on the line is within the bounds."""
        return all(b.holds(value, b.value) for b in self.bounds)

    def constant(self, value: Any) -> Any:
        """A constant of a cell as a value of this domain. Raises ValueError with what is wrong."""
        if self.kind in (float, Decimal) and type(value) is int:
            value = self.kind(value)
        if self.kind is datetime and isinstance(value, datetime):
            if (value.tzinfo is not None) != self.aware:
                raise ValueError(f"{value!r} {'lacks' if self.aware else 'has'} a time zone")
        elif not isinstance(value, self.kind) or (isinstance(value, bool | datetime) and type(value) is not self.kind):
            raise ValueError(f"{value!r} is not {_a(self.kind.__name__)}")
        if value != value or (isinstance(value, Decimal) and not value.is_finite()):
            raise ValueError(f"{value!r} has no place among the values")
        if not (self.line or self.open or value in self.singles):
            raise ValueError(f"{value!r} is none of {', '.join(map(spelled, self.singles))}")
        return value


def spelled(value: Any) -> str:
    """A value as a person writes it.

    >>> spelled(Decimal("1.50")), spelled("DE")
    ('1.50', "'DE'")
    """
    match value:
        case Enum():
            return f"{type(value).__name__}.{value.name}"
        case Decimal() | date() | timedelta():
            return str(value)
        case _:
            return shown(value)


def domain_of(model: type[BaseModel], path: tuple[str, ...]) -> Domain:
    """The domain of a field, found by its path through nested models. Raises ValueError with what is wrong."""
    *outer, name = path
    owner: Any = model
    for part in outer:
        owner = _field(owner, part).annotation
    field = _field(owner, name)
    if owner.model_config.get("use_enum_values"):
        raise ValueError(f"{owner.__name__} keeps the values of enums, not their members; remove use_enum_values")
    parts = list(_parts(field.annotation, tuple(_flat(field.metadata))))
    kinds = [(kind, limits) for kind, limits in parts if kind is not type(None)]
    missing: tuple[Any, ...] = (None,) if len(kinds) < len(parts) else ()
    if len(kinds) != 1:
        raise ValueError(f"its values are of several kinds ({_name(field.annotation)}); a column has one of {KNOWN}")
    return _domain(*kinds[0], missing, nan=owner.model_config.get("allow_inf_nan"))


def _field(owner: Any, name: str) -> FieldInfo:
    if not (isinstance(owner, type) and issubclass(owner, BaseModel)):
        raise ValueError(f"has no {name!r}, since {_name(owner)} is not a model that is always there")
    if name not in owner.model_fields:
        raise ValueError(f"{owner.__name__} has no field {name!r}; it has {', '.join(owner.model_fields)}")
    return owner.model_fields[name]


def _parts(annotation: Any, limits: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The members of a union, each with the limits that are written on it and around it."""
    while type(annotation).__name__ == "TypeAliasType" or hasattr(annotation, "__supertype__"):
        annotation = getattr(annotation, "__supertype__", None) or annotation.__value__
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        inner, *more = typing.get_args(annotation)
        yield from _parts(inner, (*_flat(more), *limits))
    elif origin in (typing.Union, types.UnionType):
        for part in typing.get_args(annotation):
            yield from _parts(part, limits)
    else:
        yield annotation, limits


def _flat(limits: list[Any]) -> Iterator[Any]:
    for limit in limits:
        if isinstance(limit, FieldInfo):
            yield from limit.metadata
        elif isinstance(limit, Iterable):  # such as annotated_types.Interval
            yield from limit
        else:
            yield limit


def _domain(kind: Any, limits: tuple[Any, ...], missing: tuple[Any, ...], *, nan: bool | None) -> Domain:
    if typing.get_origin(kind) is typing.Literal:
        values = typing.get_args(kind)
        kinds = {type(v) for v in values} - {type(None)}
        if len(kinds) != 1:
            raise ValueError(f"its values are of several kinds ({_name(kind)}); write an Enum")
        return Domain(kinds.pop(), tuple(dict.fromkeys([*values, *missing])))
    if kind is bool:
        return Domain(bool, (False, True, *missing))
    if isinstance(kind, type) and issubclass(kind, Enum) and not issubclass(kind, Flag):
        return Domain(kind, (*kind, *missing))
    if kind is str:
        return Domain(str, missing)
    bounds = tuple(_bounds(kind, limits))
    nan = next((a for limit in limits if (a := getattr(limit, "allow_inf_nan", None)) is not None), nan)
    if kind is float:
        if nan is False:
            bounds += (Bound(">", -math.inf, operator.gt), Bound("<", math.inf, operator.lt))
        return Domain(float, missing, True, bounds, nan=not bounds)
    if kind is Decimal and nan is True:
        raise ValueError("a Decimal that may be NaN cannot be compared; remove allow_inf_nan=True")
    if kind in (AwareDatetime, NaiveDatetime):
        return Domain(datetime, missing, True, bounds, timedelta(microseconds=1), aware=kind is AwareDatetime)
    steps = {int: 1, date: timedelta(days=1), timedelta: timedelta(microseconds=1), Decimal: None}
    if kind not in steps:
        hint = "; say AwareDatetime or NaiveDatetime, the two cannot be compared" if kind is datetime else ""
        raise ValueError(f"{_name(kind)} cannot be a column{hint or f'; it has one of {KNOWN}'}")
    return Domain(kind, missing, True, bounds, _step(kind, limits) or steps[kind])


def _bounds(kind: Any, limits: tuple[Any, ...]) -> Iterator[Bound]:
    for limit in limits:
        for name, sign, holds in _SIGNS:
            value = getattr(limit, name, None)
            if value is not None and (kind is float or value not in (math.inf, -math.inf)):
                yield Bound(sign, value, holds)


def _step(kind: type, limits: tuple[Any, ...]) -> Any:
    """The distance of neighbours that the limits of numbers ask for; where two ask, the domain stays the larger one."""
    multiples = [m for limit in limits if (m := getattr(limit, "multiple_of", None)) is not None]
    places = [p for limit in limits if (p := getattr(limit, "decimal_places", None)) is not None]
    if kind is int and len(multiples) == 1 and type(multiples[0]) is int:
        return multiples[0]
    if kind is Decimal and len(multiples) + len(places) == 1:
        return Decimal(multiples[0]) if multiples else Decimal(1).scaleb(-places[0])
    return None


def _name(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiouAEIOU' else 'a'} {noun}"
