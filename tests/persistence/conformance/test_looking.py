"""Our own stores keep the laws of looking, and a store without its protection breaks them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fsm.ports.store import Record
from persistence import MemoryStore, SQLStore
from persistence.conformance import Law, LawBroken, looking

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("law", looking.LAWS, ids=lambda law: law.__name__)
async def test_every_store_keeps_the_law(law: Law, place: Callable[[], MemoryStore | SQLStore]) -> None:
    await law(place)


class Unordered(MemoryStore):
    """Finds instances in whatever order."""

    async def find(self, **wanted: Any) -> list[Record]:
        return (await super().find(**wanted))[::-1]


async def test_a_store_without_its_protection_breaks_the_law() -> None:
    made = Unordered()
    with pytest.raises(LawBroken, match="the law wants"):
        await looking.find_filters_by_machine_status_and_active_state(lambda: made)
