"""Our own stores keep the laws of attempts, and a store without its protection breaks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from fsm.ports.store import Commit, Verdict
from persistence import MemoryStore, SQLStore
from persistence.conformance import Law, LawBroken, attempting

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("law", attempting.LAWS, ids=lambda law: law.__name__)
async def test_every_store_keeps_the_law(law: Law, place: Callable[[], MemoryStore | SQLStore]) -> None:
    await law(place)


class Careless(MemoryStore):
    """Does not look whether the writer still has the instance."""

    async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
        return await super().commit([replace(commit, fence=None) for commit in batch])


class Forgiving(MemoryStore):
    """Forgets every failure."""

    async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
        return await super().commit([replace(commit, repeated=True) for commit in batch])


@pytest.mark.parametrize(
    ("store", "law"),
    [
        (Careless, attempting.an_attempt_and_the_answer_of_its_call_are_written_together_or_not_at_all),
        (Forgiving, attempting.failures_of_what_is_made_once_are_forgotten_only_when_it_is_to_be_repeated),
    ],
)
async def test_a_store_without_its_protection_breaks_the_law(store: type[MemoryStore], law: Law) -> None:
    made = store()
    with pytest.raises(LawBroken, match="the law wants"):
        await law(lambda: made)
