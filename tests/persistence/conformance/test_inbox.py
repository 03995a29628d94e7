"""Our own stores keep the laws of inbox, and a store without its protection breaks them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fsm.ports.store import Accepted
from persistence import MemoryStore, SQLStore
from persistence.conformance import Law, LawBroken, inbox

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("law", inbox.LAWS, ids=lambda law: law.__name__)
async def test_every_store_keeps_the_law(law: Law, place: Callable[[], MemoryStore | SQLStore]) -> None:
    await law(place)


class WithoutKeys(MemoryStore):
    """Takes an event as often as it is sent."""

    def _accept(self, row: Accepted) -> None:
        key, row.key = row.key, None
        super()._accept(row)
        row.key = key


class WithoutAsking(MemoryStore):
    """Consumes what is consumed already."""

    def _is_open_row(self, ref: str) -> bool:
        return True


@pytest.mark.parametrize(
    ("store", "law"),
    [
        (WithoutAsking, inbox.what_is_consumed_already_is_not_consumed_again),
        (WithoutAsking, inbox.taking_back_what_is_consumed_changes_nothing),
        (WithoutKeys, inbox.a_key_twice_in_one_batch_is_taken_once),
        (WithoutKeys, inbox.a_duplicate_key_leaves_nothing_of_its_commit),
    ],
)
async def test_a_store_without_its_protection_breaks_the_law(store: type[MemoryStore], law: Law) -> None:
    made = store()
    with pytest.raises(LawBroken, match="the law wants"):
        await law(lambda: made)
