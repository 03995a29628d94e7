"""A statement: SQLAlchemy Core compiled once for each database, run on the driver's own cursor ever after.

Compiling costs hundreds of microseconds, a cursor's `execute` about five: the tables are written once, in rows.py,
and the hot path pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import ClauseElement, Executable, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.engine import Dialect

SCHEMA: Final = "fsm"
"""Where PostgreSQL keeps our tables: apart from the user's own, and dropped with one command."""


@dataclass(frozen=True, slots=True)
class Text:
    """SQL text for one database, and the names of its parameters by position."""

    sql: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]
    """Values that SQLAlchemy bound itself, such as the 0 of `LIMIT ? OFFSET ?`."""

    def bind(self, values: Mapping[str, Any]) -> list[Any]:
        """The parameters in order."""
        return [values[name] if name in values else self.constants[name] for name in self.names]

    def values_of(self, row_type: type) -> Callable[[Any], Any]:
        """A function that reads the parameters, in order, from the attributes of a row."""
        assert len(self.names) > 1, f"{self.sql}: attrgetter gives a tuple for two names and more"
        missing = [name for name in self.names if name not in {f.name for f in fields(row_type)}]
        assert not missing, f"{self.sql}: {row_type.__name__} has no {missing}"
        return attrgetter(*self.names)


class Statement:
    """One statement in the words of either database."""

    def __init__(self, element: ClauseElement | Executable, *, postgresql: ClauseElement | Executable | None = None):
        """`postgresql` says it there, where the two have no words in common."""
        self._element = element
        self._postgresql = element if postgresql is None else postgresql

    @cached_property
    def sqlite(self) -> Text:
        """For SQLite, with question marks, so that parameters go in by position."""
        return _compiled(self._element, SQLiteDialect(paramstyle="qmark"))

    @cached_property
    def postgresql(self) -> Text:
        """For PostgreSQL, with the placeholders of psycopg."""
        return _compiled(self._postgresql, PGDialect(paramstyle="format"))  # type: ignore[no-untyped-call]

    @cached_property
    def libpq(self) -> Text:
        """For PostgreSQL, with the placeholders of its own library."""
        return _compiled(self._postgresql, PGDialect(paramstyle="numeric_dollar"))  # type: ignore[no-untyped-call]


def _compiled(element: ClauseElement | Executable, dialect: Dialect) -> Text:
    assert isinstance(element, ClauseElement)
    schema: Any = {"schema_translate_map": {None: SCHEMA}, "render_schema_translate": True}
    made = element.compile(dialect=dialect, **(schema if dialect.name == "postgresql" else {}))
    return Text(str(made), tuple(getattr(made, "positiontup", None) or ()), dict(made.params or {}))


def insertion(table: Table, *, ignore: bool = False, replace: bool = False) -> Statement:
    """INSERT of all columns that the database does not number itself; PostgreSQL returns the number that it gave."""
    keys = [c.name for c in table.primary_key.columns]
    numbered = [c for c in table.primary_key.columns if len(keys) == 1 and c.type.python_type is int]
    names = [c.name for c in table.columns if c not in numbered]
    # The two dialects have the same words for it in two classes.
    both: list[Any] = [sqlite.insert(table), postgresql.insert(table)]
    for number, insert in enumerate(both):
        insert = insert.values({name: bindparam(name) for name in names})
        if ignore:
            insert = insert.on_conflict_do_nothing()
        if replace:
            insert = insert.on_conflict_do_update(
                index_elements=keys, set_={name: insert.excluded[name] for name in names if name not in keys}
            )
        both[number] = insert
    return Statement(both[0], postgresql=both[1].returning(*numbered) if numbered else both[1])
