"""Handles reach their instances as long as work goes on, and only as what they are."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import Orchestrator
from fsm.errors import InstanceExists, InstanceUnknown, OrchestratorClosed
from tests.fsm.runtime.desk import Add, Clerk, Counter, Desk, Patient, Place

pytestmark = pytest.mark.anyio

WAYS: dict[str, Any] = {
    "send": lambda handle: handle.send(Add()),
    "result": lambda handle: handle.result(),
    "snapshot": lambda handle: handle.snapshot(),
    "history": lambda handle: handle.history(),
    "wait_for": lambda handle: handle.wait_for("On"),
}
WAY = pytest.mark.parametrize("way", WAYS)


@WAY
async def test_a_handle_of_another_class_is_refused(memory: Place, clerk: Clerk, way: str) -> None:
    async with Orchestrator(memory.store(), [Counter, Patient], {Desk: clerk}) as orchestrator:
        await orchestrator.start(Counter, id="a")
        with pytest.raises(InstanceExists, match="is a Counter, not a Patient"):
            await WAYS[way](orchestrator.get("a", Patient))


@WAY
async def test_a_handle_to_nothing_is_refused(memory: Place, way: str) -> None:
    async with Orchestrator(memory.store(), [Counter]) as orchestrator:
        with pytest.raises(InstanceUnknown, match="no instance 'a' in the store"):
            await WAYS[way](orchestrator.get("a", Counter))


@WAY
async def test_a_handle_is_of_no_use_when_work_has_ended(memory: Place, way: str) -> None:
    async with Orchestrator(memory.store(), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
    with pytest.raises(OrchestratorClosed):
        await WAYS[way](counter)
