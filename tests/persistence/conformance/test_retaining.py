"""Our own stores keep the laws of retaining, and a store without its protection breaks them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fsm.ports.retaining import Fold, Keep, whole
from fsm.ports.store import Record
from persistence import MemoryStore, SQLStore
from persistence.conformance import Law, LawBroken, retaining

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("law", retaining.LAWS, ids=lambda law: law.__name__)
async def test_every_store_keeps_the_law(law: Law, place: Callable[[], MemoryStore | SQLStore]) -> None:
    await law(place)


class Reckless(MemoryStore):
    """Deletes what is still needed."""

    def _needed(self, record: Record) -> str | None:
        return None


class Forgetful(MemoryStore):
    """Forgets keys with their instances."""

    def _drop(self, instance: str) -> None:
        super()._drop(instance)
        for ref in [ref for ref, row in self._inbox.items() if row.instance == instance]:
            self._forget(ref)


class Careless(MemoryStore):
    """Shortens journals without folding them."""

    async def prune(self, machine: str, keep: Keep, *, fold: Fold = whole, **more: Any) -> int:
        return await super().prune(machine, keep, fold=lambda instance, rows: rows[-1], **more)


@pytest.mark.parametrize(
    ("store", "law"),
    [
        (Reckless, retaining.what_is_still_needed_is_not_erased),
        (Reckless, retaining.what_a_fork_that_goes_on_comes_from_stays),
        (Careless, retaining.what_a_shortened_journal_begins_with_stays_known),
        (Forgetful, retaining.a_key_outlives_its_instance_for_its_time),
    ],
)
async def test_a_store_without_its_protection_breaks_the_law(store: type[MemoryStore], law: Law) -> None:
    made = store()
    with pytest.raises(LawBroken, match="the law wants"):
        await law(lambda: made)
