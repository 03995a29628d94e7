"""What is written into the view beside the turns."""

from __future__ import annotations

import anyio
import pytest

from fsm.engines.restate.aside import Aside
from fsm.ports.store import CallRow, Commit
from persistence import MemoryStore

pytestmark = pytest.mark.anyio


async def test_it_is_written_whatever_fence_the_instance_has_by_now() -> None:
    view = MemoryStore()
    await view.open(owner=True)
    async with Aside(view) as aside:
        aside.post([Commit("A", fence=7, calls=[CallRow("A", "late:x", "m", "d", 0, '{"ok":1}')])])
        with anyio.fail_after(30):
            while not await view.calls("A", "late:x"):
                await anyio.sleep(0.001)


async def test_a_view_in_trouble_harms_nobody() -> None:
    view = MemoryStore()  # is not open
    async with Aside(view) as aside:
        aside.post([Commit("A")])
        await anyio.sleep(0.01)
        await view.open(owner=True)
        aside.post([Commit("A", calls=[CallRow("A", "late:y", "m", "d", 0, '{"ok":1}')])])
        with anyio.fail_after(30):
            while not await view.calls("A", "late:y"):
                await anyio.sleep(0.001)
