"""Progress is kept in memory at once, and in the store now and then."""

from __future__ import annotations

import pytest

from fsm import Orchestrator
from fsm.core.progress import progress_of
from fsm.runtime import progress
from tests.fsm.runtime.desk import Clerk, Desk, Place, Wrapped, settled, until
from tests.fsm.runtime.test_following import Reader

pytestmark = pytest.mark.anyio


async def test_it_is_written_rarely_however_often_it_is_told(
    memory: Place, clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PROGRESS_SECONDS", 60.0)
    second, store = clerk.hold("second"), Wrapped(memory.store())
    async with Orchestrator(store, [Reader], {Desk: clerk}) as orchestrator:
        await orchestrator.start(Reader, id="a")
        await second.arrived.wait()
        await settled()
        written = [e.progress for batch in store.batches for commit in batch for e in commit.progress]
    assert len(written) == 1
    assert progress_of(written[0] or "").text in ("opened", "halfway")


async def test_only_invokes_that_run_here_are_known_here(memory: Place, clerk: Clerk) -> None:
    first = clerk.hold("first")
    async with Orchestrator(memory.store(), [Reader], {Desk: clerk}) as orchestrator:
        await orchestrator.start(Reader, id="a")
        board = orchestrator._fleet.progress
        await until(lambda: board.told("a", "read") is not None)
        first.go.set()
        await orchestrator.get("a", Reader).result(timeout=30)
        assert board.told("a", "read") is None
