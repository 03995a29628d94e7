"""Retention: deleting what nobody needs any more, in short transactions, and nothing that live work refers to.

An instance goes only when it has ended, its parent does not go on, and no incident of it is open: the statement that
chooses says so, and chooses again under its lock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import and_, bindparam, delete, exists, func, literal_column, or_, select, update

from fsm.errors import StoreError
from fsm.limits import PAST_WHOLE_EVERY
from fsm.ports.retaining import Fold, Keep, whole
from fsm.ports.store import Status
from persistence import rows
from persistence.databases.link import Execute, Link
from persistence.statements import Statement
from persistence.words import Now, among

DAY_SECONDS: Final = 86_400.0

_INSTANCE: Final = rows.table(rows.Instance)
_INBOX: Final = rows.table(rows.Inbox)
_INCIDENT: Final = rows.table(rows.Incident)
_TRANSITION: Final = rows.table(rows.Transition)
_CALL: Final = rows.table(rows.Call)
_PARENT: Final = _INSTANCE.alias("parent")
_FORK: Final = _INSTANCE.alias("fork")
_LATER: Final = _INSTANCE.alias("later")

_ENDS: Final[tuple[Any, ...]] = tuple(literal_column(f"'{status.value}'") for status in Status if status.ended)
_ENDED: Final = _INSTANCE.c.status.in_(_ENDS)
_PARENT_ENDED: Final = ~exists().where(_PARENT.c.id == _INSTANCE.c.parent, _PARENT.c.status.not_in(_ENDS))
_NO_INCIDENT: Final = ~exists().where(_INCIDENT.c.instance == _INSTANCE.c.id, _INCIDENT.c.resolved.is_(None))
_NO_FORK: Final = ~exists().where(_FORK.c.base == _INSTANCE.c.id, rows.FORKED, _FORK.c.status.not_in(_ENDS))
_FREE: Final = and_(_ENDED, _PARENT_ENDED, _NO_INCIDENT, _NO_FORK)
_NOW: Final[Any] = func.coalesce(bindparam("now"), Now())


def _before(days: str) -> Any:
    return _NOW - bindparam(days) * literal_column(str(DAY_SECONDS))


_OLD: Final = _INSTANCE.c.closed < _before("days")
_OVERTAKEN: Final = (
    select(func.count())
    .select_from(_LATER)
    .where(
        _LATER.c.machine == _INSTANCE.c.machine,
        _LATER.c.status.in_(_ENDS),
        or_(
            _LATER.c.closed > _INSTANCE.c.closed,
            and_(_LATER.c.closed == _INSTANCE.c.closed, _LATER.c.id > _INSTANCE.c.id),
        ),
    )
    .scalar_subquery()
) >= bindparam("last")


def _chosen(*which: Any) -> Statement:
    return Statement(
        select(_INSTANCE.c.id)
        .where(_INSTANCE.c.machine == bindparam("machine"), _FREE, *which)
        .order_by(_INSTANCE.c.closed)
        .limit(bindparam("limit"))
        .with_for_update(of=_INSTANCE, skip_locked=True)
    )


_CHOSEN: Final[Mapping[tuple[bool, bool], Statement]] = MappingProxyType(
    {
        (False, True): _chosen(_OLD),
        (True, False): _chosen(_OVERTAKEN),
        (True, True): _chosen(_OLD, _OVERTAKEN),
    }
)
"""By whether the policy says how many, and how long."""
_STANDING: Final = Statement(
    select(_ENDED, _PARENT_ENDED, _NO_INCIDENT, _NO_FORK)
    .where(_INSTANCE.c.id == bindparam("id"))
    .with_for_update(of=_INSTANCE)
)


def _clearing(row: type[rows.Row]) -> Statement:
    table = rows.table(row)
    column = table.c.id if row is rows.Instance else table.c.instance
    return Statement(delete(table).where(among(column, bindparam("gone"))))


_OWNED: Final = tuple(
    _clearing(row)
    for row in (
        rows.Transition,
        rows.Timer,
        rows.Effect,
        rows.Call,
        rows.Attempt,
        rows.HumanTask,
        rows.Incident,
        rows.Attribute,
        rows.Ready,
        rows.Instance,
    )
)
_INBOX_GONE: Final = Statement(delete(_INBOX).where(among(_INBOX.c.instance, bindparam("gone"))))
_KEYLESS_GONE: Final = Statement(
    delete(_INBOX).where(
        among(_INBOX.c.instance, bindparam("gone")),
        or_(_INBOX.c.key.is_(None), _INBOX.c.at < _before("key_days")),
    )
)
_BLANKED: Final = Statement(
    update(_INBOX)
    .values(payload=literal_column("''"), state=literal_column("'consumed'"))
    .where(among(_INBOX.c.instance, bindparam("gone")))
)
_ORPHANS_GONE: Final = Statement(
    delete(_INBOX).where(
        _INBOX.c.payload == literal_column("''"),
        _INBOX.c.at < _before("key_days"),
        ~exists().where(_INSTANCE.c.id == _INBOX.c.instance),
    )
)
_LIVE: Final = select(_INSTANCE.c.id).where(_INSTANCE.c.machine == bindparam("machine"), ~_ENDED)
# The last entry stays: it is the outcome of what was sent last.
_FIRST_KEPT: Final = (
    select(_TRANSITION.c.instance, func.min(_TRANSITION.c.seq).label("seq"))
    .join(_INSTANCE, _INSTANCE.c.id == _TRANSITION.c.instance)
    .where(
        _TRANSITION.c.instance.in_(_LIVE),
        or_(_TRANSITION.c.at >= _before("journal_days"), _TRANSITION.c.seq >= _INSTANCE.c.seq),
    )
    .group_by(_TRANSITION.c.instance)
    .subquery("kept")
)
_TO_SHORTEN: Final = Statement(
    select(_FIRST_KEPT.c.instance, _FIRST_KEPT.c.seq).where(
        exists().where(_TRANSITION.c.instance == _FIRST_KEPT.c.instance, _TRANSITION.c.seq < _FIRST_KEPT.c.seq)
    )
)
_PAST: Final = Statement(
    select(_TRANSITION.c.past)
    .where(
        _TRANSITION.c.instance == bindparam("id"),
        _TRANSITION.c.seq.between(bindparam("since"), bindparam("kept")),
    )
    .order_by(_TRANSITION.c.seq)
)
_FOLDED: Final = Statement(
    update(_TRANSITION)
    .values(past=bindparam("folded"))
    .where(_TRANSITION.c.instance == bindparam("id"), _TRANSITION.c.seq == bindparam("kept"))
)
_JOURNAL_GONE: Final = Statement(
    delete(_TRANSITION).where(_TRANSITION.c.instance == bindparam("id"), _TRANSITION.c.seq < bindparam("kept"))
)


def erase(link: Link, instance: str) -> bool:
    """Delete one instance that has ended, with all that belongs to it."""
    with link.transaction() as execute:
        found = execute(_STANDING, {"id": instance})
        if not found:
            return False
        check_erasable(instance, *map(bool, found[0]))
        gone = {"gone": json.dumps([instance])}
        for statement in (*_OWNED, _INBOX_GONE):
            execute(statement, gone)
    return True


def check_erasable(instance: str, ended: bool, parent_ended: bool, no_incident: bool, no_fork: bool) -> None:
    """Raise StoreError that says what an instance is still needed for."""
    for holds, why in (
        (ended, "it goes on. Cancel it first"),
        (parent_ended, "its parent goes on and may still ask for it. Erase it when the parent has ended"),
        (no_incident, "an incident of it is open. Retry or cancel it first"),
        (no_fork, "a fork of it goes on and refers to it. Erase it when the fork has ended"),
    ):
        if not holds:
            raise StoreError(f"{instance!r} was not erased: {why}.")


def prune(link: Link, machine: str, keep: Keep, now: float | None, limit: int, fold: Fold = whole) -> int:
    """Delete what a policy does not keep, in one transaction; how many instances went."""
    values = {
        "machine": machine,
        "now": now,
        "limit": limit,
        "last": keep.last,
        "days": keep.days,
        "journal_days": keep.journal_days,
        "key_days": keep.key_days,
    }
    with link.transaction() as execute:
        gone = _gone(execute, keep, values)
        if keep.journal_days is not None:
            _shorten(execute, values, fold)
        execute(_ORPHANS_GONE, values)
    return gone


def _shorten(execute: Execute, values: dict[str, Any], fold: Fold) -> None:
    """Delete the older rows of journals; the first one that stays is made whole."""
    for instance, kept in execute(_TO_SHORTEN, values):
        place = {"id": instance, "since": kept - PAST_WHOLE_EVERY, "kept": kept}
        pasts = [row[0] for row in execute(_PAST, place)]
        execute(_FOLDED, {**place, "folded": fold(instance, pasts)})
        execute(_JOURNAL_GONE, place)


def _gone(execute: Execute, keep: Keep, values: dict[str, Any]) -> int:
    chosen = _CHOSEN.get((keep.last is not None, keep.days is not None))
    gone = [row[0] for row in execute(chosen, values)] if chosen is not None else []
    if gone:
        for statement in (_KEYLESS_GONE, _BLANKED, *_OWNED):
            execute(statement, {**values, "gone": json.dumps(gone)})
    return len(gone)
