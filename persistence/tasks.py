"""Human tasks in a SQL database: opened and withdrawn by the turns of their instance, changed by people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

from sqlalchemy import bindparam, literal_column, select, update

from fsm.ports.store import Commit
from fsm.ports.task import CALLS, Task
from persistence import rows
from persistence.resolution import resolved_at
from persistence.statements import Statement, Text, insertion

_TASK: Final = rows.table(rows.HumanTask)
_CHANGING: Final = (
    "assignee", "escalation", "status", "claimed_by", "closed", "by", "outcome", "acts", "revision",
)  # fmt: skip
"""Columns that people change."""

_ONE: Final[Any] = literal_column("1")
_AS_READ: Final = (_TASK.c.id == bindparam("read_id"), _TASK.c.revision == bindparam("read_revision"), rows.UNDONE)
_STAND: Final = select(_ONE).select_from(_TASK).where(*_AS_READ).with_for_update()

STANDS: Final = Statement(_STAND)
STANDS_OR_FAIL: Final = Statement(select(literal_column("1 / count(*)")).select_from(_STAND.cte("standing")))
OPEN: Final = insertion(_TASK, replace=True)
CHANGE: Final = Statement(update(_TASK).values({name: bindparam(name) for name in _CHANGING}).where(*_AS_READ))
WITHDRAW: Final = Statement(
    update(_TASK)
    .values(status=literal_column("'withdrawn'"), closed=bindparam("at"), revision=_TASK.c.revision + _ONE)
    .where(
        _TASK.c.instance == bindparam("read_instance"),
        _TASK.c.name == bindparam("read_name"),
        _TASK.c.generation == bindparam("read_generation"),
    )
)

WITHDRAW_CALLS: Final = Statement(
    update(_TASK)
    .values(status=literal_column("'withdrawn'"), closed=bindparam("at"), revision=_TASK.c.revision + _ONE)
    .where(
        _TASK.c.instance == bindparam("read_instance"),
        _TASK.c.generation == bindparam("read_generation"),
        rows.FOR_CALLS,
        rows.UNDONE,
    )
)


class Tasks:
    """The statements above in the words of one database, as a commit needs them."""

    def __init__(self, words: Literal["sqlite", "postgresql", "libpq"]) -> None:
        """Compiles them all."""

        def text(statement: Statement) -> Text:
            made: Text = getattr(statement, words)
            return made

        change, self._withdraw_calls = text(CHANGE), text(WITHDRAW_CALLS).sql
        self._stands, self._open, self._withdraw = text(STANDS).sql, text(OPEN).sql, text(WITHDRAW).sql
        self._change, self._open_values = change.sql, text(OPEN).values_of(Task)
        self._change_values = Text("", change.names[: len(_CHANGING)], {}).values_of(Task)

    def stand(self, cursor: Any, commit: Commit) -> bool:
        """Whether those that people change are as they were read."""
        return all(
            cursor.execute(self._stands, (task.id, task.revision - 1)).fetchone() is not None
            for task in commit.tasks
            if task.revision
        )

    def presume(self, execute: Callable[[str, Sequence[Any]], object], commit: Commit) -> None:
        """The same, asked of the database: any that does not stand fails the transaction."""
        for task in commit.tasks:
            if task.revision:
                execute(STANDS_OR_FAIL.libpq.sql, (task.id, task.revision - 1))

    def write(self, execute: Callable[[str, Sequence[Any]], object], commit: Commit) -> None:
        """Withdraw, open and change what the commit says."""
        for name, generation in commit.withdrawn:
            if name == CALLS:
                execute(self._withdraw_calls, (resolved_at(commit), commit.instance, generation))
            else:
                execute(self._withdraw, (resolved_at(commit), commit.instance, name, generation))
        for task in commit.tasks:
            if task.revision:
                execute(self._change, (*self._change_values(task), task.id, task.revision - 1))
            else:
                execute(self._open, self._open_values(task))
