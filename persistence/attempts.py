"""Attempts of calls in a SQL database: written over and over until they are final, read where a call goes on."""

from __future__ import annotations

from dataclasses import fields
from typing import Final

from sqlalchemy import bindparam, select

from fsm.ports.attempt import Attempt
from persistence import rows
from persistence.databases.link import Link
from persistence.statements import Statement

_ATTEMPT: Final = rows.table(rows.Attempt)
_ALL: Final = (
    select(*(_ATTEMPT.c[f.name] for f in fields(Attempt)))
    .where(_ATTEMPT.c.instance == bindparam("id"))
    .order_by(_ATTEMPT.c.n)
)
_OF: Final = Statement(_ALL)
_OF_CAUSE: Final = Statement(_ALL.where(_ATTEMPT.c.cause == bindparam("cause")))


def attempts(link: Link, instance: str, cause: str | None) -> list[Attempt]:
    """The attempts of one cause, or of all, in the order of their numbers."""
    one = _OF if cause is None else _OF_CAUSE
    return [Attempt(*row) for row in link.ask((one, {"id": instance, "cause": cause}))[0]]
