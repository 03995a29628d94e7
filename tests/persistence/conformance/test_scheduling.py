"""Our own stores keep the laws of schedules, and a store without its protection breaks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from fsm.ports.schedule import Firing, ScheduleRow
from persistence import MemoryStore, SQLStore
from persistence.conformance import Law, LawBroken, scheduling

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("law", scheduling.LAWS, ids=lambda law: law.__name__)
async def test_every_store_keeps_the_law(law: Law, place: Callable[[], MemoryStore | SQLStore]) -> None:
    await law(place)


class Twice(MemoryStore):
    """Does not compare the due time."""

    def _may_fire(self, firing: Firing) -> bool:
        return firing.name in self._schedules


class Anew(MemoryStore):
    """Begins anew whatever is declared."""

    async def declare(self, rows: Sequence[ScheduleRow]) -> None:
        await super().declare([replace(row, rhythm="?") for row in rows])
        await super().declare(rows)


@pytest.mark.parametrize(
    ("store", "law"),
    [
        (Twice, scheduling.a_due_time_is_fired_once),
        (Twice, scheduling.the_views_of_a_store_share_its_schedules),
        (Twice, scheduling.a_schedule_at_rest_in_another_rhythm_or_forgotten_is_not_fired),
        (Anew, scheduling.what_is_declared_again_goes_on_where_it_stands),
    ],
)
async def test_a_store_without_its_protection_breaks_the_law(store: type[MemoryStore], law: Law) -> None:
    made = store()
    with pytest.raises(LawBroken, match="the law wants"):
        await law(lambda: made)
