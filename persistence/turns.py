"""Writing a batch of turns: one transaction, in which each commit stands alone.

    BEGIN IMMEDIATE
      for each commit:  keys free? ── compare-and-set ── inbox ── journal ── timers, effects, calls, ...
                            │ no            │ no row
                        DUPLICATE          LOST            (both before anything of the commit is written)
    COMMIT

A commit that the database itself refuses (a value that cannot be stored, say) takes the whole batch with it, as the
port says: an error means that nothing was written. The committer then runs each turn alone, and its neighbours stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from sqlite3 import Connection, Cursor
from typing import Final

from sqlalchemy import bindparam, literal_column, or_, select, update

from fsm.ports.store import Accepted, CallRow, Commit, Effect, Entry, Incident, Record, Timer, Verdict
from persistence import rows
from persistence.databases.sqlite import SQLite
from persistence.resolution import resolved_at
from persistence.statements import Statement, compiled, insertion

_INSTANCE: Final = rows.table(rows.Instance)
_INBOX: Final = rows.table(rows.Inbox)
_TIMER: Final = rows.table(rows.Timer)
_EFFECT: Final = rows.table(rows.Effect)
_INCIDENT: Final = rows.table(rows.Incident)

_MOVING: Final = (
    "version", "digest", "status", "seq", "config", "moving", "context", "fence", "output", "closed",
)  # fmt: skip
"""Columns of an instance that a turn may change; the others are its identity."""

_AS_READ: Final = (
    _INSTANCE.c.id == bindparam("read_id"),
    _INSTANCE.c.seq == bindparam("read_seq"),
    _INSTANCE.c.fence == bindparam("read_fence"),
)
_MOVE: Final = compiled(update(_INSTANCE).values({name: bindparam(name) for name in _MOVING}).where(*_AS_READ))
_MOVE_VALUES: Final = Statement("", _MOVE.names[: len(_MOVING)], {}).values_of(Record)
_STANDS: Final = compiled(select(literal_column("1")).select_from(_INSTANCE).where(*_AS_READ)).sql
_EXISTS: Final = compiled(
    select(literal_column("1")).select_from(_INSTANCE).where(_INSTANCE.c.id == bindparam("read_id"))
).sql
_CREATE: Final = insertion(_INSTANCE, ignore=True)
_JOURNAL: Final = insertion(rows.table(rows.Transition))
_ACCEPT: Final = insertion(_INBOX, ignore=True)
_TAKEN: Final = compiled(
    select(literal_column("1"))
    .select_from(_INBOX)
    .where(
        or_(
            (_INBOX.c.instance == bindparam("instance")) & (_INBOX.c.key == bindparam("key")),
            _INBOX.c.ref == bindparam("ref"),
        )
    )
).sql
_SETTLE: Final = compiled(
    update(_INBOX)
    .values(state=bindparam("new_state"), outcome=bindparam("new_outcome"))
    .where(_INBOX.c.ref == bindparam("read_ref"))
).sql
_SET_TIMER: Final = insertion(_TIMER, replace=True)
_SET_EFFECT: Final = insertion(_EFFECT, replace=True)
_CLEAR_TIMER, _CLEAR_EFFECT = (
    compiled(
        table.delete().where(
            table.c.instance == bindparam("instance"),
            table.c.key == bindparam("key"),
            table.c.generation == bindparam("generation"),
        )
    ).sql
    for table in (_TIMER, _EFFECT)
)
_RECORD_CALL: Final = insertion(rows.table(rows.Call), ignore=True)
_FORGIVE: Final = compiled(
    rows.table(rows.Call)
    .delete()
    .where(
        rows.table(rows.Call).c.instance == bindparam("read_id"),
        rows.table(rows.Call).c.cause == bindparam("read_cause"),
        literal_column("answer LIKE '{\"error\"%'"),
    )
).sql
_OPEN_INCIDENT: Final = insertion(_INCIDENT)
_RESOLVE: Final = compiled(
    update(_INCIDENT)
    .values(resolved=bindparam("at"), resolution=bindparam("how"))
    .where(_INCIDENT.c.instance == bindparam("read_id"), literal_column("resolved IS NULL"))
).sql
_ATTEMPT_AGAIN: Final = compiled(update(_EFFECT).values(attempt=_EFFECT.c.attempt + literal_column("1"))).sql

_RECORD_VALUES: Final = _CREATE.values_of(Record)
_ENTRY_VALUES: Final = _JOURNAL.values_of(Entry)
_ACCEPTED_VALUES: Final = _ACCEPT.values_of(Accepted)
_TIMER_VALUES: Final = _SET_TIMER.values_of(Timer)
_EFFECT_VALUES: Final = _SET_EFFECT.values_of(Effect)
_CALL_VALUES: Final = _RECORD_CALL.values_of(CallRow)
_INCIDENT_VALUES: Final = _OPEN_INCIDENT.values_of(Incident)


def write(connection: Connection, database: SQLite, batch: Sequence[Commit]) -> list[Verdict]:
    """Write a batch; after an error nothing of it is written."""
    with database.errors("beginning a transaction"):
        connection.execute("BEGIN IMMEDIATE")
    try:
        verdicts = _apply_all(connection, batch)
    except BaseException as error:
        _roll_back(connection)
        if not isinstance(error, Exception):
            raise
        what = repr(batch[0].instance) if len(batch) == 1 else f"a batch of {len(batch)} commits"
        raise database.translated(error, f"writing {what}") from error
    _commit(connection, database)
    return verdicts


def begin_recovery(connection: Connection) -> None:
    """Count one more attempt for every open effect."""
    connection.execute(_ATTEMPT_AGAIN)


def _commit(connection: Connection, database: SQLite) -> None:
    try:
        connection.execute("COMMIT")
    except BaseException as error:
        # Nothing is to be believed written: what may have reached the disk is taken back.
        _roll_back(connection)
        if not isinstance(error, Exception):
            raise
        raise database.translated(error, "committing") from error


def _roll_back(connection: Connection) -> None:
    # SQLite has rolled back by itself after some errors, a full disk for one.
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _apply_all(connection: Connection, batch: Sequence[Commit]) -> list[Verdict]:
    cursor = connection.cursor()
    if len(batch) == 1:
        return [_apply(cursor, batch[0])]
    verdicts: list[Verdict] = []
    lost: set[str] = set()
    for commit in batch:
        verdict = Verdict.LOST if commit.instance in lost else _apply(cursor, commit)
        if verdict is Verdict.LOST:
            lost.add(commit.instance)
        verdicts.append(verdict)
    return verdicts


def _apply(cursor: Cursor, commit: Commit) -> Verdict:
    """One commit; a verdict other than COMMITTED has written nothing."""
    if commit.accepted and _taken(cursor, commit.accepted):
        return Verdict.DUPLICATE if _stands(cursor, commit) else Verdict.LOST
    if not _move(cursor, commit):
        return Verdict.LOST
    execute = cursor.execute
    for record in commit.started:
        execute(_CREATE.sql, _RECORD_VALUES(record))
    for row in commit.accepted:
        if execute(_ACCEPT.sql, _ACCEPTED_VALUES(row)).rowcount:
            row.n = cursor.lastrowid or 0
    for row in commit.settled:
        execute(_SETTLE, (row.state, row.outcome, row.ref))
    if commit.entry is not None:
        execute(_JOURNAL.sql, _ENTRY_VALUES(commit.entry))
    instance = commit.instance
    # First what ends, then what begins: a state that is left and entered again sets its timer anew.
    for key, generation in commit.timers_cleared:
        execute(_CLEAR_TIMER, (instance, key, generation))
    for key, generation in commit.effects_cleared:
        execute(_CLEAR_EFFECT, (instance, key, generation))
    for timer in commit.timers_set:
        execute(_SET_TIMER.sql, _TIMER_VALUES(timer))
    for effect in commit.effects_set:
        execute(_SET_EFFECT.sql, _EFFECT_VALUES(effect))
    for call in commit.calls:
        execute(_RECORD_CALL.sql, _CALL_VALUES(call))
    for cause in commit.forgiven:
        execute(_FORGIVE, (instance, cause))
    if commit.resolve is not None:
        execute(_RESOLVE, (resolved_at(commit), commit.resolve, instance))
    if commit.incident is not None:
        execute(_OPEN_INCIDENT.sql, _INCIDENT_VALUES(commit.incident))
        commit.incident.id = cursor.lastrowid or 0
    return Verdict.COMMITTED


def _move(cursor: Cursor, commit: Commit) -> bool:
    """The compare-and-set: the guard of all that follows."""
    if commit.create:
        assert commit.record is not None, f"{commit.instance}: a commit that creates carries the record"
        return cursor.execute(_CREATE.sql, _RECORD_VALUES(commit.record)).rowcount == 1
    if commit.seq is None:
        return True
    if commit.record is None:
        return _stands(cursor, commit)
    values = (*_MOVE_VALUES(commit.record), commit.instance, commit.seq, commit.fence)
    return cursor.execute(_MOVE.sql, values).rowcount == 1


def _stands(cursor: Cursor, commit: Commit) -> bool:
    """Whether the compare-and-set would succeed, asked without writing."""
    if commit.create:
        return cursor.execute(_EXISTS, (commit.instance,)).fetchone() is None
    if commit.seq is None:
        return True
    return cursor.execute(_STANDS, (commit.instance, commit.seq, commit.fence)).fetchone() is not None


def _taken(cursor: Cursor, accepted: Sequence[Accepted]) -> bool:
    """Whether a key is taken, in the database or by an earlier row of the same commit."""
    keyed = [row for row in accepted if row.key is not None]
    if len({(row.instance, row.key) for row in keyed}) < len(keyed):
        return True
    return any(cursor.execute(_TAKEN, (row.instance, row.key, row.ref)).fetchone() is not None for row in keyed)
