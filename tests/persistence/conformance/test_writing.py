"""Our own stores keep the laws of writing, and a store without its protection breaks them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fsm.ports.store import Commit, Verdict
from persistence import MemoryStore, SQLStore
from persistence.conformance import Law, LawBroken, writing

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("law", writing.LAWS, ids=lambda law: law.__name__)
async def test_every_store_keeps_the_law(law: Law, place: Callable[[], MemoryStore | SQLStore]) -> None:
    await law(place)


class WithoutCompare(MemoryStore):
    """Writes whatever it is given, wherever the instance has got to."""

    def _verdict(self, commit: Commit) -> Verdict:
        commit.seq = self._records[commit.instance].seq if commit.instance in self._records else commit.seq
        return super()._verdict(commit)


class WithoutFence(MemoryStore):
    """Compares the sequence number only."""

    def _verdict(self, commit: Commit) -> Verdict:
        commit.fence = self._records[commit.instance].fence if commit.instance in self._records else 0
        return super()._verdict(commit)


class HalfWritten(MemoryStore):
    """Writes the inbox of a commit that is lost."""

    async def commit(self, batch: list[Commit]) -> list[Verdict]:  # type: ignore[override]
        verdicts = await super().commit(batch)
        for commit, verdict in zip(batch, verdicts, strict=True):
            if verdict is Verdict.LOST:
                for row in commit.accepted:
                    self._accept(row)
        return verdicts


@pytest.mark.parametrize(
    ("store", "law"),
    [
        (WithoutCompare, writing.a_turn_that_read_another_seq_is_lost),
        (WithoutFence, writing.a_turn_that_read_another_fence_is_lost),
        (HalfWritten, writing.a_turn_that_read_another_seq_is_lost),
    ],
)
async def test_a_store_without_its_protection_breaks_the_law(store: type[MemoryStore], law: Law) -> None:
    made = store()
    with pytest.raises(LawBroken, match="the law wants"):
        await law(lambda: made)
