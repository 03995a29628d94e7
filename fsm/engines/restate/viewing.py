"""The view: a store of its own that only shows what an engine runs, and is marked as such."""

from __future__ import annotations

from fsm.engines.idle import MOVED, check_idle
from fsm.errors import StoreUnsuitable
from fsm.ports.engine import VIEW
from fsm.ports.store import Commit, Definition, Status, Store

_FIX = "Name another store in view=, and bring its instances over with fsm move"


async def take_view(store: Store, place: str, engine: str) -> None:
    """Mark a store as the view of an engine, which keeps whoever would run its instances away.

    Raises StoreUnsuitable, and marks nothing, where workers run it, where it has open instances that the engine does
    not know, and where its instances were moved elsewhere.
    """
    refused, mark = f"{place} cannot be the view of {engine}", await store.definition(VIEW, "")
    if mark is None:
        await check_idle(store, refused, _FIX)
        if left := await store.find(statuses=[status for status in Status if not status.ended], limit=1):
            raise StoreUnsuitable(f"{refused}: it has open instances, {left[0].id!r} for one. {_FIX}.")
    elif mark.document.startswith(MOVED):
        raise StoreUnsuitable(
            f"{refused}: its instances were moved to {mark.document}. Give that engine's URL, or name another store."
        )
    await store.commit([Commit(VIEW, definitions=[Definition(VIEW, "", engine, await store.now())])])
