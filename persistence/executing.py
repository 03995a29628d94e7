"""Executing: statements of SQLAlchemy Core on the user's tables, within a transaction that is not SQLAlchemy's.

They go through an engine on our own connection, so that types, defaults and dialects are SQLAlchemy's business; it may
begin and end nothing, for the transaction is that of the turn.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from fsm.errors import StatementFailed

Run = Callable[[Any], None]


def runner(url: str, connection: Any, passing: Callable[[BaseException], bool]) -> Run:
    """What runs statements on a connection; `passing` says whether an error is not the statement's fault."""
    engine = create_engine(url, creator=lambda: connection, poolclass=StaticPool, pool_reset_on_return=None)
    for name in ("do_begin", "do_commit", "do_rollback", "do_close", "do_terminate"):
        setattr(engine.dialect, name, _nothing)

    def run(statement: Any) -> None:
        try:
            with engine.connect() as through:
                through.execute(statement)
        except DBAPIError as error:
            if error.orig is not None and passing(error.orig):
                raise error.orig from None
            raise _failed(statement, error.orig or error) from error
        except SQLAlchemyError as error:
            raise _failed(statement, error) from error

    return run


def _nothing(*given: Any) -> None:
    """The transaction goes on."""


def _failed(statement: Any, error: BaseException) -> StatementFailed:
    return StatementFailed(
        f"{str(statement).splitlines()[0]}: {type(error).__name__}: {str(error).strip()}. The turn was rolled back, and"
        f" nothing of it was written; mend the statement, its table or its data, then retry."
    )


def broken(error: BaseException) -> StatementFailed:
    """The error for a constraint that is checked at the end: our own tables have none, so it is one of the user's."""
    return _failed("COMMIT", error)


def sqlite_passing(error: BaseException) -> bool:
    """Whether an error of SQLite is one of the file and not of the statement: it is locked, full, damaged."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return isinstance(error, sqlite3.OperationalError) and code != sqlite3.SQLITE_ERROR
