"""What the databases say differently, as elements of one statement."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class Now(FunctionElement[float]):
    """The database's own clock, in seconds since the epoch; in PostgreSQL that of the transaction's begin."""

    type = Float()
    inherit_cache = True
    name = "now_seconds"


@compiles(Now, "sqlite")
def _now_sqlite(element: Now, compiler: SQLCompiler, **more: Any) -> str:
    return "(julianday('now') - 2440587.5) * 86400.0"


@compiles(Now, "postgresql")
def _now_postgresql(element: Now, compiler: SQLCompiler, **more: Any) -> str:
    return "CAST(extract(epoch FROM now()) AS FLOAT)"


class Among(FunctionElement[bool]):
    """`Among(column, texts)`: whether the column is one of the texts of a JSON list."""

    type = Boolean()
    inherit_cache = True
    name = "among"


def _among(element: Among, compiler: SQLCompiler, source: str, more: dict[str, Any]) -> str:
    column, texts = (compiler.process(clause, **more) for clause in element.clauses)
    return f"{column} IN ({source.format(texts)})"


@compiles(Among, "sqlite")
def _among_sqlite(element: Among, compiler: SQLCompiler, **more: Any) -> str:
    return _among(element, compiler, "SELECT value FROM json_each({})", more)


@compiles(Among, "postgresql")
def _among_postgresql(element: Among, compiler: SQLCompiler, **more: Any) -> str:
    return _among(element, compiler, "SELECT jsonb_array_elements_text(CAST({} AS JSONB))", more)
