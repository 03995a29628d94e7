"""Reading a store that may belong to another process: it is opened without the right to run instances."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fsm.command.failure import Failure, Misuse
from fsm.ports.store import Entry, Loaded, Store
from fsm.runtime.claims import check_own
from persistence import open_store
from persistence.url import parse

PAGE = 1_000


def url_of(store: str | None) -> str:
    """The URL that was given. Raises Misuse when there is none."""
    if not store:
        raise Misuse("no store", why="neither --store nor FSM_STORE is set", fix="--store sqlite:///orders.db")
    return store


def check_exists(url: str) -> None:
    """Refuse a store that nobody has made. Raises Misuse, StoreUrlInvalid."""
    given = parse(url)
    if given.server is not None:
        return  # a server says itself whether it can be reached
    path = given.path
    if path is None:
        raise Misuse(
            f"{url} lives inside one process",
            why="nobody else can look into it",
            fix="keep the instances in a file: --store sqlite:///orders.db",
        )
    if not Path(path).is_file():
        raise Misuse(
            f"no store at {Path(path).absolute()}",
            where=url,
            why="a reading command does not create one",
            fix="correct the URL (three slashes and a relative path, or four and an absolute one), or start `fsm run`",
        )


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[Store]:
    """An existing store, open for looking and sending. Raises Misuse, StoreError."""
    check_exists(url)
    store = open_store(url)
    await store.open(owner=False)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def telling(url: str) -> AsyncIterator[Store]:
    """The same, to write into what a worker runs. Raises StoreUnsuitable too, where another engine does."""
    async with reading(url) as store:
        await check_own(store)
        yield store


async def loaded_of(store: Store, url: str, id: str) -> Loaded:
    """One instance with all that waits for it. Raises Failure when there is none."""
    loaded = await store.load(id)
    if loaded is None:
        raise Failure(f"no instance {id!r}", where=url, fix=f"`fsm list --store {url}` names those that exist")
    return loaded


async def journal_of(store: Store, id: str) -> list[Entry]:
    """The whole journal of an instance, page by page."""
    found: list[Entry] = []
    while page := await store.history(id, found[-1].seq if found else -1, PAGE):
        found += page
    return found
