"""Everything that a turn changes is one commit."""

from __future__ import annotations

import pytest

from fsm import Orchestrator
from tests.fsm.runtime.desk import Add, Alarm, Counter, Place, Stop, Wrapped

pytestmark = pytest.mark.anyio


async def test_a_turn_is_one_commit_with_snapshot_journal_key_and_timers(memory: Place) -> None:
    store = Wrapped(memory.store())
    async with Orchestrator(store, [Alarm]) as orchestrator:
        alarm = await orchestrator.start(Alarm, id="a")
        await alarm.send(Add(), key="k")
        (begin,), (turn,) = store.batches
        assert (begin.create, begin.seq, len(begin.timers_set)) == (True, None, 1)
        assert (turn.create, turn.seq) == (False, 1)
        assert turn.record is not None
        assert turn.entry is not None
        assert (turn.record.seq, turn.entry.seq, turn.entry.event) == (2, 2, "Add")
        assert [(row.key, row.state) for row in turn.accepted] == [("k", "consumed")]
        assert (len(turn.timers_set), len(turn.timers_cleared)) == (1, 1)


async def test_an_untouched_context_is_not_written_anew(memory: Place) -> None:
    store = Wrapped(memory.store())
    async with Orchestrator(store, [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await counter.send(Stop())
        record = store.batches[-1][0].record
        assert record is not None
        assert (record.status, record.output, record.closed is not None) == ("done", "0", True)
