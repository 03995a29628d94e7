"""What is asked of the database: every query is one function on a cursor, compiled once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from sqlite3 import Cursor
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, literal_column, or_, select, text

from fsm.ports.store import Accepted, CallRow, Effect, Entry, Incident, Loaded, Record, Timer
from persistence import rows
from persistence.statements import Statement, compiled

_INSTANCE: Final = rows.table(rows.Instance)
_INBOX: Final = rows.table(rows.Inbox)
_TIMER: Final = rows.table(rows.Timer)
_EFFECT: Final = rows.table(rows.Effect)
_CALL: Final = rows.table(rows.Call)
_INCIDENT: Final = rows.table(rows.Incident)
_TRANSITION: Final = rows.table(rows.Transition)

# Words instead of bound values, where a partial index is to be recognised.
_WAITING: Final = text("state = 'waiting'")
_CURRENT: Final = text("resolved IS NULL")


def _all(row_type: type, source: Any) -> Any:
    """SELECT of the columns in the order of the row's fields, so that `row_type(*row)` makes it."""
    return select(*(source.c[f.name] for f in fields(row_type)))


def _running(instance: ColumnElement[str]) -> ColumnElement[bool]:
    return exists().where(_INSTANCE.c.id == instance, _INSTANCE.c.status == literal_column("'running'"))


def _given(name: str) -> Any:
    return bindparam(name)


_RECORD: Final = compiled(_all(Record, _INSTANCE).where(_INSTANCE.c.id == _given("id")))
_OPEN: Final = compiled(_all(Accepted, _INBOX).where(_INBOX.c.instance == _given("id"), rows.OPEN).order_by(_INBOX.c.n))
_TIMERS: Final = compiled(_all(Timer, _TIMER).where(_TIMER.c.instance == _given("id")).order_by(_TIMER.c.due))
_EFFECTS: Final = compiled(
    _all(Effect, _EFFECT).where(_EFFECT.c.instance == _given("id")).order_by(_EFFECT.c.key, _EFFECT.c.generation)
)
_INCIDENT_OPEN: Final = compiled(
    _all(Incident, _INCIDENT).where(_INCIDENT.c.instance == _given("id"), _CURRENT).order_by(_INCIDENT.c.id.desc())
)
# The running check is made for each candidate: instances are many, what waits is little. Each half is cut to the
# limit in the order of its index, so that a page costs a page, however much is pending.
_PENDING_EVENTS: Final = compiled(
    select(_INBOX.c.instance)
    .where(
        _INBOX.c.instance > _given("after"),
        rows.OPEN,
        _WAITING,
        _INBOX.c.not_before <= _given("now"),
        _running(_INBOX.c.instance),
    )
    .distinct()
    .order_by(_INBOX.c.instance)
    .limit(_given("limit"))
)
_PENDING_EFFECTS: Final = compiled(
    select(_EFFECT.c.instance)
    .where(_EFFECT.c.instance > _given("after"), _running(_EFFECT.c.instance))
    .distinct()
    .order_by(_EFFECT.c.instance)
    .limit(_given("limit"))
)
_DUE: Final = compiled(
    _all(Timer, _TIMER)
    .where(_TIMER.c.due <= _given("now"), _running(_TIMER.c.instance))
    .order_by(_TIMER.c.due, _TIMER.c.instance, _TIMER.c.key)
    .limit(_given("limit"))
)
_NEXT_TIMER: Final = compiled(
    select(_TIMER.c.due).where(_running(_TIMER.c.instance)).order_by(_TIMER.c.due).limit(literal_column("1"))
)
_NEXT_DELAYED: Final = compiled(
    select(_INBOX.c.not_before)
    .where(rows.DELAYED, _running(_INBOX.c.instance))
    .order_by(_INBOX.c.not_before)
    .limit(literal_column("1"))
)
_DELAYED_DUE: Final = compiled(
    select(_INBOX.c.instance)
    .where(rows.DELAYED, _INBOX.c.not_before > _given("since"), _INBOX.c.not_before <= _given("now"))
    .order_by(_INBOX.c.not_before)
)
_CALLS: Final = compiled(
    _all(CallRow, _CALL).where(_CALL.c.instance == _given("id"), _CALL.c.cause == _given("cause")).order_by(_CALL.c.n)
)
_CALLS_OF: Final = compiled(_all(CallRow, _CALL).where(_CALL.c.instance == _given("id")).order_by(_CALL.c.n))
_BY_KEY: Final = compiled(
    _all(Accepted, _INBOX).where(_INBOX.c.instance == _given("id"), _INBOX.c.key == _given("key"))
)
_NEWEST: Final = compiled(select(func.max(_INBOX.c.n)))
_NEWER: Final = compiled(select(_INBOX.c.instance).where(_INBOX.c.n > _given("n"), _WAITING).order_by(_INBOX.c.n))
_HISTORY: Final = compiled(
    _all(Entry, _TRANSITION)
    .where(_TRANSITION.c.instance == _given("id"), _TRANSITION.c.seq > _given("after"))
    .order_by(_TRANSITION.c.seq)
    .limit(_given("limit"))
)


def _rows(cursor: Cursor, statement: Statement, **values: Any) -> list[Any]:
    return cursor.execute(statement.sql, statement.bind(**values)).fetchall()


def load(cursor: Cursor, instance: str) -> Loaded | None:
    """One instance with all that waits for it; the caller holds a transaction, so that the parts agree."""
    only = (instance,)
    found = cursor.execute(_RECORD.sql, only).fetchone()
    if found is None:
        return None
    incident = cursor.execute(_INCIDENT_OPEN.sql, only).fetchone()
    return Loaded(
        Record(*found),
        [Accepted(*row) for row in cursor.execute(_OPEN.sql, only)],
        [Timer(*row) for row in cursor.execute(_TIMERS.sql, only)],
        [Effect(*row) for row in cursor.execute(_EFFECTS.sql, only)],
        Incident(*incident) if incident else None,
    )


def pending(cursor: Cursor, now: float, after: str, limit: int) -> list[str]:
    """Running instances with events whose time has come, or with open effects."""
    found = {row[0] for row in _rows(cursor, _PENDING_EVENTS, now=now, after=after, limit=limit)}
    found.update(row[0] for row in _rows(cursor, _PENDING_EFFECTS, after=after, limit=limit))
    # UTF-8, which SQLite compares, sorts as code points do.
    return sorted(found)[:limit]


def due(cursor: Cursor, now: float, limit: int) -> list[Timer]:
    """Timers of running instances whose time has come."""
    return [Timer(*row) for row in _rows(cursor, _DUE, now=now, limit=limit)]


def next_due(cursor: Cursor) -> float | None:
    """The earliest timer or delayed event of a running instance."""
    times = [row[0] for one in (_NEXT_TIMER, _NEXT_DELAYED) for row in _rows(cursor, one)]
    return min(times, default=None)


def delayed_due(cursor: Cursor, since: float, now: float) -> list[str]:
    """Instances of delayed events that came due in (since, now], earliest first."""
    return list(dict.fromkeys(row[0] for row in _rows(cursor, _DELAYED_DUE, since=since, now=now)))


def calls(cursor: Cursor, instance: str, cause: str) -> list[CallRow]:
    """The recorded calls of one cause."""
    return [CallRow(*row) for row in _rows(cursor, _CALLS, id=instance, cause=cause)]


def calls_of(cursor: Cursor, instance: str) -> list[CallRow]:
    """The recorded calls of one instance."""
    return [CallRow(*row) for row in _rows(cursor, _CALLS_OF, id=instance)]


def find_key(cursor: Cursor, instance: str, key: str) -> Accepted | None:
    """The inbox row of a sender's key."""
    found = _rows(cursor, _BY_KEY, id=instance, key=key)
    return Accepted(*found[0]) if found else None


def newer(cursor: Cursor, n: int) -> tuple[int, list[str]]:
    """The largest inbox number, and whose waiting rows have a larger one than `n`."""
    newest = _rows(cursor, _NEWEST)[0][0] or 0
    return newest, list(dict.fromkeys(row[0] for row in _rows(cursor, _NEWER, n=n)))


def history(cursor: Cursor, instance: str, after: int, limit: int) -> list[Entry]:
    """The journal of one instance."""
    return [Entry(*row) for row in _rows(cursor, _HISTORY, id=instance, after=after, limit=limit)]


def find(
    cursor: Cursor, machine: str | None, statuses: Sequence[str], states: Sequence[str], after: str, limit: int
) -> list[Record]:
    """Records by machine, status and active state; compiled for each shape of question, for people ask it."""
    query = _all(Record, _INSTANCE).where(_INSTANCE.c.id > after)
    if machine is not None:
        query = query.where(_INSTANCE.c.machine == machine)
    if statuses:
        query = query.where(or_(*(_INSTANCE.c.status == status for status in statuses)))
    if states:
        leaf = func.json_each(_INSTANCE.c.config).table_valued("value").alias("leaf")
        # "paying" is active when "paying.charging" is; substr instead of LIKE, which knows wildcards.
        active = or_(
            *(
                or_(leaf.c.value == state, func.substr(leaf.c.value, 1, len(state) + 1) == f"{state}.")
                for state in states
            )
        )
        query = query.where(exists(select(literal_column("1")).select_from(leaf).where(active)))
    made = compiled(query.order_by(_INSTANCE.c.id).limit(limit))
    return [Record(*row) for row in _rows(cursor, made)]


def incidents(cursor: Cursor, resolved: bool, instance: str | None) -> list[Incident]:
    """Incidents, oldest first."""
    wanted = and_(
        *([] if resolved else [_CURRENT]),
        *([] if instance is None else [_INCIDENT.c.instance == instance]),
        literal_column("1"),
    )
    made = compiled(_all(Incident, _INCIDENT).where(wanted).order_by(_INCIDENT.c.id))
    return [Incident(*row) for row in _rows(cursor, made)]
