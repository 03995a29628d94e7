"""Our own stores keep the laws of claiming, and a store without its protection breaks them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fsm.ports.store import Commit, Verdict
from persistence import MemoryStore, SQLStore
from persistence.conformance import Law, LawBroken, claiming

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("law", claiming.LAWS, ids=lambda law: law.__name__)
async def test_every_store_keeps_the_law(law: Law, place: Callable[[], MemoryStore | SQLStore]) -> None:
    await law(place)


class WithoutFence(MemoryStore):
    """Compares the sequence number only."""

    def _verdict(self, commit: Commit) -> Verdict:
        commit.fence = self._records[commit.instance].fence if commit.instance in self._records else 0
        return super()._verdict(commit)


class ClaimWithoutFence(MemoryStore):
    """Claims an instance and lets whoever had it before write on."""

    async def claim(self, worker: str, machines: Any, **more: Any) -> list[str]:
        claimed = await super().claim(worker, machines, **more)
        for instance in claimed:
            self._records[instance].fence -= 1
        return claimed


class ClaimTwice(MemoryStore):
    """Gives an instance to every worker that asks."""

    async def claim(self, worker: str, machines: Any, **more: Any) -> list[str]:
        for ready in self._ready.values():
            ready.worker = None
        return await super().claim(worker, machines, **more)


class WithoutPokes(MemoryStore):
    """Does not tell a worker what others put into its inboxes."""

    def _mark(self, commit: Commit) -> None:
        super()._mark(commit)
        for ready in self._ready.values():
            ready.poked = False


class WithoutBurial(MemoryStore):
    """Waits for the lease of the dead."""

    async def bury(self, worker: str) -> None:
        return


@pytest.mark.parametrize(
    ("store", "law"),
    [
        (WithoutFence, claiming.what_may_have_moved_on_is_written_by_whoever_has_it),
        (WithoutBurial, claiming.what_a_buried_worker_had_is_claimable_at_once),
        (WithoutFence, claiming.a_claim_raises_the_fence_so_that_an_older_reader_writes_nothing),
        (WithoutFence, claiming.a_silent_worker_loses_its_instances_and_is_refused_when_it_wakes),
        (ClaimWithoutFence, claiming.a_claim_raises_the_fence_so_that_an_older_reader_writes_nothing),
        (ClaimWithoutFence, claiming.a_silent_worker_loses_its_instances_and_is_refused_when_it_wakes),
        (ClaimTwice, claiming.what_waits_is_claimed_by_one_worker),
        (WithoutPokes, claiming.a_worker_is_told_once_of_what_others_put_into_its_inboxes),
    ],
)
async def test_a_store_without_its_protection_breaks_the_law(store: type[MemoryStore], law: Law) -> None:
    made = store()
    with pytest.raises(LawBroken, match="the law wants"):
        await law(lambda: made)
