"""Bringing a database to the newest schema: one module for each version, run in order, all in one transaction.

The scripts are written once; the few words in which the databases differ are filled in. A script that has left the
house is never changed again.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Final, Protocol

from fsm.errors import StoreNewer
from persistence.migrations import v01, v02, v03, v04, v05, v06, v07, v08, v09

_SCRIPTS: Final = (
    v01.SCRIPT,
    v02.SCRIPT,
    v03.SCRIPT,
    v04.SCRIPT,
    v05.SCRIPT,
    v06.SCRIPT,
    v07.SCRIPT,
    v08.SCRIPT,
    v09.SCRIPT,
)
VERSION: Final = len(_SCRIPTS)

SQLITE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "schema": "",
        "id": "VARCHAR",
        "number": "INTEGER",
        "bytes": "BLOB",
        "given": "INTEGER NOT NULL PRIMARY KEY",
        "given_once": "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT",
        "narrow": "WITHOUT ROWID",
        "roomy": "",
    }
)
"""`given` by the database; `given_once`: never again, even when the row is gone. A `roomy` table keeps room in its
pages for rows that move."""

POSTGRESQL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "schema": "fsm.",
        "id": 'VARCHAR COLLATE "C"',
        "number": "BIGINT",
        "bytes": "BYTEA",
        "given": "BIGSERIAL PRIMARY KEY",
        "given_once": "BIGSERIAL PRIMARY KEY",
        "narrow": "",
        "roomy": "WITH (fillfactor = 70)",
    }
)


class Target(Protocol):
    """A database whose schema is to be brought up to date."""

    @property
    def name(self) -> str:
        """What error messages call it."""
        ...

    @property
    def words(self) -> Mapping[str, str]:
        """How it says what the scripts leave open."""
        ...

    def version(self) -> int:
        """The version that it has; 0 for an empty one."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """A transaction in which nobody else migrates."""
        ...

    def run(self, sql: str) -> None:
        """Run one statement."""
        ...

    def mark(self, version: int) -> None:
        """Note the version that it now has."""
        ...


def migrate(target: Target) -> None:
    """Run the scripts that the database lacks; StoreNewer when it knows more than this code."""
    if _checked(target) == VERSION:
        return
    with target.alone():
        # Again, under the lock: another process may have done it meanwhile.
        for script in _SCRIPTS[_checked(target) :]:
            for statement in script.format_map(target.words).split(";\n"):
                if statement.strip():
                    target.run(statement)
        target.mark(VERSION)


def _checked(target: Target) -> int:
    found = target.version()
    if found > VERSION:
        raise StoreNewer(
            f"{target.name} has schema version {found}, this code knows {VERSION}: a newer release has written it."
            " Upgrade dynamic-orchestrator, or open another one."
        )
    return found
