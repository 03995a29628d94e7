"""What is asked of the database: every query is one function on a link, compiled once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, cast, exists, func, literal_column, or_, select, text, true
from sqlalchemy.dialects.postgresql import JSONB

from fsm.ports.store import Accepted, CallRow, Definition, Effect, Entry, Incident, Loaded, Record, Timer
from persistence import rows
from persistence.databases.link import Link
from persistence.statements import Statement
from persistence.words import Now

_INSTANCE: Final = rows.table(rows.Instance)
_INBOX: Final = rows.table(rows.Inbox)
_TIMER: Final = rows.table(rows.Timer)
_EFFECT: Final = rows.table(rows.Effect)
_CALL: Final = rows.table(rows.Call)
_INCIDENT: Final = rows.table(rows.Incident)
_TRANSITION: Final = rows.table(rows.Transition)
_DEFINITION: Final = rows.table(rows.Definition)

# Words instead of a bound value, so that a partial index is recognised.
_WAITING: Final = text("state = 'waiting'")


def _all(row_type: type, source: Any) -> Any:
    """SELECT of the columns in the order of the row's fields, so that `row_type(*row)` makes it."""
    return select(*(source.c[f.name] for f in fields(row_type)))


def _running(instance: ColumnElement[str]) -> ColumnElement[bool]:
    return exists().where(_INSTANCE.c.id == instance, _INSTANCE.c.status == literal_column("'running'"))


def _given(name: str) -> Any:
    return bindparam(name)


_RECORD: Final = Statement(_all(Record, _INSTANCE).where(_INSTANCE.c.id == _given("id")))
_OPEN: Final = Statement(
    _all(Accepted, _INBOX).where(_INBOX.c.instance == _given("id"), rows.OPEN).order_by(_INBOX.c.n)
)
_TIMERS: Final = Statement(_all(Timer, _TIMER).where(_TIMER.c.instance == _given("id")).order_by(_TIMER.c.due))
_EFFECTS: Final = Statement(
    _all(Effect, _EFFECT).where(_EFFECT.c.instance == _given("id")).order_by(_EFFECT.c.key, _EFFECT.c.generation)
)
_INCIDENT_OPEN: Final = Statement(
    _all(Incident, _INCIDENT)
    .where(_INCIDENT.c.instance == _given("id"), rows.UNRESOLVED)
    .order_by(_INCIDENT.c.id.desc())
)
# The running check is made for each candidate: instances are many, what waits is little. Each half is cut to the
# limit in the order of its index, so that a page costs a page, however much is pending.
_PENDING_EVENTS: Final = Statement(
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
_PENDING_EFFECTS: Final = Statement(
    select(_EFFECT.c.instance)
    .where(_EFFECT.c.instance > _given("after"), _running(_EFFECT.c.instance))
    .distinct()
    .order_by(_EFFECT.c.instance)
    .limit(_given("limit"))
)
_DUE: Final = Statement(
    _all(Timer, _TIMER)
    .where(_TIMER.c.due <= _given("now"), _running(_TIMER.c.instance))
    .order_by(_TIMER.c.due, _TIMER.c.instance, _TIMER.c.key)
    .limit(_given("limit"))
)
_NEXT_TIMER: Final = Statement(
    select(_TIMER.c.due).where(_running(_TIMER.c.instance)).order_by(_TIMER.c.due).limit(literal_column("1"))
)
_NEXT_DELAYED: Final = Statement(
    select(_INBOX.c.not_before)
    .where(rows.DELAYED, _running(_INBOX.c.instance))
    .order_by(_INBOX.c.not_before)
    .limit(literal_column("1"))
)
_DELAYED_DUE: Final = Statement(
    select(_INBOX.c.instance)
    .where(rows.DELAYED, _INBOX.c.not_before > _given("since"), _INBOX.c.not_before <= _given("now"))
    .order_by(_INBOX.c.not_before)
)
_CALLS: Final = Statement(
    _all(CallRow, _CALL).where(_CALL.c.instance == _given("id"), _CALL.c.cause == _given("cause")).order_by(_CALL.c.n)
)
_CALLED: Final = Statement(
    select(literal_column("1")).select_from(_CALL).where(_CALL.c.instance == _given("id")).limit(literal_column("1"))
)
_CALLS_OF: Final = Statement(_all(CallRow, _CALL).where(_CALL.c.instance == _given("id")).order_by(_CALL.c.n))
_BY_KEY: Final = Statement(
    _all(Accepted, _INBOX).where(_INBOX.c.instance == _given("id"), _INBOX.c.key == _given("key"))
)
_DEFINED: Final = Statement(
    _all(Definition, _DEFINITION).where(
        _DEFINITION.c.machine == _given("machine"), _DEFINITION.c.version == _given("version")
    )
)
_NEWEST: Final = Statement(select(func.max(_INBOX.c.n)))
_NEWER: Final = Statement(select(_INBOX.c.instance).where(_INBOX.c.n > _given("n"), _WAITING).order_by(_INBOX.c.n))
_NOW: Final = Statement(select(Now()))
_HISTORY: Final = Statement(
    _all(Entry, _TRANSITION)
    .where(_TRANSITION.c.instance == _given("id"), _TRANSITION.c.seq > _given("after"))
    .order_by(_TRANSITION.c.seq)
    .limit(_given("limit"))
)


def _rows(link: Link, statement: Statement, **values: Any) -> list[Any]:
    return link.ask((statement, values))[0]


def load(link: Link, instance: str) -> Loaded | None:
    """One instance with all that waits for it."""
    only = {"id": instance}
    found, inbox, timers, effects, incident, called = link.ask(
        (_RECORD, only), (_OPEN, only), (_TIMERS, only), (_EFFECTS, only), (_INCIDENT_OPEN, only), (_CALLED, only)
    )
    if not found:
        return None
    return Loaded(
        Record(*found[0]),
        [Accepted(*row) for row in inbox],
        [Timer(*row) for row in timers],
        [Effect(*row) for row in effects],
        Incident(*incident[0]) if incident else None,
        bool(called),
    )


def pending(link: Link, now: float, after: str, limit: int) -> list[str]:
    """Running instances with events whose time has come, or with open effects."""
    found = {row[0] for row in _rows(link, _PENDING_EVENTS, now=now, after=after, limit=limit)}
    found.update(row[0] for row in _rows(link, _PENDING_EFFECTS, after=after, limit=limit))
    # The bytes of UTF-8, which the databases compare, sort as code points do.
    return sorted(found)[:limit]


def due(link: Link, now: float, limit: int) -> list[Timer]:
    """Timers of running instances whose time has come."""
    return [Timer(*row) for row in _rows(link, _DUE, now=now, limit=limit)]


def next_due(link: Link) -> float | None:
    """The earliest timer or delayed event of a running instance."""
    times = [row[0] for one in (_NEXT_TIMER, _NEXT_DELAYED) for row in _rows(link, one)]
    return min(times, default=None)


def delayed_due(link: Link, since: float, now: float) -> list[str]:
    """Instances of delayed events that came due in (since, now], earliest first."""
    return list(dict.fromkeys(row[0] for row in _rows(link, _DELAYED_DUE, since=since, now=now)))


def calls(link: Link, instance: str, cause: str) -> list[CallRow]:
    """The recorded calls of one cause."""
    return [CallRow(*row) for row in _rows(link, _CALLS, id=instance, cause=cause)]


def calls_of(link: Link, instance: str) -> list[CallRow]:
    """The recorded calls of one instance."""
    return [CallRow(*row) for row in _rows(link, _CALLS_OF, id=instance)]


def find_key(link: Link, instance: str, key: str) -> Accepted | None:
    """The inbox row of a sender's key."""
    found = _rows(link, _BY_KEY, id=instance, key=key)
    return Accepted(*found[0]) if found else None


def definition(link: Link, machine: str, version: str) -> Definition | None:
    """The document of a machine that was made from data."""
    found = _rows(link, _DEFINED, machine=machine, version=version)
    return Definition(*found[0]) if found else None


def now(link: Link) -> float:
    """The database's clock."""
    return float(_rows(link, _NOW)[0][0])


def newer(link: Link, n: int) -> tuple[int, list[str]]:
    """The largest inbox number, and whose waiting rows have a larger one than `n`."""
    newest = _rows(link, _NEWEST)[0][0] or 0
    return newest, list(dict.fromkeys(row[0] for row in _rows(link, _NEWER, n=n)))


def history(link: Link, instance: str, after: int, limit: int) -> list[Entry]:
    """The journal of one instance."""
    return [Entry(*row) for row in _rows(link, _HISTORY, id=instance, after=after, limit=limit)]


def find(
    link: Link, machine: str | None, statuses: Sequence[str], states: Sequence[str], after: str, limit: int
) -> list[Record]:
    """Records by machine, status and active state; compiled for each shape of question, for people ask it."""
    query = _all(Record, _INSTANCE).where(_INSTANCE.c.id > after)
    if machine is not None:
        query = query.where(_INSTANCE.c.machine == machine)
    if statuses:
        query = query.where(or_(*(_INSTANCE.c.status == status for status in statuses)))
    query = query.order_by(_INSTANCE.c.id).limit(limit)
    sqlite, postgresql = (
        func.json_each(_INSTANCE.c.config).table_valued("value").alias("leaf"),
        func.jsonb_array_elements_text(cast(_INSTANCE.c.config, JSONB)).table_valued("value").render_derived("leaf"),
    )
    made = Statement(
        query.where(*_active(sqlite, states)),
        postgresql=query.where(*_active(postgresql, states)),
    )
    return [Record(*row) for row in _rows(link, made)]


def _active(leaf: Any, states: Sequence[str]) -> list[Any]:
    """Whether one of the leaves is one of the states or lies in it; no condition without states."""
    if not states:
        return []
    # "paying" is active when "paying.charging" is; substr instead of LIKE, which knows wildcards.
    inside = (
        or_(leaf.c.value == state, func.substr(leaf.c.value, 1, len(state) + 1) == f"{state}.") for state in states
    )
    return [exists(select(literal_column("1")).select_from(leaf).where(or_(*inside)))]


def incidents(link: Link, resolved: bool, instance: str | None) -> list[Incident]:
    """Incidents, oldest first."""
    wanted = and_(
        *([] if resolved else [rows.UNRESOLVED]),
        *([] if instance is None else [_INCIDENT.c.instance == instance]),
        true(),
    )
    made = Statement(_all(Incident, _INCIDENT).where(wanted).order_by(_INCIDENT.c.id))
    return [Incident(*row) for row in _rows(link, made)]
