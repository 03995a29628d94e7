"""Operators steer instances that exist, and only as long as work goes on."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import Orchestrator
from fsm.errors import InstanceIdInvalid, InstanceUnknown, OrchestratorClosed
from fsm.runtime.steering import Steering, checked_id
from tests.fsm.runtime.desk import Counter, Place

pytestmark = pytest.mark.anyio

WHO = {"by": "ann", "reason": "why not"}
WAYS: dict[str, Any] = {
    "cancel": lambda one: one.cancel("a", **WHO),
    "terminate": lambda one: one.terminate("a", **WHO),
    "pause": lambda one: one.pause("a"),
    "resume": lambda one: one.resume("a"),
    "retry": lambda one: one.retry("a"),
    "skip": lambda one: one.skip("a", **WHO),
    "resolve": lambda one: one.resolve("a", **WHO),
    "rewind": lambda one: one.rewind("a", at=1, **WHO),
    "fork": lambda one: one.fork("a", "b"),
}
WAY = pytest.mark.parametrize("way", WAYS)


def test_all_ways_are_tried_here() -> None:
    public = {name for name, value in vars(Steering).items() if callable(value) and not name.startswith("_")}
    assert public - {"pause_service", "resume_service", "incidents"} == set(WAYS)


@WAY
async def test_nothing_is_steered_that_does_not_exist(memory: Place, way: str) -> None:
    async with Orchestrator(memory.store(), [Counter]) as orchestrator:
        with pytest.raises(InstanceUnknown):
            await WAYS[way](orchestrator)


@WAY
async def test_nothing_is_steered_when_work_has_ended(memory: Place, way: str) -> None:
    async with Orchestrator(memory.store(), [Counter]) as orchestrator:
        await orchestrator.start(Counter, id="a")
    with pytest.raises(OrchestratorClosed):
        await WAYS[way](orchestrator)


@pytest.mark.parametrize("wrong", ["", " a", "a\n", "x" * 1_000, 5])
def test_an_id_that_cannot_be_one_is_refused(wrong: Any) -> None:
    with pytest.raises(InstanceIdInvalid):
        checked_id(wrong)
