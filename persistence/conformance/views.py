"""Laws of two views of the same data, as two processes have them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fsm.ports.store import Commit, Store, Verdict
from persistence.conformance.law import Law, Place, create, event, opened, read, same, turn


@asynccontextmanager
async def _both(place: Place) -> AsyncIterator[tuple[Store, Store]]:
    """The owner's view and a client's; where the data live in one object it is both."""
    async with opened(place) as owner:
        client = place()
        if client is owner:
            yield owner, owner
            return
        await client.open(owner=False)
        try:
            yield owner, client
        finally:
            await client.close()


async def several_run_the_instances_of_one_store(place: Place) -> None:
    """Several may run the instances of one store: what one has claimed the other one does not get."""
    async with opened(place) as one, opened(place) as other:
        await one.commit([create("a", worker="w1")])
        await other.commit([create("b", worker="w2")])
        for store, worker in ((one, "w1"), (other, "w2")):
            same(await store.heartbeat(worker, 60.0), True)
        same(await one.claim("w1", ["M"], named=["a", "b"]), ["a"])
        same(await other.claim("w2", ["M"], named=["a", "b"]), ["b"])


async def what_one_view_commits_the_other_reads(place: Place) -> None:
    """What one view commits the other reads, and whoever is late writes nothing."""
    async with _both(place) as (owner, client):
        await owner.commit([create("a")])
        same((await read(client, "a")).record.seq, 0)
        same(await client.commit([turn("a", 0)]), [Verdict.COMMITTED])
        same(await owner.commit([turn("a", 0)]), [Verdict.LOST])
        same((await read(owner, "a")).record.seq, 1)


async def an_owner_learns_what_a_client_puts_into_an_inbox(place: Place) -> None:
    """An owner learns what a client puts into an inbox, and that a key is taken."""
    async with _both(place) as (owner, client):
        await owner.commit([create("a", worker="w")])
        same(await owner.poked("w"), [])
        same(await client.commit([Commit("a", accepted=[event("a", "r", key="k")])]), [Verdict.COMMITTED])
        same(await owner.poked("w"), ["a"])
        same(await owner.commit([Commit("a", accepted=[event("a", "s", key="k")])]), [Verdict.DUPLICATE])


LAWS: Final[tuple[Law, ...]] = (
    several_run_the_instances_of_one_store,
    what_one_view_commits_the_other_reads,
    an_owner_learns_what_a_client_puts_into_an_inbox,
)
"""All of them."""
