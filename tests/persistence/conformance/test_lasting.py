"""Our own stores keep the laws of lasting, and a store without its protection breaks them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fsm.ports.store import Commit, Verdict
from persistence import MemoryStore, SQLStore
from persistence.conformance import Law, LawBroken, lasting

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("law", lasting.LAWS, ids=lambda law: law.__name__)
async def test_every_store_keeps_the_law(law: Law, place: Callable[[], MemoryStore | SQLStore]) -> None:
    await law(place)


class WithoutGenerations(MemoryStore):
    """Clears a timer of whatever stay."""

    def _apply(self, commit: Commit) -> None:
        keys = {key for key, _ in commit.timers_cleared}
        commit.timers_cleared = [place for place in self._timers.get(commit.instance, {}) if place[0] in keys]
        super()._apply(commit)


class WithLostDocuments(MemoryStore):
    """Keeps what a commit brings although it is lost."""

    def _verdict(self, commit: Commit) -> Verdict:
        self._definitions.update({(d.machine, d.version): d for d in commit.definitions})
        return super()._verdict(commit)


@pytest.mark.parametrize(
    ("store", "law"),
    [
        (WithLostDocuments, lasting.the_newest_document_of_a_machine_stands),
        (WithoutGenerations, lasting.what_another_stay_has_set_is_left_alone),
    ],
)
async def test_a_store_without_its_protection_breaks_the_law(store: type[MemoryStore], law: Law) -> None:
    made = store()
    with pytest.raises(LawBroken, match="the law wants"):
        await law(lambda: made)
