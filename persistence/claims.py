"""Claims: which worker runs which instance, so that several can share one store.

    free, due ──claim──▶ claimed ──release──▶ free, due when something will wake it, or gone
        ▲                   └── worker silent for longer than its lease ──▶ claimable by anybody
        └── poke: something was put into its inbox

A claim raises the fence of its instance, so that a worker that froze, lost it and woke up again is refused by the
compare-and-set of its next commit: the lease saves work, the fence keeps it right. One row beats for a worker,
however many instances it has. Nothing here waits for a row that somebody else is writing: it is left for later.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal_column,
    not_,
    or_,
    select,
    union_all,
    update,
)

from fsm.limits import DEATHS_SUSPECT
from fsm.ports.sharing import Worker
from persistence import rows
from persistence.databases.link import Execute, Link
from persistence.statements import Statement, merging
from persistence.words import Now, among

_INSTANCE: Final = rows.table(rows.Instance)
_INBOX: Final = rows.table(rows.Inbox)
_TIMER: Final = rows.table(rows.Timer)
_EFFECT: Final = rows.table(rows.Effect)
_READY: Final = rows.table(rows.Ready)
_WORKER: Final = rows.table(rows.Worker)
_DEFINITION: Final = rows.table(rows.Definition)

_ZERO: Final[Any] = literal_column("0")
_ONE: Final[Any] = literal_column("1")
_SUSPECT: Final[Any] = literal_column(str(DEATHS_SUSPECT))
_NOWHERE: Final[Any] = literal_column("NULL")
_RUNNING: Final = _INSTANCE.c.status == literal_column("'running'")
_CONTROLLED: Final = and_(
    _INSTANCE.c.status.in_([literal_column("'paused'"), literal_column("'parked'")]),
    _INBOX.c.lane == literal_column("'control'"),
)

_WAKES: Final = union_all(
    select(_INBOX.c.instance, _INBOX.c.not_before.label("due"))
    .join(_INSTANCE, _INSTANCE.c.id == _INBOX.c.instance)
    .where(rows.OPEN, _INBOX.c.state == literal_column("'waiting'"), or_(_RUNNING, _CONTROLLED)),
    select(_TIMER.c.instance, _TIMER.c.due).join(_INSTANCE, _INSTANCE.c.id == _TIMER.c.instance).where(_RUNNING),
    select(_EFFECT.c.instance, literal_column("0.0"))
    .join(_INSTANCE, _INSTANCE.c.id == _EFFECT.c.instance)
    .where(_RUNNING),
).subquery("wakes")
"""What will wake an instance, and when: waiting events, timers, and invokes that have to be run again."""


_WAKING: Final = Statement(
    select(func.count(_WAKES.c.instance.distinct()))
    .join(_INSTANCE, _INSTANCE.c.id == _WAKES.c.instance)
    .where(among(_INSTANCE.c.machine, bindparam("machines")))
)

_OURS: Final = or_(
    among(_INSTANCE.c.machine, bindparam("machines")), exists().where(_DEFINITION.c.machine == _INSTANCE.c.machine)
)
"""Whether the claimant knows the machine of an instance, or can make it from a stored document."""


_TIME: Final[Any] = func.coalesce(bindparam("now"), Now())
_SEQ: Final = select(_INSTANCE.c.seq).where(_INSTANCE.c.id == _READY.c.instance).scalar_subquery()
_TURN_IS_DUE: Final = and_(
    exists().where(_INSTANCE.c.id == _READY.c.instance, _RUNNING),
    or_(
        exists().where(
            _INBOX.c.instance == _READY.c.instance,
            rows.OPEN,
            _INBOX.c.state == literal_column("'waiting'"),
            _INBOX.c.lane != literal_column("'control'"),
            _INBOX.c.not_before <= _TIME,
        ),
        exists().where(_TIMER.c.instance == _READY.c.instance, _TIMER.c.due <= _TIME),
    ),
)
_FELL: Final = and_(_READY.c.worker.is_not(None), _READY.c.worker != bindparam("claimant"), _TURN_IS_DUE)
"""Whether whoever had an instance may have died of its turn; asked of a row that is about to be claimed."""


def _picked(which: Any) -> Statement:
    """Claim up to a limit of those instances; rows that somebody else is writing are passed by."""
    counted = case(
        (_READY.c.died != _SEQ, _ONE), (_READY.c.deaths < _SUSPECT, _READY.c.deaths + _ONE),
        else_=_READY.c.deaths + _READY.c.tried,
    )  # fmt: skip
    picked = (
        select(_READY.c.instance)
        .join(_INSTANCE, _INSTANCE.c.id == _READY.c.instance)
        .where(which, _OURS)
        .order_by(_READY.c.due)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True)
        .cte("picked")
    )
    return Statement(
        update(_READY)
        .values(
            worker=bindparam("claimant"),
            poked=_ZERO,
            deaths=case((_FELL, counted), else_=_READY.c.deaths),
            died=case((_FELL, _SEQ), else_=_READY.c.died),
            tried=case((_FELL, _ZERO), else_=_READY.c.tried),
        )
        .where(_READY.c.instance.in_(select(picked.c.instance)))
        .returning(_READY.c.instance)
    )


# A beat may also lie ahead, where the clock has been set back: nobody waits until it has been reached again.
_ALIVE: Final = and_(Now() - _WORKER.c.beat <= _WORKER.c.lease, _WORKER.c.beat - Now() <= _WORKER.c.lease)
_DEAD: Final = select(_WORKER.c.id).where(not_(_ALIVE))
_IS_DUE: Final = and_(rows.FREE, _READY.c.due <= _TIME)
_IS_LEFT: Final = and_(rows.CLAIMED, _READY.c.worker.in_(_DEAD), _READY.c.worker != bindparam("claimant"))
_IS_MINE: Final = and_(rows.CLAIMED, _READY.c.worker == bindparam("claimant"))
_IS_NAMED: Final = and_(among(_READY.c.instance, bindparam("named")), or_(rows.FREE, _IS_LEFT, _IS_MINE))

_ALL_DUE: Final = select(_ONE).select_from(_READY).join(_INSTANCE, _INSTANCE.c.id == _READY.c.instance).where(_IS_DUE)
_ANY_DUE: Final = Statement(_ALL_DUE.where(_OURS).limit(_ONE))
_UNCLAIMED: Final = Statement(_ALL_DUE.where(~_OURS).with_only_columns(func.count()))
_ANY_LEFT: Final = Statement(select(_ONE).select_from(_READY).where(_IS_LEFT).limit(_ONE))
_CLAIM_DUE, _CLAIM_LEFT, _CLAIM_NAMED = _picked(_IS_DUE), _picked(_IS_LEFT), _picked(_IS_NAMED)


def _entering(source: Any) -> Statement:
    """INSERT into ready what is not there yet."""
    names = ["instance", "worker", "due", "poked"]
    return merging(_READY, lambda insert: insert.from_select(names, source).on_conflict_do_nothing())


_ENTER_NAMED: Final = _entering(
    select(_INSTANCE.c.id, _NOWHERE, literal_column("0.0"), _ZERO).where(among(_INSTANCE.c.id, bindparam("named")))
)
_ENTER_WAKING: Final = _entering(
    select(_WAKES.c.instance, _NOWHERE, func.min(_WAKES.c.due), _ZERO)
    .where(~exists().where(_READY.c.instance == _WAKES.c.instance))
    .group_by(_WAKES.c.instance)
)
_RAISE_FENCES: Final = Statement(
    update(_INSTANCE).values(fence=_INSTANCE.c.fence + _ONE).where(among(_INSTANCE.c.id, bindparam("claimed")))
)
_ATTEMPT_AGAIN: Final = Statement(
    update(_EFFECT).values(attempt=_EFFECT.c.attempt + _ONE).where(among(_EFFECT.c.instance, bindparam("claimed")))
)

_MINE: Final = and_(_READY.c.worker == bindparam("claimant"), among(_READY.c.instance, bindparam("released")))
# Whoever pokes one of them meanwhile waits here, and finds it free afterwards.
_HOLD: Final = Statement(select(_READY.c.instance).where(_MINE).order_by(_READY.c.instance).with_for_update())
_WAKE: Final = select(func.min(_WAKES.c.due)).where(_WAKES.c.instance == _READY.c.instance).scalar_subquery()
_DROP: Final = Statement(delete(_READY).where(_MINE, _WAKE.is_(None)))
_FREE: Final = Statement(update(_READY).values(worker=_NOWHERE, poked=_ZERO, due=_WAKE).where(_MINE))
_DELAY: Final = Statement(
    update(_READY)
    .values(due=bindparam("until"))
    .where(among(_READY.c.instance, bindparam("released")), rows.FREE, _READY.c.due < bindparam("until"))
)

_POKED: Final = and_(rows.POKED, _READY.c.worker == bindparam("claimant"))
_ANY_POKED: Final = Statement(select(_ONE).select_from(_READY).where(_POKED).limit(_ONE))
_HEAR: Final = Statement(update(_READY).values(poked=_ZERO).where(_POKED).returning(_READY.c.instance))

_DEATHS: Final = Statement(
    select(_READY.c.instance, _READY.c.deaths)
    .join(_INSTANCE, _INSTANCE.c.id == _READY.c.instance)
    .where(
        rows.DEADLY,
        _READY.c.deaths >= _SUSPECT,
        _READY.c.worker == bindparam("claimant"),
        _READY.c.died == _INSTANCE.c.seq,
    )
)
_TRY: Final = Statement(
    update(_READY)
    .values(tried=_ONE)
    .where(_READY.c.instance == bindparam("instance"), _READY.c.worker == bindparam("claimant"))
)

_LAST_BEAT: Final = Statement(select(case((_ALIVE, _ONE), else_=_ZERO)).where(_WORKER.c.id == bindparam("claimant")))
_BEAT: Final = Statement(
    update(_WORKER).values(beat=Now(), lease=bindparam("seconds")).where(_WORKER.c.id == bindparam("claimant"))
)
_ENROL: Final = Statement(
    insert(_WORKER).from_select(["id", "beat", "lease"], select(bindparam("claimant"), Now(), bindparam("seconds")))
)
_LEAVE: Final = Statement(
    delete(_WORKER).where(
        _WORKER.c.id == bindparam("claimant"), ~exists().where(_READY.c.worker == bindparam("claimant"))
    )
)


_BURY: Final = Statement(update(_WORKER).values(beat=_ZERO, lease=_ZERO).where(_WORKER.c.id == bindparam("claimant")))
_WORKERS: Final = Statement(
    select(
        _WORKER.c.id,
        _WORKER.c.beat,
        _WORKER.c.lease,
        select(func.count()).where(_READY.c.worker == _WORKER.c.id, rows.CLAIMED).scalar_subquery(),
    ).order_by(_WORKER.c.id)
)


def heartbeat(link: Link, worker: str, lease_seconds: float) -> bool:
    """Say that a worker is alive; whether its lease had not run out meanwhile."""
    with link.transaction() as execute:
        alive = beat(execute, worker, lease_seconds)
        if alive is None:
            # What was left by somebody who kept no claims must be found, too.
            execute(_ENTER_WAKING, {})
    return alive is not False


def beat(execute: Execute, worker: str, lease_seconds: float) -> bool | None:
    """Write the row of a worker; whether its lease had not run out, None for a new one."""
    me = {"claimant": worker}
    before = execute(_LAST_BEAT, me)
    execute(_BEAT if before else _ENROL, {**me, "seconds": lease_seconds})
    return bool(before[0][0]) if before else None


def claim(
    link: Link, worker: str, machines: Sequence[str], limit: int, now: float | None, named: Sequence[str] | None
) -> list[str]:
    """Take instances that need a worker, or those that are named, as far as nobody else alive has them."""
    values = {"claimant": worker, "machines": json.dumps(list(machines)), "now": now, "named": json.dumps(named or [])}
    if named is not None:
        wanted = [_CLAIM_NAMED]
    else:
        due, left = link.ask((_ANY_DUE, values), (_ANY_LEFT, values))
        wanted = [statement for found, statement in ((left, _CLAIM_LEFT), (due, _CLAIM_DUE)) if found]
    if not wanted:
        return []
    claimed: list[str] = []
    with link.transaction() as execute:
        if named is not None:
            execute(_ENTER_NAMED, values)
        for statement in wanted:
            claimed += [row[0] for row in execute(statement, {**values, "limit": limit - len(claimed)})]
        if claimed:
            execute(_RAISE_FENCES, {"claimed": json.dumps(claimed)})
            execute(_ATTEMPT_AGAIN, {"claimed": json.dumps(claimed)})
    return sorted(claimed)


def release(link: Link, worker: str, instances: Sequence[str], until: float) -> None:
    """Give instances back, to be claimed when something wakes them, and not before a time."""
    mine = {"claimant": worker, "released": json.dumps(list(instances)), "until": until}
    with link.transaction() as execute:
        for statement in (_HOLD, _DROP, _FREE, *([_DELAY] if until else [])):
            execute(statement, mine)


def poked(link: Link, worker: str) -> list[str]:
    """Claimed instances into whose inbox somebody else has put something since this was last asked."""
    me = {"claimant": worker}
    if not link.ask((_ANY_POKED, me))[0]:
        return []
    with link.transaction() as execute:
        return sorted(row[0] for row in execute(_HEAR, me))


def deaths(link: Link, worker: str) -> dict[str, int]:
    """The suspects among the claims of a worker, each with its deaths."""
    return {row[0]: int(row[1]) for row in link.ask((_DEATHS, {"claimant": worker}))[0]}


def try_alone(link: Link, worker: str, instance: str) -> None:
    """Put a suspect on trial."""
    with link.transaction() as execute:
        execute(_TRY, {"claimant": worker, "instance": instance})


def bury(link: Link, worker: str) -> None:
    """End the lease of a worker."""
    with link.transaction() as execute:
        execute(_BURY, {"claimant": worker})


def workers(link: Link) -> list[Worker]:
    """Those that beat, and dead ones that have claims."""
    return [Worker(*row) for row in link.ask((_WORKERS, {}))[0]]


def waking(link: Link, machines: Sequence[str]) -> int:
    """How many instances of these machines something will wake."""
    return int(link.ask((_WAKING, {"machines": json.dumps(list(machines))}))[0][0][0])


def unclaimed(link: Link, machines: Sequence[str], now: float | None) -> int:
    """How many instances wait for a worker that knows their machine."""
    return int(link.ask((_UNCLAIMED, {"machines": json.dumps(list(machines)), "now": now}))[0][0][0])


def leave(link: Link, worker: str) -> None:
    """Strike a worker off that has released everything."""
    with link.transaction() as execute:
        execute(_LEAVE, {"claimant": worker})
