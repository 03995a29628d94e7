"""Crowds: the statements that say how many events wait for an instance.

An index holds what is open and nothing else, and counting ends at the limit: with hardly anything open it is one look
into the index. Where more is open, SQLite counts but now and then: it has one writer, so no more rows have come since
than numbers were given. PostgreSQL counts behind the row that every sender to the instance writes (`POKE`), so that of
two that write at once the second one sees what the first one has added.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import bindparam, case, func, literal_column, select

from fsm.ports.store import Commit, Status
from persistence import rows
from persistence.room import Room, bounds
from persistence.statements import Statement, Text

_INSTANCE: Final = rows.table(rows.Instance)
_INBOX: Final = rows.table(rows.Inbox)
_READY: Final = rows.table(rows.Ready)
_ONE: Final[Any] = literal_column("1")
_OPEN: Final = (
    select(_ONE.label("one"))
    .select_from(_INBOX)
    .where(_INBOX.c.instance == bindparam("read_id"), rows.OPEN)
    .limit(bindparam("most"))
    .subquery()
)
_FEWER: Final = case((func.count() < bindparam("most"), _ONE), else_=literal_column("0"))
_ENDED: Final[tuple[Any, ...]] = tuple(literal_column(f"'{status}'") for status in Status if status.ended)

FEW: Final = 64
"""So many are counted as quickly as they are remembered."""

REMEMBERED_MAX: Final = 10_000
"""Inboxes of which it is remembered what was counted; then all are counted again."""

Counted = dict[str, tuple[int, int]]
"""How many rows of an instance were open when which number had been given last; to be forgotten after a rollback, for
that gives numbers back."""

COUNT: Final = Statement(select(func.count()).select_from(_OPEN))
ROOM_OR_FAIL: Final = Statement(select(_ONE / _FEWER).select_from(_OPEN))
"""Divides by zero, so that the transaction fails, where as many rows are open."""
NEWEST: Final = Statement(select(func.coalesce(func.max(_INBOX.c.n), literal_column("0"))))
HOLD: Final = Statement(
    select(_ONE).select_from(_READY).where(_READY.c.instance == bindparam("read_id")).with_for_update()
)
ENDED: Final = Statement(
    select(_ONE).select_from(_INSTANCE).where(_INSTANCE.c.id == bindparam("read_id"), _INSTANCE.c.status.in_(_ENDED))
)


class Crowd:
    """Asks for what waits, in the words of one database."""

    def __init__(self, text: Callable[[Statement], Text], *, holds: bool) -> None:
        """Compiles; `holds` where others write at the same time."""
        self._count, self._ended, self._newest = text(COUNT), text(ENDED).sql, text(NEWEST).sql
        self._hold = text(HOLD).sql if holds else ""

    def room(self, cursor: Any, counted: Counted | None) -> Room:
        """The room that there is as a batch begins; without `counted` nothing is remembered."""
        known = {} if counted is None else counted
        ask = partial(self._ask, cursor, counted)
        return Room(ask, partial(self._has_ended, cursor), partial(self._at_most, cursor, known))

    def _at_most(self, cursor: Any, counted: Counted, instance: str) -> int | None:
        if instance not in counted:
            return None
        count, newest = counted[instance]
        return count + max(0, self._last(cursor) - newest)

    def _ask(self, cursor: Any, counted: Counted | None, instance: str, most: int) -> int:
        if self._hold:
            cursor.execute(self._hold, (instance,))
        found = cursor.execute(self._count.sql, self._count.bind({"read_id": instance, "most": most}))
        count = int(found.fetchone()[0])
        if counted is not None:
            counted.pop(instance, None)
            if count >= FEW:
                if len(counted) >= REMEMBERED_MAX:
                    counted.clear()
                counted[instance] = count, self._last(cursor)
        return count

    def _last(self, cursor: Any) -> int:
        return int(cursor.execute(self._newest, ()).fetchone()[0])

    def _has_ended(self, cursor: Any, instance: str) -> bool:
        return cursor.execute(self._ended, (instance,)).fetchone() is not None


def presume(execute: Callable[[str, Sequence[Any]], object], batch: Sequence[Commit]) -> None:
    """Let the transaction fail where an inbox is too full by now."""
    for instance, most in sorted(bounds(batch).items()):
        execute(ROOM_OR_FAIL.libpq.sql, ROOM_OR_FAIL.libpq.bind({"read_id": instance, "most": most + 1}))
