"""Upkeep from the command line: what has ended is deleted, what goes on is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsm import Orchestrator
from persistence import SQLStore
from tests.fsm.command.test_steer import fsm
from tests.fsm.runtime.desk import Counter, Stop

pytestmark = pytest.mark.anyio


async def test_what_has_ended_can_be_erased_and_pruned(tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    async with Orchestrator(SQLStore(path), [Counter]) as orchestrator:
        for id in "abc":
            await orchestrator.start(Counter, id=id)
        for id in "ab":
            await orchestrator.get(id, Counter).send(Stop())
    code, said = await fsm("erase", "c", path=path)
    assert code == 1
    assert "fsm cancel c" in said
    assert await fsm("erase", "a", path=path) == (0, "a deleted, with its journal, calls and keys\n")
    assert (await fsm("erase", "a", path=path))[0] == 1
    code, said = await fsm("prune", "Counter", path=path)
    assert code == 2
    assert "--days" in said
    assert await fsm("prune", "Counter", "--last", "0", path=path) == (0, "1 instance of Counter deleted\n")
    assert await fsm("prune", "Counter", "--last", "0", path=path) == (0, "0 instances of Counter deleted\n")
