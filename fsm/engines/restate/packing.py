"""Packing: rows of the store's port as JSON, in messages and in the state of an object."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, ClassVar, Protocol, TypeVar, cast


class _Row(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


R = TypeVar("R")


def packed(row: _Row) -> dict[str, Any]:
    """A row as JSON takes it.

    >>> from fsm.ports.store import Timer
    >>> packed(Timer("A-1", "after.Open", 3, 1.5))
    {'instance': 'A-1', 'key': 'after.Open', 'generation': 3, 'due': 1.5}
    """
    found = {field.name: getattr(row, field.name) for field in fields(cast(Any, row))}
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in found.items()}


def unpacked(kind: type[R], data: dict[str, Any]) -> R:
    """The row again; fields that this release does not know are left out."""
    known = {field.name: field.type for field in fields(cast(Any, kind))}
    given = {name: value for name, value in data.items() if name in known}
    return kind(**{name: value.encode() if known[name] == "bytes" else value for name, value in given.items()})


def text_of(message: Any) -> bytes:
    """A message or a state as bytes; the same one gives the same bytes."""
    return json.dumps(message, separators=(",", ":")).encode()
