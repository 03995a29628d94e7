"""What instances are found by: writing it with a turn, and asking for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, select

from fsm.ports.store import Attribute, Commit
from persistence import rows
from persistence.statements import Statement, Text, insertion

_ATTRIBUTE: Final = rows.table(rows.Attribute)
_OF_INSTANCE: Final = _ATTRIBUTE.c.instance == bindparam("instance")

SET: Final = insertion(_ATTRIBUTE, replace=True)
UNSET: Final = Statement(_ATTRIBUTE.delete().where(_OF_INSTANCE, _ATTRIBUTE.c.name == bindparam("name")))
CLEAR: Final = Statement(_ATTRIBUTE.delete().where(_OF_INSTANCE))


class AttributeWriting:
    """How the attributes of a commit are written in the words of one database."""

    def __init__(self, text: Callable[[Statement], Text]) -> None:
        """Compiles the statements."""
        self._set, self._values = text(SET).sql, text(SET).values_of(Attribute)
        self._unset, self._clear = text(UNSET).sql, text(CLEAR).sql

    def write(self, execute: Callable[[str, Sequence[Any]], object], commit: Commit) -> None:
        """Write what has changed."""
        if commit.attributes_anew:
            execute(self._clear, (commit.instance,))
        for attribute in commit.attributes:
            if attribute.value is None:
                execute(self._unset, (attribute.instance, attribute.name))
            else:
                execute(self._set, self._values(attribute))


def found_by(instance: ColumnElement[str], wanted: Sequence[tuple[str, str]]) -> list[ColumnElement[bool]]:
    """Whether an instance has all of these values, each asked of the index."""
    return [
        instance.in_(select(_ATTRIBUTE.c.instance).where(_ATTRIBUTE.c.name == name, _ATTRIBUTE.c.value == value))
        for name, value in wanted
    ]
