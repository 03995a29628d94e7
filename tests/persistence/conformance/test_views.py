"""Our own stores keep the laws of views, and a store without its protection breaks them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from persistence import MemoryStore, SQLStore
from persistence.conformance import Law, LawBroken, views

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("law", views.LAWS, ids=lambda law: law.__name__)
async def test_every_store_keeps_the_law(law: Law, place: Callable[[], MemoryStore | SQLStore]) -> None:
    await law(place)


class ForgetsPlaces(MemoryStore):
    """Tells an owner of nothing."""

    async def poked(self, worker: str) -> list[str]:
        return []


async def test_a_store_without_its_protection_breaks_the_law() -> None:
    made = ForgetsPlaces()
    with pytest.raises(LawBroken, match="the law wants"):
        await views.an_owner_learns_what_a_client_puts_into_an_inbox(lambda: made)
