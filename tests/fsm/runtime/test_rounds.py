"""A worker looks at what it runs, some at a time, and says once what is wrong with it."""

from __future__ import annotations

import logging

import pytest

from fsm import Orchestrator
from fsm.ports.store import Commit, Effect
from fsm.runtime import rounds
from fsm.runtime.rounds import Rounds
from tests.fsm.runtime.desk import Counter, Place, until
from tests.fsm.runtime.test_auditing import Corner, Push

pytestmark = pytest.mark.anyio


async def test_what_is_wrong_is_said_once_until_it_is_mended(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    async with Orchestrator(place.store(), [Corner], audit_seconds=0.01) as orchestrator:
        assert orchestrator.findings == []
        for id in "ab":
            await orchestrator.start(Corner, id=id)
        await orchestrator.get("a").send(Push())
        await until(lambda: [(f.kind, f.instance) for f in orchestrator.findings] == [("stranded", "a")])
        await orchestrator.rewind("a", at=1, by="ann", reason="out of the corner")
        await until(lambda: orchestrator.findings == [])
    said = [r for r in caplog.records if r.levelno == logging.ERROR and "stranded" in r.getMessage()]
    assert len(said) == 1


async def test_instances_are_looked_at_in_turn(memory: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "AUDIT_AT_ONCE", 2)
    store = memory.store()
    async with Orchestrator(store, [Counter]) as orchestrator:
        for id in "abcde":
            await orchestrator.start(Counter, id=id)
            await store.commit([Commit(id, effects_set=[Effect(id, "lost", 9, b"{}", "{}")])])
        walk, seen = Rounds(store, {}, set("abcde"), 1.0), []
        for _ in range(3):
            await walk.look()
            seen.append([finding.instance for finding in walk.findings])
        assert seen == [["a", "b"], ["a", "b", "c", "d"], ["a", "b", "c", "d", "e"]]
        await store.commit([Commit("a", effects_cleared=[("lost", 9)])])
        await walk.look()
        assert [finding.instance for finding in walk.findings] == ["b", "c", "d", "e"]


async def test_instances_that_somebody_else_runs_are_forgotten(memory: Place) -> None:
    store = memory.store()
    async with Orchestrator(store, [Counter]) as orchestrator:
        await orchestrator.start(Counter, id="a")
        await store.commit([Commit("a", effects_set=[Effect("a", "lost", 9, b"{}", "{}")])])
        mine = {"a"}
        walk = Rounds(store, {}, mine, 1.0)
        await walk.look()
        assert walk.findings
        mine.clear()
        await walk.look()
        assert walk.findings == []
