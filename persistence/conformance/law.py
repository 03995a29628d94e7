"""A law: what every store promises, as a function that a store either passes or fails with `LawBroken`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any

from fsm.errors import StoreError
from fsm.ports.store import Accepted, Commit, Entry, Loaded, Record, Status, Store

Place = Callable[[], Store]
"""Makes one more view of the same data, not open yet: what another process would have."""

Law = Callable[[Place], Awaitable[None]]


class LawBroken(AssertionError):
    """A store does not do what every store promises."""


def law(check: Callable[[Store], Awaitable[None]]) -> Law:
    """A law of one store, opened for it by its owner."""

    @wraps(check)
    async def checked(place: Place) -> None:
        async with opened(place) as store:
            await check(store)

    return checked


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator[Store]:
    """One view, opened by an owner and closed at the end."""
    store = place()
    await store.open(owner=True)
    try:
        yield store
    finally:
        await store.close()


def same(found: object, wanted: object, what: str = "") -> None:
    """Two values are equal, or the law is broken."""
    if found != wanted:
        raise LawBroken(f"{what}{': ' if what else ''}found {found!r}, the law wants {wanted!r}")


async def refused(answer: Awaitable[object], error: type[StoreError], saying: str = "") -> None:
    """The store refuses with this error, and the error says this."""
    try:
        given = await answer
    except error as problem:
        if saying not in str(problem):
            raise LawBroken(f"the error says {str(problem)!r}, the law wants {saying!r} in it") from problem
        return
    raise LawBroken(f"nothing was refused: {given!r}; the law wants {error.__name__}")


async def read(store: Store, instance: str) -> Loaded:
    """An instance that must be there."""
    loaded = await store.load(instance)
    if loaded is None:
        raise LawBroken(f"{instance!r} is not in the store")
    return loaded


# ---- rows to try it with


def record(id: str, seq: int = 0, **changed: Any) -> Record:
    """A record of a machine M."""
    values: dict[str, Any] = {"status": Status.RUNNING.value, "config": '["idle"]', "moving": "{}", "context": b"{}"}
    values |= changed
    return Record(id, values.pop("machine", "M"), "1", "d", seq=seq, **values)


def entry(id: str, seq: int) -> Entry:
    """The journal entry of a turn, ten seconds and `seq` after the epoch."""
    return Entry(id, seq, f"event:{id}{seq}", "go", "{}", "[]", '["idle"]', 10.0 + seq, 0.1)


def event(id: str, ref: str, **changed: Any) -> Accepted:
    """An event that waits."""
    return Accepted(id, ref, "go", "{}", **changed)


def create(id: str, *, worker: str = "", **changed: Any) -> Commit:
    """The commit that begins an instance."""
    return Commit(id, create=True, record=record(id, **changed), entry=entry(id, 0), worker=worker)


def turn(id: str, seen: int, fence: int = 0, **changed: Any) -> Commit:
    """The commit of the turn that comes after the one numbered `seen`."""
    values: dict[str, Any] = {"record": record(id, seen + 1, fence=fence), "entry": entry(id, seen + 1)}
    return Commit(id, seq=seen, fence=fence, **(values | changed))
