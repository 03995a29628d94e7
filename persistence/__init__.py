"""Where instances are kept: in SQLite or in memory."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from persistence.memory import MemoryStore
from persistence.url import parse

if TYPE_CHECKING:
    from persistence.sql import SQLStore

__all__ = ["MemoryStore", "SQLStore", "open_store"]


def open_store(url: str) -> MemoryStore | SQLStore:
    """The store that a URL names; `await store.open(owner=...)` then opens it.

        open_store("sqlite:///orders.db")                  relative to the working directory
        open_store("sqlite:////srv/orders.db?synchronous=NORMAL&thread=1")
        open_store("memory://")

    Raises StoreUrlInvalid when no store speaks the URL.
    """
    named = parse(url)
    if named.path is None:
        return MemoryStore()
    store: type[SQLStore] = import_module("persistence.sql").SQLStore
    return store(named.path, synchronous=named.synchronous, thread=named.thread)


def __getattr__(name: str) -> object:
    # SQLModel takes half a second to import: only who wants SQL pays for it.
    if name == "SQLStore":
        return import_module("persistence.sql").SQLStore
    raise AttributeError(f"module 'persistence' has no attribute {name!r}. It has {', '.join(__all__)}.")
