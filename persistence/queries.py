"""What is asked of the database: every query is one function on a link, compiled once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, cast, exists, func, literal_column, or_, select, true, union

from fsm.ports.store import Accepted, CallRow, Definition, Effect, Entry, Incident, Loaded, Record, Timer
from fsm.ports.task import Task
from persistence import rows
from persistence.attempts import attempts as attempts
from persistence.attributes import found_by
from persistence.databases.link import Link
from persistence.statements import Statement
from persistence.words import JSONB, Now, among

_INSTANCE: Final = rows.table(rows.Instance)
_INBOX: Final = rows.table(rows.Inbox)
_TIMER: Final = rows.table(rows.Timer)
_EFFECT: Final = rows.table(rows.Effect)
_CALL: Final = rows.table(rows.Call)
_ATTEMPT: Final = rows.table(rows.Attempt)
_INCIDENT: Final = rows.table(rows.Incident)
_TRANSITION: Final = rows.table(rows.Transition)
_TASK: Final = rows.table(rows.HumanTask)
_READY: Final = rows.table(rows.Ready)
_DEFINITION: Final = rows.table(rows.Definition)


def _all(row_type: type, source: Any) -> Any:
    """SELECT of the columns in the order of the row's fields, so that `row_type(*row)` makes it."""
    return select(*(source.c[f.name] for f in fields(row_type)))


def _at_work(instance: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a running instance is claimed by the worker."""
    return and_(
        exists().where(_READY.c.instance == instance, _READY.c.worker == _given("worker")),
        exists().where(_INSTANCE.c.id == instance, _INSTANCE.c.status == literal_column("'running'")),
    )


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
# The check is made for each candidate, in the order of its index: instances are many, what waits is little.
_DUE: Final = Statement(
    _all(Timer, _TIMER)
    .where(_TIMER.c.due <= _given("now"), _at_work(_TIMER.c.instance))
    .order_by(_TIMER.c.due, _TIMER.c.instance, _TIMER.c.key)
    .limit(_given("limit"))
)
_NEXT_TIMER: Final = Statement(
    select(_TIMER.c.due).where(_at_work(_TIMER.c.instance)).order_by(_TIMER.c.due).limit(literal_column("1"))
)
_NEXT_DELAYED: Final = Statement(
    select(_INBOX.c.not_before)
    .where(rows.DELAYED, _at_work(_INBOX.c.instance))
    .order_by(_INBOX.c.not_before)
    .limit(literal_column("1"))
)
_DELAYED_DUE: Final = Statement(
    select(_INBOX.c.instance)
    .where(
        rows.DELAYED,
        _INBOX.c.not_before > _given("since"),
        _INBOX.c.not_before <= _given("now"),
        _at_work(_INBOX.c.instance),
    )
    .order_by(_INBOX.c.not_before)
)
_CALLS: Final = Statement(
    _all(CallRow, _CALL).where(_CALL.c.instance == _given("id"), _CALL.c.cause == _given("cause")).order_by(_CALL.c.n)
)
_CALLED: Final = Statement(
    select(literal_column("1")).where(
        or_(*(exists().where(table.c.instance == _given("id")) for table in (_CALL, _ATTEMPT)))
    )
)
_CALLS_OF: Final = Statement(_all(CallRow, _CALL).where(_CALL.c.instance == _given("id")).order_by(_CALL.c.n))
_BY_KEY: Final = Statement(
    _all(Accepted, _INBOX).where(_INBOX.c.instance == _given("id"), _INBOX.c.key == _given("key"))
)
_BY_REF: Final = Statement(
    _all(Accepted, _INBOX).where(_INBOX.c.ref == _given("ref"), _INBOX.c.instance == _given("id"))
)
_DEFINED: Final = Statement(
    _all(Definition, _DEFINITION).where(
        _DEFINITION.c.machine == _given("machine"), _DEFINITION.c.version == _given("version")
    )
)
_NOW: Final = Statement(select(Now()))
_HISTORY: Final = Statement(
    _all(Entry, _TRANSITION)
    .where(_TRANSITION.c.instance == _given("id"), _TRANSITION.c.seq > _given("after"))
    .order_by(_TRANSITION.c.seq)
    .limit(_given("limit"))
)


def _among(source: Any) -> Any:
    return among(source.c.instance, _given("ids"))


_MANY: Final = (
    Statement(_all(Record, _INSTANCE).where(among(_INSTANCE.c.id, _given("ids"))).order_by(_INSTANCE.c.id)),
    Statement(_all(Accepted, _INBOX).where(_among(_INBOX), rows.OPEN).order_by(_INBOX.c.n)),
    Statement(_all(Timer, _TIMER).where(_among(_TIMER)).order_by(_TIMER.c.due)),
    Statement(_all(Effect, _EFFECT).where(_among(_EFFECT)).order_by(_EFFECT.c.key, _EFFECT.c.generation)),
    Statement(_all(Incident, _INCIDENT).where(_among(_INCIDENT), rows.UNRESOLVED).order_by(_INCIDENT.c.id)),
    Statement(union(*(select(table.c.instance).where(_among(table)) for table in (_CALL, _ATTEMPT)))),
)
"""What `load` asks, asked for many instances at once."""


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


def load_many(link: Link, instances: Sequence[str]) -> list[Loaded]:
    """Many instances with all that waits for them, in six questions."""
    these = {"ids": json.dumps(list(instances))}
    found, inbox, timers, effects, incidents, called = link.ask(*((statement, these) for statement in _MANY))
    made = {row[0]: Loaded(Record(*row), called=False) for row in found}
    for row in inbox:
        if row[0] in made:  # else it was sent to an instance that does not exist yet
            made[row[0]].inbox.append(Accepted(*row))
    for row in timers:
        made[row[0]].timers.append(Timer(*row))
    for row in effects:
        made[row[0]].effects.append(Effect(*row))
    for row in incidents:
        made[row[0]].incident = Incident(*row)
    for row in called:
        made[row[0]].called = True
    return list(made.values())


def due(link: Link, worker: str, now: float, limit: int) -> list[Timer]:
    """Timers of a worker's running instances whose time has come."""
    return [Timer(*row) for row in _rows(link, _DUE, worker=worker, now=now, limit=limit)]


def next_due(link: Link, worker: str) -> float | None:
    """The earliest timer or delayed event of a worker's running instances."""
    times = [row[0] for one in (_NEXT_TIMER, _NEXT_DELAYED) for row in _rows(link, one, worker=worker)]
    return min(times, default=None)


def delayed_due(link: Link, worker: str, since: float, now: float) -> list[str]:
    """Instances of delayed events that came due in (since, now], earliest first."""
    return list(dict.fromkeys(row[0] for row in _rows(link, _DELAYED_DUE, worker=worker, since=since, now=now)))


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


def accepted(link: Link, instance: str, ref: str) -> Accepted | None:
    """The inbox row of an event."""
    found = _rows(link, _BY_REF, id=instance, ref=ref)
    return Accepted(*found[0]) if found else None


def definition(link: Link, machine: str, version: str) -> Definition | None:
    """The document of a machine that was made from data."""
    found = _rows(link, _DEFINED, machine=machine, version=version)
    return Definition(*found[0]) if found else None


def now(link: Link) -> float:
    """The database's clock."""
    return float(_rows(link, _NOW)[0][0])


def history(link: Link, instance: str, after: int, limit: int) -> list[Entry]:
    """The journal of one instance."""
    return [Entry(*row) for row in _rows(link, _HISTORY, id=instance, after=after, limit=limit)]


def find(
    link: Link,
    machine: str | None,
    statuses: Sequence[str],
    states: Sequence[str],
    attributes: Sequence[tuple[str, str]],
    ids: Sequence[str],
    breached: bool,
    after: str,
    limit: int,
) -> list[Record]:
    """Records by machine, status, active state, attributes; compiled for each shape of question, for people ask it."""
    query = _all(Record, _INSTANCE).where(_INSTANCE.c.id > after)
    if machine is not None:
        query = query.where(_INSTANCE.c.machine == machine)
    if statuses:
        query = query.where(or_(*(_INSTANCE.c.status == status for status in statuses)))
    if ids:
        query = query.where(or_(*(_INSTANCE.c.id == id for id in ids)))
    query = query.where(*found_by(_INSTANCE.c.id, attributes))
    if breached:
        query = query.where(exists().where(_TRANSITION.c.instance == _INSTANCE.c.id, rows.BREACHED))
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


def tasks(link: Link, equal: dict[str, str | None], statuses: Sequence[str], limit: int) -> list[Task]:
    """Human tasks by what some columns are equal to; compiled for each shape of question, for people ask it."""
    query = _all(Task, _TASK)
    for name, value in equal.items():
        if value is not None:
            query = query.where(_TASK.c[name] == value)
    if set(statuses) == {"open", "claimed"}:
        query = query.where(rows.UNDONE)  # in these very words the partial index is used
    elif statuses:
        query = query.where(or_(*(_TASK.c.status == status for status in statuses)))
    query = query.order_by(_TASK.c.opened, _TASK.c.id).limit(limit)
    return [Task(*row) for row in _rows(link, Statement(query))]
