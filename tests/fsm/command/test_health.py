"""Health: workers that beat, work that waits, and an exit code for whoever watches."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from fsm import Orchestrator
from fsm.command.health import problems
from fsm.ports.store import Commit, Timer
from persistence import SQLStore
from persistence.backlog import Backlog
from tests.fsm.command.test_steer import fsm
from tests.fsm.runtime.desk import Counter

pytestmark = pytest.mark.anyio


async def test_a_worker_at_work_is_healthy(tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    async with Orchestrator(SQLStore(path), [Counter]) as orchestrator:
        await orchestrator.start(Counter, id="a")
        code, said = await fsm("health", "--max-lag", "60", path=path)
        assert (code, said.splitlines()[-3:]) == (0, ["waiting    none", "parked     0", "healthy"])
        code, said = await fsm("health", "--json", path=path)
        found = json.loads(said)
        assert (code, found["healthy"], [worker["alive"] for worker in found["workers"]]) == (0, True, [True])


async def test_work_without_a_worker_is_not_healthy_nor_is_work_that_waits_too_long(tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    store = SQLStore(path)
    async with Orchestrator(store, [Counter]) as orchestrator:
        await orchestrator.start(Counter, id="a")
    await store.open(owner=True)
    await store.commit([Commit("a", timers_set=[Timer("a", "t", 1, time.time() - 100)])])
    code, said = await fsm("health", "--max-lag", "60", path=path)
    assert (code, "wrong      work waits and no worker is alive" in said) == (1, True)
    assert "more than 60 s" in said
    await store.heartbeat("w", 3600.0)
    assert (await fsm("health", path=path))[0] == 0
    code, said = await fsm("health", "--max-lag", "60", "--json", path=path)
    assert (code, json.loads(said)["instances"], json.loads(said)["healthy"]) == (1, 1, False)
    await store.close()


def test_nothing_is_wrong_where_nothing_waits() -> None:
    assert problems([], Backlog(0, 0.0), max_lag=0.0) == []
