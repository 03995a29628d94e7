"""What a turn has changed in memory is undone whole."""

from __future__ import annotations

import pytest

from fsm import Orchestrator
from fsm.chart.event import Started
from fsm.runtime.evaluation import Savepoint, is_current
from fsm.runtime.work import Work
from tests.fsm.runtime.desk import Alarm, Place, keeper_of

pytestmark = pytest.mark.anyio


async def test_a_savepoint_brings_everything_back(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Alarm]) as orchestrator:
        await orchestrator.start(Alarm, id="a")
        live = (await keeper_of(orchestrator, "a")).live
        names = ("at", "histories", "timers", "invokes", "generation", "seq", "delayed", "finished", "output")
        before = {name: getattr(live, name) for name in names}
        savepoint = Savepoint(live)
        live.timers["x"], live.invokes["y"] = 7, 8
        live.generation, live.seq, live.finished, live.output = 9, 9, True, 5
        live.at, live.histories = live.table.nowhere, {1: (2,)}
        savepoint.restore(live)
        assert {name: getattr(live, name) for name in names} == {
            **before,
            "timers": {k: g for k, g in before["timers"].items() if k != "x"},
            "invokes": {},
        }


async def test_only_work_of_the_present_stay_is_current(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Alarm]) as orchestrator:
        await orchestrator.start(Alarm, id="a")
        live = (await keeper_of(orchestrator, "a")).live
        live.timers, live.invokes = {"t": 3}, {"i": 4}
        answers = {
            (kind, key, generation): is_current(live, Work(kind, "r", key, Started(), generation=generation))
            for kind, key in (("timer", "t"), ("result", "done.invoke.i"), ("timer", "other"))
            for generation in (3, 4)
        }
        assert [place for place, current in answers.items() if current] == [
            ("timer", "t", 3),
            ("result", "done.invoke.i", 4),
        ]
        assert not is_current(live, Work("start", "r", "start", Started()))
        assert is_current(live, Work("event", "r", "start", Started()))
