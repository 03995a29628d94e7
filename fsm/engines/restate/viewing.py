"""The view: a store of its own that only shows what an engine runs, and is marked as such."""

from __future__ import annotations

from fsm.engines.idle import MOVED, check_idle
from fsm.errors import StoreUnsuitable
from fsm.ports.engine import VIEW
from fsm.ports.store import Commit, Definition, Status, Store

_FIX = "Name another store in view=, and bring its instances over with fsm move"


async def check_view(store: Store, place: str, engine: str) -> None:
    """Look whether a store may be the view of an engine, whose name ends its text. Raises StoreUnsuitable where workers
    run it, where it has instances that the engine does not know, and where they were moved elsewhere."""
    refused, mark = f"{place} cannot be the view of {engine}", await store.definition(VIEW, "")
    if mark is None:
        await check_idle(store, refused, _FIX)
        if left := await store.find(statuses=[status for status in Status if not status.ended], limit=1):
            raise StoreUnsuitable(f"{refused}: it has open instances, {left[0].id!r} for one. {_FIX}.")
    elif mark.document.startswith(MOVED):
        raise StoreUnsuitable(
            f"{refused}: its instances were moved to {mark.document}. Give that engine's URL, or name another store."
        )
    elif _name(mark.document) != _name(engine) and await store.find(limit=1):
        raise StoreUnsuitable(f"{refused}: it shows what {mark.document} runs. Name a store of its own in view=.")


async def mark_view(store: Store, engine: str) -> None:
    """Keep whoever would run the instances of a view away from it."""
    await store.commit([Commit(VIEW, definitions=[Definition(VIEW, "", engine, await store.now())])])


def _name(engine: str) -> str:
    """The name under which instances are known to the server, which may have moved to another address."""
    return engine.rpartition(" ")[2]
