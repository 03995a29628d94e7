"""An overview: how many instances stand where, which ones somebody looks for, and what operators did.

Questions that people ask, so they may read much; contexts stay where they are, because a list shows none.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Final

from sqlalchemy import and_, bindparam, cast, exists, func, or_, select

from fsm.errors import StoreError
from fsm.ports.store import Accepted, Record, Store
from persistence import queries, rows
from persistence.attributes import found_by
from persistence.memory import MemoryStore
from persistence.reading import Reading
from persistence.sealing import SealedStore
from persistence.statements import Statement
from persistence.words import JSONB

_INSTANCE: Final = rows.table(rows.Instance)
_INBOX: Final = rows.table(rows.Inbox)
PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Group:
    """The instances of a machine that have the same status and the same active states."""

    machine: str
    status: str
    configuration: tuple[str, ...]
    instances: int
    turns: int
    """All turns that they took."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list of instances."""

    id: str
    machine: str
    version: str
    status: str
    seq: int
    config: str
    parent: str
    created: float
    closed: float | None


@dataclass(frozen=True, slots=True)
class Search:
    """Which instances are looked for; what is empty or None asks nothing.

    `text` is a part of an id, in letters of either case, `key` a sender's key of one of its events; `states` finds an
    instance in any of them, or in one inside; `attributes` asks for all of the names and values. `after` is the id
    after which the list goes on.
    """

    machine: str | None = None
    statuses: Sequence[str] = ()
    states: Sequence[str] = ()
    text: str = ""
    key: str = ""
    attributes: Sequence[tuple[str, str]] = ()
    started_after: float | None = None
    started_before: float | None = None
    after: str = ""
    limit: int = PAGE


_GROUPS: Final = Statement(
    select(_INSTANCE.c.machine, _INSTANCE.c.status, _INSTANCE.c.config, func.count(), func.sum(_INSTANCE.c.seq))
    .group_by(_INSTANCE.c.machine, _INSTANCE.c.status, _INSTANCE.c.config)
    .order_by(_INSTANCE.c.machine, _INSTANCE.c.status, _INSTANCE.c.config)
)
# Only keyed rows are indexed by instance once they are consumed: whoever wants to be found gives a key.
_KEYED: Final = Statement(
    select(*(_INBOX.c[f.name] for f in fields(Accepted)))
    .where(_INBOX.c.instance == bindparam("id"), rows.KEYED)
    .order_by(_INBOX.c.n)
)


async def groups(store: Store) -> list[Group]:
    """How many instances stand where, in order of machine, status and states. Raises StoreError."""
    if isinstance(store, Reading):
        found = await store._run(lambda link: link.ask((_GROUPS, {}))[0])
        return [Group(m, s, tuple(json.loads(c)), int(n), int(turns)) for m, s, c, n, turns in found]
    counts: Counter[tuple[str, str, str]] = Counter()
    turns: Counter[tuple[str, str, str]] = Counter()
    async for record in _records(store, Search()):
        place = (record.machine, record.status, record.config)
        counts[place] += 1
        turns[place] += record.seq
    return [Group(m, s, tuple(json.loads(c)), n, turns[m, s, c]) for (m, s, c), n in sorted(counts.items())]


async def search(store: Store, wanted: Search) -> list[Line]:
    """The instances that are looked for, in order of id. Raises StoreError."""
    if isinstance(store, Reading):
        statement = _searching(wanted)
        found = await store._run(lambda link: link.ask((statement, {}))[0])
        return [Line(*row) for row in found]
    lines = []
    async for record in _records(store, wanted):
        if _fits(record, wanted) and (not wanted.key or await store.find_key(record.id, wanted.key)):
            lines.append(Line(*(getattr(record, f.name) for f in fields(Line))))
            if len(lines) == wanted.limit:
                break
    return lines


async def keyed(store: Store, instance: str, prefix: str) -> list[Accepted]:
    """What was accepted for an instance under keys that begin so, consumed rows included, oldest first.

    Raises StoreError, also for a store that is not one of this package.
    """
    found: Iterable[Accepted]
    if isinstance(store, SealedStore):
        found = [store._open(row) for row in await keyed(store._inner, instance, prefix)]
    elif isinstance(store, MemoryStore):
        found = [row for (owner, _), row in store._keys.items() if owner == instance]
    elif isinstance(store, Reading):
        found = [Accepted(*r) for r in await store._run(lambda link: link.ask((_KEYED, {"id": instance}))[0])]
    else:
        raise StoreError(f"A {type(store).__name__} does not list keys; use a store of open_store.")
    return [row for row in found if row.key and row.key.startswith(prefix)]


async def _records(store: Store, wanted: Search) -> AsyncIterator[Record]:
    after = wanted.after
    while page := await store.find(
        machine=wanted.machine,
        statuses=wanted.statuses,
        states=wanted.states,
        attributes=wanted.attributes,
        after=after,
        limit=PAGE,
    ):
        for record in page:
            yield record
        after = page[-1].id


def _fits(record: Record, wanted: Search) -> bool:
    return (
        wanted.text.lower() in record.id.lower()
        and (wanted.started_after is None or record.created > wanted.started_after)
        and (wanted.started_before is None or record.created <= wanted.started_before)
    )


def _searching(wanted: Search) -> Statement:
    """Compiled for each shape of question, for people ask it."""
    line, instance = _INSTANCE.c, [_INSTANCE.c[f.name] for f in fields(Line)]
    asked = [
        line.id > wanted.after,
        *([line.machine == wanted.machine] if wanted.machine is not None else []),
        *([or_(*(line.status == status for status in wanted.statuses))] if wanted.statuses else []),
        *([line.id.icontains(wanted.text, autoescape=True)] if wanted.text else []),
        *([exists().where(_INBOX.c.instance == line.id, _INBOX.c.key == wanted.key)] if wanted.key else []),
        *found_by(line.id, wanted.attributes),
        *([line.created > wanted.started_after] if wanted.started_after is not None else []),
        *([line.created <= wanted.started_before] if wanted.started_before is not None else []),
    ]
    query = select(*instance).where(and_(*asked)).order_by(line.id).limit(wanted.limit)
    sqlite = func.json_each(line.config).table_valued("value").alias("leaf")
    postgresql = func.jsonb_array_elements_text(cast(line.config, JSONB)).table_valued("value").render_derived("leaf")
    return Statement(
        query.where(*queries._active(sqlite, wanted.states)),
        postgresql=query.where(*queries._active(postgresql, wanted.states)),
    )
