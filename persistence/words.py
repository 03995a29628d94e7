"""What the databases say differently, as elements of one statement."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Float, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import UserDefinedType


class JSONB(UserDefinedType[object]):
    """PostgreSQL's type by its name alone; its own module loads the dialects of all drivers."""

    cache_ok = True

    def get_col_spec(self, **more: Any) -> str:
        """The name."""
        return "JSONB"


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


class _Texts(FunctionElement[str]):
    """The texts of a JSON list, one a row."""

    type = String()
    inherit_cache = True
    name = "texts"


@compiles(_Texts, "sqlite")
def _texts_sqlite(element: _Texts, compiler: SQLCompiler, **more: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **more)}))"


@compiles(_Texts, "postgresql")
def _texts_postgresql(element: _Texts, compiler: SQLCompiler, **more: Any) -> str:
    return f"(SELECT jsonb_array_elements_text(CAST({compiler.process(element.clauses, **more)} AS JSONB)))"


def among(column: Any, texts: Any) -> ColumnElement[bool]:
    """Whether a column is one of the texts of a JSON list; an index of the column is used."""
    found: ColumnElement[bool] = column.op("IN", is_comparison=True)(_Texts(texts))
    return found
