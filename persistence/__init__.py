"""Where instances are kept: in SQLite, in PostgreSQL or in memory."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, overload

from fsm.errors import MissingExtra
from persistence.url import StoreUrl, parse

if TYPE_CHECKING:
    from persistence.memory import MemoryStore
    from persistence.sealing import Codec, SealedStore
    from persistence.sql import SQLStore

__all__ = ["MemoryStore", "SQLStore", "open_store"]


@overload
def open_store(url: str) -> MemoryStore | SQLStore: ...
@overload
def open_store(url: str, *, codec: Codec) -> SealedStore: ...
def open_store(url: str, *, codec: Codec | None = None) -> MemoryStore | SQLStore | SealedStore:
    """The store that a URL names; `await store.open(owner=...)` then opens it.

        open_store("sqlite:///orders.db")                  relative to the working directory
        open_store("sqlite:////srv/orders.db?synchronous=NORMAL&thread=1")
        open_store("postgresql+psycopg://user:password@host/orders")
        open_store("memory://")

    With a codec, such as `persistence.aesgcm.AESGCM`, what users have written is sealed. Raises StoreUrlInvalid when no
    store speaks the URL, MissingExtra when PostgreSQL's driver is not installed.
    """
    store = _opened(parse(url))
    if codec is None:
        return store
    sealed: type[SealedStore] = import_module("persistence.sealing").SealedStore
    return sealed(store, codec)


def _opened(named: StoreUrl) -> MemoryStore | SQLStore:
    store: type[SQLStore]
    if named.server is not None:
        try:
            home = import_module("persistence.databases.postgres_link")
        except ModuleNotFoundError as problem:
            raise MissingExtra("postgres", f"A store in PostgreSQL needs psycopg ({problem}).") from problem
        store = import_module("persistence.sql").SQLStore
        return store(home.PostgresDatabase.at(named.server))
    if named.path is None:
        memory: type[MemoryStore] = import_module("persistence.memory").MemoryStore
        return memory()
    store = import_module("persistence.sql").SQLStore
    return store(named.path, synchronous=named.synchronous, thread=named.thread)


def __getattr__(name: str) -> object:
    # Each store is loaded when it is first named: only who wants SQL pays for it.
    if name == "MemoryStore":
        return import_module("persistence.memory").MemoryStore
    if name == "SQLStore":
        return import_module("persistence.sql").SQLStore
    raise AttributeError(f"module 'persistence' has no attribute {name!r}. It has {', '.join(__all__)}.")
