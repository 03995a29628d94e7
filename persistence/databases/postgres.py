"""PostgreSQL: connecting, and what its errors mean.

Nothing lives longer than a transaction: no settings of the session, no prepared statements, no locks of the session,
no LISTEN. So a pooler that hands out connections for one transaction each may stand in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from fsm.errors import (
    StoreCorrupted,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
    StoreUnsuitable,
    StoreUrlInvalid,
)

Connection = psycopg.Connection[tuple[object, ...]]
Answer = psycopg.Cursor[Any]
DriverError = psycopg.Error
IntegrityError = psycopg.IntegrityError
CROSSED: Final = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
"""What the driver raises when transactions met crosswise; the same again may well go through."""

PASSING: Final = (psycopg.OperationalError,)
"""What the driver raises when the server, the way to it or somebody's lock is at fault, and not what was asked."""

VERSION_MIN: Final = 120_000
"""PostgreSQL 12; older ones are no longer cared for by their makers."""

CONNECT_SECONDS: Final = 10
"""How long a connection may take to be made, unless the URL says otherwise."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """One PostgreSQL database and how to connect to it."""

    url: str

    def __post_init__(self) -> None:
        """Refuse what libpq cannot read; its own message may repeat the password, so it is not shown."""
        try:
            conninfo_to_dict(self.url)
        except psycopg.Error:
            raise StoreUrlInvalid(
                "the URL of a PostgreSQL database cannot be read. Write postgresql+psycopg://user:password@host/database,"
                " with %40 for an @ in the password and the like, and after a ? only options that libpq knows."
            ) from None

    @property
    def name(self) -> str:
        """Where it is, without user and password."""
        said = conninfo_to_dict(self.url)
        return f"postgresql://{said.get('host') or ''}/{said.get('dbname') or ''}"

    def connect(self) -> Connection:
        """A connection in autocommit mode that keeps nothing on the server between two transactions."""
        with self.errors("connecting"):
            said = conninfo_to_dict(self.url)
            said.setdefault("connect_timeout", CONNECT_SECONDS)
            made = psycopg.connect(**said, autocommit=True, prepare_threshold=None)  # type: ignore[arg-type]
        try:
            with self.errors("connecting"):
                self._check(made)
        except BaseException:
            made.close()
            raise
        return made

    def _check(self, connection: Connection) -> None:
        if connection.info.server_version < VERSION_MIN:
            raise StoreUnsuitable(
                f"{self.name} is PostgreSQL {connection.info.server_version // 10_000}. Upgrade it to"
                f" {VERSION_MIN // 10_000} or newer."
            )
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise StoreUnsuitable(
                f"{self.name} keeps its text in {encoding}, which cannot hold every event. Create the database with"
                " ENCODING 'UTF8'."
            )

    @contextmanager
    def errors(self, doing: str) -> Iterator[None]:
        """Turn the driver's errors into ours."""
        try:
            yield
        except (psycopg.Error, OverflowError, UnicodeError) as error:
            raise self.translated(error, doing) from error

    def translated(self, error: Exception, doing: str) -> StoreError:
        """The error of ours that says what a driver's error means and what to do."""
        text = str(error).strip()
        where = f"{self.name}, {doing}: {text}."
        match getattr(error, "sqlstate", None) or "":
            case "55P03" | "40P01" | "40001" | "57014":
                return StoreLocked(
                    f"{where} Another transaction holds a lock for too long. Look for it in pg_stat_activity, end it,"
                    " and try again."
                )
            case "53100":
                return StoreFull(f"{where} Nothing was written. Make room on the disk of the database.")
            case "25006" | "42501":
                return StoreReadOnly(
                    f"{where} Give this user the right to create the schema fsm and to write in it, and connect to"
                    " the primary server, not to a replica."
                )
            case "XX001" | "XX002":
                return StoreCorrupted(f"{where} The database is damaged. Restore a backup.")
            case state if state[:2] in ("", "08", "57") and isinstance(error, psycopg.OperationalError):
                return StoreError(
                    f"{where} The database cannot be reached; what was under way is found out when it can be. Check"
                    " that it runs, and host, port, user and password in the URL."
                )
            case _:
                return StoreError(
                    f"{where} Nothing was written. A value cannot be stored, or this is a bug: report it."
                )
