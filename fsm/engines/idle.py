"""Idle: a store that no worker runs; only such a one may be moved, or become the view of another engine."""

from __future__ import annotations

from typing import Final

from fsm.errors import StoreUnsuitable
from fsm.ports.store import Store

MOVED: Final = "the engine at "
"""How the mark of a store begins whose instances were moved; the URL of where they are now follows."""


async def check_idle(store: Store, refused: str, fix: str) -> None:
    """Look for workers that are alive. Raises StoreUnsuitable, which says what is refused and what to do."""
    now = await store.now()
    alive = [worker.id for worker in await store.workers() if worker.is_alive(now)]
    if alive:
        raise StoreUnsuitable(f"{refused}: {', '.join(alive)} may still run its instances. {fix}.")


def shown(url: str) -> str:
    """A URL without who signs in.

    >>> shown("postgresql://ann:secret@db/orders?sslmode=require")
    'postgresql://db/orders'
    """
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('?')[0].rsplit('@', 1)[-1]}"
