"""Groups: the records and journal rows of many turns as two statements, each with an array for every column.

A statement for each turn has to be read and planned each time, for prepared ones belong to a session, and behind a
pooler the next transaction has another session. That costs the server more than writing the row does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import attrgetter
from struct import Struct
from typing import Any, Final

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine import Dialect

from fsm.ports.store import Commit, Entry
from persistence import rows, writes
from persistence.statements import SCHEMA

GROUP_MIN: Final = 4
"""Fewer turns are written one by one."""

_HEADER: Final = Struct(">iiIii")
_LENGTH: Final = Struct(">i")
_TEXT, _BYTES = 25, 17
"""What the server calls the types in which values travel; all but bytes go as text."""


def plain(batch: Sequence[Commit]) -> list[Commit]:
    """The turns that can be written as a group; none when there are too few. One of an instance that occurs twice
    depends on the other."""
    times = Counter(commit.instance for commit in batch)
    found = [
        commit
        for commit in batch
        if commit.record is not None
        and commit.entry is not None
        and commit.seq is not None
        and not commit.create
        and times[commit.instance] == 1
    ]
    return found if len(found) >= GROUP_MIN else []


def queued(commits: Sequence[Commit]) -> list[tuple[str, list[bytes]]]:
    """The two statements. The first divides by zero unless every record stands as it was read.

    Raises ValueError when a text holds a NUL.
    """
    moved = [_values_of_record(commit.record) for commit in commits]
    read = [(commit.instance, commit.seq, commit.fence or 0) for commit in commits]
    noted = [_values_of_entry(commit.entry) for commit in commits]
    return [
        (_MOVE, [*map(_array, zip(*moved, strict=True), _MOVED), *map(_array, zip(*read, strict=True), _READ)]),
        (_NOTE, [*map(_array, zip(*noted, strict=True), _NOTED)]),
    ]


def _kinds(columns: Sequence[Column[Any]]) -> list[tuple[str, int]]:
    """The type of each column, and that in which its values travel."""
    dialect: Dialect = PGDialect()  # type: ignore[no-untyped-call]
    names = [str(column.type.compile(dialect=dialect)) for column in columns]
    return [(name, _BYTES if name == "BYTEA" else _TEXT) for name in names]


def _array(values: Sequence[Any], kind: tuple[str, int]) -> bytes:
    """A PostgreSQL array in its binary form: a header, then length and bytes of each value."""
    head, first = _HEADER.pack(1, int(None in values), kind[1], len(values), 1), values[0]
    if values.count(first) == len(values):  # as in most columns of turns that are alike
        return head + _value(first, kind[1]) * len(values)
    return head + b"".join([_value(value, kind[1]) for value in values])


def _value(value: Any, kind: int) -> bytes:
    if value is None:
        return _LENGTH.pack(-1)
    text = value.encode() if isinstance(value, str) else value if isinstance(value, bytes) else repr(value).encode()
    if kind == _TEXT and b"\0" in text:
        raise ValueError("a text holds a NUL character, which PostgreSQL cannot keep")
    return _LENGTH.pack(len(text)) + text


def _unnested(kinds: Sequence[tuple[str, int]], names: Sequence[str]) -> str:
    arrays = ", ".join(f"${n}::{'bytea' if kind[1] == _BYTES else 'text'}[]" for n, kind in enumerate(kinds, 1))
    return f"unnest({arrays}) AS given({', '.join(f'g_{name}' for name in names)})"


def _cast(name: str, kind: tuple[str, int]) -> str:
    return f"g_{name}::{kind[0]}"


_INSTANCE: Final = rows.table(rows.Instance)
_TRANSITION: Final = rows.table(rows.Transition)
_JOURNAL: Final = writes.JOURNAL.libpq
_MOVED: Final = _kinds([_INSTANCE.c[name] for name in writes.MOVING])
_READ: Final = _kinds([_INSTANCE.c[name] for name in ("id", "seq", "fence")])
_NOTED: Final = _kinds([_TRANSITION.c[name] for name in _JOURNAL.names])
_NAMES: Final = (*writes.MOVING, "read_id", "read_seq", "read_fence")
_SETS: Final = ", ".join(f'"{name}" = {_cast(name, kind)}' for name, kind in zip(writes.MOVING, _MOVED, strict=True))
_AS_READ: Final = " AND ".join(
    f'moving."{name}" = {_cast(f"read_{name}", kind)}' for name, kind in zip(("id", "seq", "fence"), _READ, strict=True)
)
_MOVE: Final = (
    f"WITH moved AS (UPDATE {SCHEMA}.instance AS moving SET {_SETS} FROM {_unnested([*_MOVED, *_READ], _NAMES)}"
    f" WHERE {_AS_READ} RETURNING 1)"
    f" SELECT 1 / (count(*) = array_length(${len(_NAMES) - 2}::text[], 1))::int FROM moved"
)
_COLUMNS: Final = ", ".join(f'"{name}"' for name in _JOURNAL.names)
_VALUES: Final = ", ".join(_cast(name, kind) for name, kind in zip(_JOURNAL.names, _NOTED, strict=True))
_NOTE: Final = f"INSERT INTO {SCHEMA}.transition ({_COLUMNS}) SELECT {_VALUES} FROM {_unnested(_NOTED, _JOURNAL.names)}"
_values_of_record: Final = attrgetter(*writes.MOVING)
_values_of_entry: Final = _JOURNAL.values_of(Entry)
