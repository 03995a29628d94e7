"""Our own stores keep the laws of human tasks, and a store without its protection breaks them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fsm.ports.task import Task
from persistence import MemoryStore, SQLStore
from persistence.conformance import Law, LawBroken, tasking

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("law", tasking.LAWS, ids=lambda law: law.__name__)
async def test_every_store_keeps_the_law(law: Law, place: Callable[[], MemoryStore | SQLStore]) -> None:
    await law(place)


class Careless(MemoryStore):
    """Lets everybody change what somebody else has changed."""

    def _stands(self, task: Task) -> bool:
        return True


@pytest.mark.parametrize(
    "law",
    [
        tasking.of_two_changes_of_one_task_the_second_is_lost,
        tasking.a_task_that_is_withdrawn_cannot_be_changed_any_more,
    ],
)
async def test_a_store_without_its_protection_breaks_the_law(law: Law) -> None:
    made = Careless()
    with pytest.raises(LawBroken, match="the law wants"):
        await law(lambda: made)
