"""The statements with which turns are written; what they are for stands where they are used."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import and_, bindparam, case, func, literal_column, null, or_, select, update

from persistence import rows
from persistence.schedules import FIRE as _FIRE
from persistence.statements import Statement, insertion, merging

_INSTANCE: Final = rows.table(rows.Instance)
_INBOX: Final = rows.table(rows.Inbox)
_TIMER: Final = rows.table(rows.Timer)
_EFFECT: Final = rows.table(rows.Effect)
_CALL: Final = rows.table(rows.Call)
_ATTEMPT: Final = rows.table(rows.Attempt)
_INCIDENT: Final = rows.table(rows.Incident)
_READY: Final = rows.table(rows.Ready)
_DEFINITION: Final = rows.table(rows.Definition)

MOVING: Final = (
    "version", "digest", "status", "seq", "config", "moving", "context", "fence", "output", "closed",
)  # fmt: skip
"""Columns of an instance that a turn may change; the others are its identity."""


_ONE: Final[Any] = literal_column("1")
_AS_READ: Final = (
    _INSTANCE.c.id == bindparam("read_id"),
    _INSTANCE.c.seq == bindparam("read_seq"),
    _INSTANCE.c.fence == bindparam("read_fence"),
)
_MOVE: Final = update(_INSTANCE).values({name: bindparam(name) for name in MOVING}).where(*_AS_READ)
# Locked, lest the instance moves between the question and the commit. SQLite has one writer and no words for it.
_STAND: Final = select(_ONE).select_from(_INSTANCE).where(*_AS_READ).with_for_update()
_HOLD: Final = (
    select(_ONE)
    .select_from(_INSTANCE)
    .where(_INSTANCE.c.id == bindparam("read_id"), _INSTANCE.c.fence == bindparam("read_fence"))
    .with_for_update()
)
_WAIT: Final = (
    select(_ONE).select_from(_INBOX).where(_INBOX.c.ref == bindparam("read_ref"), rows.OPEN).with_for_update()
)


def _or_fail(one: Any) -> Any:
    """Divide by the number of rows: without any the transaction fails, and nobody has to be asked in between."""
    return select(literal_column("1 / count(*)")).select_from(one)


def _clearing(table: Any) -> Statement:
    names = ("instance", "key", "generation")
    return Statement(table.delete().where(*(table.c[name] == bindparam(name) for name in names)))


MOVE: Final = Statement(_MOVE)
MOVE_OR_FAIL: Final = Statement(_or_fail(_MOVE.returning(_ONE).cte("moved")))
STANDS: Final = Statement(_STAND)
STANDS_OR_FAIL: Final = Statement(_or_fail(_STAND.cte("standing")))
HELD: Final = Statement(_HOLD)
HELD_OR_FAIL: Final = Statement(_or_fail(_HOLD.cte("held")))
WAITS: Final = Statement(_WAIT)
WAITS_OR_FAIL: Final = Statement(_or_fail(_WAIT.cte("waiting")))
FIRE: Final = Statement(_FIRE)
FIRE_OR_FAIL: Final = Statement(_or_fail(_FIRE.returning(_ONE).cte("fired")))
EXISTS: Final = Statement(select(_ONE).select_from(_INSTANCE).where(_INSTANCE.c.id == bindparam("read_id")))
CREATE: Final = insertion(_INSTANCE)
CREATE_NEW: Final = insertion(_INSTANCE, ignore=True)
JOURNAL: Final = insertion(rows.table(rows.Transition))
ACCEPT: Final = insertion(_INBOX)
ACCEPT_NEW: Final = insertion(_INBOX, ignore=True)
TAKEN: Final = Statement(
    select(_ONE)
    .select_from(_INBOX)
    .where(
        or_(
            (_INBOX.c.instance == bindparam("instance")) & (_INBOX.c.key == bindparam("key")),
            _INBOX.c.ref == bindparam("ref"),
        )
    )
)
SETTLE: Final = Statement(
    update(_INBOX)
    .values(state=bindparam("new_state"), outcome=bindparam("new_outcome"))
    .where(_INBOX.c.ref == bindparam("read_ref"), rows.OPEN)
)
AMEND: Final = Statement(
    update(_INBOX).values(payload=bindparam("new_payload")).where(_INBOX.c.ref == bindparam("read_ref"), rows.OPEN)
)
SET_TIMER: Final = insertion(_TIMER, replace=True)
SET_EFFECT: Final = insertion(_EFFECT, replace=True)
TELL: Final = Statement(
    update(_EFFECT)
    .values(progress=bindparam("told"))
    .where(*(_EFFECT.c[name] == bindparam(f"read_{name}") for name in ("instance", "key", "generation")))
)
CLEAR_TIMER: Final = _clearing(_TIMER)
CLEAR_EFFECT: Final = _clearing(_EFFECT)
RECORD_CALL: Final = insertion(_CALL, ignore=True)
FORGIVE: Final = Statement(
    _CALL.delete().where(
        _CALL.c.instance == bindparam("read_id"),
        _CALL.c.cause == bindparam("read_cause"),
        or_(
            func.substr(_CALL.c.answer, _ONE, literal_column("8")) == literal_column("'{\"error\"'"),
            and_(
                func.substr(_CALL.c.answer, _ONE, literal_column("7")) == literal_column("'{\"once\"'"),
                bindparam("repeated") == _ONE,
            ),
        ),
    )
)
OPEN_INCIDENT: Final = insertion(_INCIDENT)
RESOLVE: Final = Statement(
    update(_INCIDENT)
    .values(resolved=bindparam("at"), resolution=bindparam("how"))
    .where(_INCIDENT.c.instance == bindparam("read_id"), rows.UNRESOLVED)
)


def _poke(insert: Any) -> Any:
    """Make an instance claimable from a time on; whoever has claimed it is told, unless he says it himself."""
    insert = insert.values(
        instance=bindparam("instance"), worker=null(), due=bindparam("due"), poked=bindparam("stranger")
    )
    others = and_(_READY.c.worker.is_not(None), _READY.c.worker != bindparam("writer"))
    return insert.on_conflict_do_update(
        index_elements=["instance"],
        set_={
            "due": case((insert.excluded.due < _READY.c.due, insert.excluded.due), else_=_READY.c.due),
            "poked": case((others, _ONE), (insert.excluded.poked > _READY.c.poked, _ONE), else_=_READY.c.poked),
        },
    )


def _born(insert: Any) -> Any:
    """Claim an instance for the worker that creates it."""
    insert = insert.values(
        instance=bindparam("instance"), worker=bindparam("writer"), due=literal_column("0.0"), poked=literal_column("0")
    )
    return insert.on_conflict_do_update(index_elements=["instance"], set_={"worker": insert.excluded.worker})


def _define(insert: Any) -> Any:
    """Keep the newest document of a machine; the same one again writes nothing."""
    insert = insert.values({c.name: bindparam(c.name) for c in _DEFINITION.columns})
    return insert.on_conflict_do_update(
        index_elements=["machine", "version"],
        set_={"document": insert.excluded.document, "at": insert.excluded.at},
        where=_DEFINITION.c.document != insert.excluded.document,
    )


def _write_attempt(insert: Any) -> Any:
    """Put an attempt in place of what was written of it, unless that tells of a later run."""
    new = insert.values({c.name: bindparam(c.name) for c in _ATTEMPT.columns})
    keys = [c.name for c in _ATTEMPT.primary_key.columns]
    return new.on_conflict_do_update(
        index_elements=keys,
        set_={c.name: new.excluded[c.name] for c in _ATTEMPT.columns if c.name not in keys},
        where=_ATTEMPT.c.runs <= new.excluded.runs,
    )


WRITE_ATTEMPT: Final = merging(_ATTEMPT, _write_attempt)
DEFINE: Final = merging(_DEFINITION, _define)
POKE: Final = merging(_READY, _poke)
BORN: Final = merging(_READY, _born)
_CLAIM: Final = _READY.c.instance == bindparam("instance")
GONE: Final = Statement(_READY.delete().where(_CLAIM, or_(_READY.c.worker.is_(None), bindparam("expel") != _ONE)))
ABSOLVE: Final = Statement(update(_READY).values(deaths=literal_column("0")).where(_CLAIM))
EXPEL: Final = Statement(update(_READY).values(poked=_ONE).where(_CLAIM))
