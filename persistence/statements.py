"""A statement: SQLAlchemy Core compiled once for each database, run on the driver's own cursor ever after.

Compiling costs hundreds of microseconds, a cursor's `execute` about five: the tables are written once, in rows.py,
and the hot path pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from operator import attrgetter
from types import ModuleType
from typing import Any, Final

from sqlalchemy import ClauseElement, Executable, Table, bindparam
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


Element = ClauseElement | Executable
Words = Element | Callable[[], Element]
"""A statement, or what makes it when it is needed."""


class Statement:
    """One statement in the words of either database."""

    def __init__(self, words: Words, *, postgresql: Words | None = None):
        """`postgresql` says it there, where the two have no words in common."""
        self._sqlite = words
        self._postgresql = words if postgresql is None else postgresql

    @cached_property
    def sqlite(self) -> Text:
        """For SQLite, with question marks, so that parameters go in by position."""
        return _compiled(self._sqlite, _sqlite().base.SQLiteDialect(paramstyle="qmark"))

    @cached_property
    def postgresql(self) -> Text:
        """For PostgreSQL, with the placeholders of psycopg."""
        return _compiled(self._postgresql, _postgresql().base.PGDialect(paramstyle="format"))

    @cached_property
    def libpq(self) -> Text:
        """For PostgreSQL, with the placeholders of its own library."""
        return _compiled(self._postgresql, _postgresql().base.PGDialect(paramstyle="numeric_dollar"))


def _sqlite() -> ModuleType:
    from sqlalchemy.dialects import sqlite

    return sqlite


def _postgresql() -> ModuleType:
    from sqlalchemy.dialects import postgresql  # every driver's dialect with it: a store in SQLite does without

    return postgresql


def _compiled(words: Words, dialect: Dialect) -> Text:
    element = words if isinstance(words, ClauseElement) else words() if callable(words) else None
    assert isinstance(element, ClauseElement)
    schema: Any = {"schema_translate_map": {None: SCHEMA}, "render_schema_translate": True}
    made = element.compile(dialect=dialect, **(schema if dialect.name == "postgresql" else {}))
    return Text(str(made), tuple(getattr(made, "positiontup", None) or ()), dict(made.params or {}))


Insert = Callable[[Any], Element]
"""What makes a statement of either dialect's own insert; they have the same words in two classes."""


def merging(table: Table, words: Insert, *, postgresql: Insert | None = None) -> Statement:
    """INSERT into a table, with what is to be done when the row is there already."""
    other = postgresql or words
    return Statement(lambda: words(_sqlite().insert(table)), postgresql=lambda: other(_postgresql().insert(table)))


def insertion(table: Table, *, ignore: bool = False, replace: bool = False) -> Statement:
    """INSERT of all columns that the database does not number itself; PostgreSQL returns the number that it gave."""
    keys = [c.name for c in table.primary_key.columns]
    numbered = [c for c in table.primary_key.columns if len(keys) == 1 and c.type.python_type is int]
    names = [c.name for c in table.columns if c not in numbered]

    def words(insert: Any) -> Any:
        insert = insert.values({name: bindparam(name) for name in names})
        if ignore:
            insert = insert.on_conflict_do_nothing()
        if replace:
            others = {name: insert.excluded[name] for name in names if name not in keys}
            insert = insert.on_conflict_do_update(index_elements=keys, set_=others)
        return insert

    def returning(insert: Any) -> Any:
        return words(insert).returning(*numbered) if numbered else words(insert)

    return merging(table, words, postgresql=returning)
