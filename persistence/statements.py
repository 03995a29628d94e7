"""A statement: SQLAlchemy Core compiled once to SQL text, run on the driver's own cursor ever after.

Compiling costs hundreds of microseconds, a cursor's `execute` about five: the tables are written once, in rows.py,
and the hot path pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from sqlalchemy import ClauseElement, Executable, Table, bindparam
from sqlalchemy.dialects import sqlite


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text, and the names of its parameters by position."""

    sql: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]
    """Values that SQLAlchemy bound itself, such as the 0 of `LIMIT ? OFFSET ?`."""

    def bind(self, **values: Any) -> list[Any]:
        """The parameters in order."""
        return [values[name] if name in values else self.constants[name] for name in self.names]

    def values_of(self, row_type: type) -> Callable[[Any], Any]:
        """A function that reads the parameters, in order, from the attributes of a row."""
        assert len(self.names) > 1, f"{self.sql}: attrgetter gives a tuple for two names and more"
        missing = [name for name in self.names if name not in {f.name for f in fields(row_type)}]
        assert not missing, f"{self.sql}: {row_type.__name__} has no {missing}"
        return attrgetter(*self.names)


def compiled(element: ClauseElement | Executable) -> Statement:
    """Compile for SQLite with question marks, so that parameters go in by position."""
    assert isinstance(element, ClauseElement)
    made = element.compile(dialect=sqlite.dialect(paramstyle="qmark"))
    return Statement(str(made), tuple(getattr(made, "positiontup", None) or ()), dict(made.params or {}))


def insertion(table: Table, *, ignore: bool = False, replace: bool = False) -> Statement:
    """INSERT of all columns that the database does not number itself."""
    keys = [c.name for c in table.primary_key.columns]
    numbered = keys if len(keys) == 1 and table.c[keys[0]].type.python_type is int else []
    columns = [c.name for c in table.columns if c.name not in numbered]
    insert = sqlite.insert(table).values({name: bindparam(name) for name in columns})
    if ignore:
        insert = insert.on_conflict_do_nothing()
    if replace:
        insert = insert.on_conflict_do_update(
            index_elements=keys, set_={name: insert.excluded[name] for name in columns if name not in keys}
        )
    return compiled(insert)
