"""The backlog: work whose time has come and that nobody has done yet, and for how long it has waited."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, case, func, literal_column, select, union_all

from fsm.errors import StoreError
from fsm.ports.store import Store
from persistence import rows
from persistence.memory import MemoryStore
from persistence.memory_rows import waits
from persistence.reading import Reading
from persistence.sealing import SealedStore
from persistence.statements import Statement
from persistence.words import Now


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, and for how long."""

    instances: int
    """Running instances with an event or a timer that is due."""
    lag: float
    """Seconds that the oldest of it has waited; 0.0 where nothing waits."""


_INSTANCE: Final = rows.table(rows.Instance)
_INBOX: Final = rows.table(rows.Inbox)
_TIMER: Final = rows.table(rows.Timer)
_RUNS: Final[Any] = _INSTANCE.c.status == literal_column("'running'")
_SINCE: Final = case((_INBOX.c.not_before > _INBOX.c.at, _INBOX.c.not_before), else_=_INBOX.c.at)
_DUE: Final = union_all(
    select(_INBOX.c.instance, _SINCE.label("since"))
    .join(_INSTANCE, _INSTANCE.c.id == _INBOX.c.instance)
    .where(rows.OPEN, _INBOX.c.state == literal_column("'waiting'"), _INBOX.c.not_before <= Now(), _RUNS),
    select(_TIMER.c.instance, _TIMER.c.due)
    .join(_INSTANCE, _INSTANCE.c.id == _TIMER.c.instance)
    .where(and_(_TIMER.c.due <= Now(), _RUNS)),
).subquery("backlog")
_BACKLOG: Final = Statement(select(func.count(_DUE.c.instance.distinct()), Now() - func.min(_DUE.c.since)))


async def backlog(store: Store) -> Backlog:
    """What waits, by the store's clock. Raises StoreError, also for a store that is not one of this package."""
    if isinstance(store, SealedStore):
        return await backlog(store._inner)
    if isinstance(store, Reading):
        instances, lag = (await store._run(lambda link: link.ask((_BACKLOG, {}))[0]))[0]
        return Backlog(int(instances), max(0.0, float(lag or 0.0)))
    if not isinstance(store, MemoryStore):
        raise StoreError(f"A {type(store).__name__} does not tell what waits in it; use a store of open_store.")
    now = time.time()
    found = [(timer.instance, timer.due) for timer in store._running_timers()]
    found += [
        (instance, max(row.at, row.not_before))
        for instance, waiting in store._open_rows.items()
        if store._runs(instance)
        for row in waiting.values()
        if waits(row) and row.not_before <= now
    ]
    due = [(instance, since) for instance, since in found if since <= now]
    return Backlog(len({instance for instance, _ in due}), max((now - since for _, since in due), default=0.0))
