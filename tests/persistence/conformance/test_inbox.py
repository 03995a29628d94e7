"""Our own stores keep the laws of inbox, and a store without its protection breaks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from fsm.ports.store import Accepted, Commit, Verdict
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


class WithoutCounting(MemoryStore):
    """Takes whatever it is sent."""

    def _waiting(self, instance: str, most: int) -> int:
        return 0


class CountingBefore(MemoryStore):
    """Judges a batch by what was there before it, as a store that counts without holding anything."""

    async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
        self._before = {instance: len(rows) for instance, rows in self._open_rows.items()}
        return await super().commit(batch)

    def _waiting(self, instance: str, most: int) -> int:
        return self._before.get(instance, 0)


class WithoutPatience(MemoryStore):
    """Counts for instances that have ended, too."""

    def _has_ended(self, instance: str) -> bool:
        return False


@pytest.mark.parametrize(
    ("store", "law"),
    [
        (WithoutAsking, inbox.what_is_consumed_already_is_not_consumed_again),
        (WithoutAsking, inbox.taking_back_what_is_consumed_changes_nothing),
        (WithoutKeys, inbox.a_key_twice_in_one_batch_is_taken_once),
        (WithoutKeys, inbox.a_duplicate_key_leaves_nothing_of_its_commit),
        (WithoutCounting, inbox.a_full_inbox_takes_no_more_events),
        (WithoutCounting, inbox.what_is_consumed_makes_room_and_what_is_kept_does_not),
        (WithoutCounting, inbox.after_a_turn_without_room_later_ones_of_its_instance_are_lost),
        (CountingBefore, inbox.each_commit_of_a_batch_sees_what_those_before_it_have_sent),
        (WithoutPatience, inbox.an_inbox_that_nobody_will_empty_holds_up_no_sender),
    ],
)
async def test_a_store_without_its_protection_breaks_the_law(store: type[MemoryStore], law: Law) -> None:
    made = store()
    with pytest.raises(LawBroken, match="the law wants"):
        await law(lambda: made)
