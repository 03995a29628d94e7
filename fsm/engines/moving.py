"""Moving: a fleet with everything that is open goes from one store to another, or to another engine.

    no worker alive, the target empty ─▶ the source is closed: it says where its instances are
    ─▶ every row is copied, in one transaction
    to Restate: the copy becomes the view ─▶ each instance is handed to its object, once

Cut short at any moment, the same move goes on where it was.
"""

from __future__ import annotations

import anyio

from fsm.engines.idle import MOVED, check_idle, shown
from fsm.engines.restate.adopting import hand_over
from fsm.engines.restate.server import Server
from fsm.engines.restate.url import SCHEMES, parse
from fsm.errors import EngineUnfit, StoreUnsuitable
from fsm.ports.engine import VIEW
from fsm.ports.store import Commit, Definition, Store
from fsm.ports.task import CALLS, OPEN
from persistence import open_store
from persistence.moving import check, copy

PAGE = 1_000
"""Instances that are looked at in one go."""
TASKS_MAX = 10_000
"""Open human tasks that are looked at."""


async def move(source: str, target: str) -> int:
    """Move all instances of a store to another store or engine; how many there are.

    Nobody may run them meanwhile; afterwards whoever would run them at the source is refused. Raises StoreUrlInvalid;
    StoreUnsuitable where workers are alive, the source is not its own or the target is not empty, EngineUnfit where the
    target cannot have what is open, EngineUnreachable, StoreError. What can be known is refused before anything is
    changed; a move that was cut short goes on when it is asked for again.
    """
    restate = target.partition("://")[0] in SCHEMES
    place = parse(target).view if restate else target
    check(source, place)
    store = open_store(source)
    await store.open(owner=True)
    try:
        where = f"{MOVED}{shown(target)}"
        begun = await _begun(store, shown(source), where, restate=restate)
        done = await _done(place, begun=begun, restate=restate)
        if restate:
            async with Server(parse(target)) as server:
                await server.check_served()
        if not begun:
            await store.commit([Commit(VIEW, definitions=[Definition(VIEW, "", where, await store.now())])])
        if done:
            number = await _count(store)
        else:
            number = await anyio.to_thread.run_sync(lambda: copy(source, place, claims=not restate, without=[VIEW]))
        if restate:
            await hand_over(store, parse(target))
        return number
    finally:
        await store.close()


async def _begun(store: Store, place: str, where: str, *, restate: bool) -> bool:
    """Whether an earlier life has begun the same move; refuse what cannot be moved."""
    mark = await store.definition(VIEW, "")
    if mark is not None and mark.document != where:
        raise StoreUnsuitable(f"{place} shows what {mark.document} runs; move from there")
    await check_idle(store, f"{place} cannot be moved", "Stop the workers first")
    if restate:
        calls = [task for task in await store.tasks(statuses=OPEN, limit=TASKS_MAX) if task.name.startswith(CALLS)]
        problems = [f"{task.instance!r} waits for a person in the place of a service" for task in calls]
        problems += [f"there is a schedule {schedule.name!r}" for schedule in await store.schedules()]
        if problems:
            raise EngineUnfit("Restate", problems)
    return mark is not None


async def _done(place: str, *, begun: bool, restate: bool) -> bool:
    """Whether an earlier life has copied them, all at once; refuse a target that has others."""
    target = open_store(place)
    await target.open(owner=True)
    try:
        mark, full = await target.definition(VIEW, ""), bool(await target.find(limit=1))
    finally:
        await target.close()
    if mark is not None and not restate:
        raise StoreUnsuitable(f"{shown(place)} shows what {mark.document} runs; move to that, or into an empty store")
    if full and not begun:
        raise StoreUnsuitable(f"{shown(place)} has instances already; move into an empty store")
    return full


async def _count(store: Store) -> int:
    number, after = 0, ""
    while page := await store.find(after=after, limit=PAGE):
        number, after = number + len(page), page[-1].id
    return number
