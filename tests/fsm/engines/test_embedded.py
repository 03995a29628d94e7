"""The embedded engine."""

from __future__ import annotations

import pytest

from fsm.engines.embedded import Embedded
from fsm.errors import InstanceParked, OrchestratorClosed
from persistence import MemoryStore
from tests.engines.shop import Bank, Ledger, Pay, Shop

pytestmark = pytest.mark.anyio


async def test_health_names_what_is_parked(tmp_path) -> None:  # type: ignore[no-untyped-def]
    async with Embedded(MemoryStore(), [Shop], {Bank: Ledger(tmp_path)}) as engine:
        shop = await engine.start(Shop, id="A")
        assert (await engine.health()).healthy
        with pytest.raises(InstanceParked):
            await shop.send(Pay(amount=66))
        assert (await engine.health()).parked == ("A",)


async def test_health_is_told_while_it_is_open() -> None:
    with pytest.raises(OrchestratorClosed):
        await Embedded(MemoryStore()).health()
