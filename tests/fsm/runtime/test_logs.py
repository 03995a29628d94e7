"""The log says what happened to which instance, in fields, and nothing that users wrote."""

from __future__ import annotations

import logging

import pytest

from fsm import Orchestrator
from fsm.errors import InstanceParked
from tests.fsm.runtime.desk import Add, Caller, Clerk, Place, Stop, Trouble

pytestmark = pytest.mark.anyio


async def test_turns_and_parked_instances_are_logged_with_their_fields(
    memory: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "fsm")
    clerk = Clerk()
    clerk.fail("note 7", Trouble("the secret of Ada"))
    async with Orchestrator(memory.store(), [Caller], {"desk": clerk}) as orchestrator:
        caller = await orchestrator.start(Caller, id="a")
        with pytest.raises(InstanceParked):
            await caller.send(Add(by=7))
        await orchestrator.retry("a")
        await caller.send(Stop())
    lines = [line for line in caplog.records if line.name == "fsm"]
    fields = [(line.levelname, vars(line)["instance"], vars(line)["machine"], vars(line)["seq"]) for line in lines]
    assert fields == [
        ("DEBUG", "a", "Caller", 1),
        ("WARNING", "a", "Caller", 1),
        ("DEBUG", "a", "Caller", 2),
        ("DEBUG", "a", "Caller", 3),
    ]
    assert "Caller 'a' is parked: UnhandledError on Add" in caplog.text
    assert "secret" not in "".join(line.getMessage() for line in lines)
