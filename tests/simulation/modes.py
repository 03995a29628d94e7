"""Modes in which the whole suite of the runtime has to pass: what a crash does now and then is done all the time.

The environment variable FSM_TEST_MODE names one; tests/conftest.py applies it to every test.

evict: an instance that has nothing to do is forgotten, and given back, after every single turn.
twice: every turn is evaluated, undone, and evaluated again with the calls that were recorded.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fsm.core.step import Taken
from fsm.runtime import evaluation, keeper, keepers
from fsm.runtime.evaluation import Savepoint
from fsm.runtime.keeper import Keeper
from fsm.runtime.work import Work


def evict(patch: pytest.MonkeyPatch) -> None:
    """Keep nobody warm."""
    ended = Keeper.ended

    def ended_and_forgotten(self: Keeper) -> None:
        ended(self)
        if not self.gone and self.running:
            self.host.rest(self)

    patch.setattr(Keeper, "ended", ended_and_forgotten)
    patch.setattr(keepers, "WARM_MAX", 0)
    patch.setattr(keepers, "RESTING_MAX", 0)


def twice(patch: pytest.MonkeyPatch) -> None:
    """Evaluate everything twice; what the first time raised has to be raised again."""

    async def evaluate(keeper: Keeper, work: Work) -> list[Taken]:
        live, before = keeper.live, Savepoint(keeper.live)
        first: Exception | None = None
        try:
            await evaluation.evaluate(keeper, work)
        except Exception as problem:
            first = problem
        if keeper.journal.fault is not None:  # nothing can be recorded now
            raise keeper.journal.fault
        before.restore(live)
        keeper._restore_context()
        keeper.journal.begin(work.ref, work.attempt, await keeper.host.store.calls(keeper.id, work.ref))
        live.begin_turn(work.ref, live.time)
        try:
            trace = await evaluation.evaluate(keeper, work)
        except Exception as second:
            if type(first) is not type(second):
                raise AssertionError(f"first {first!r}, then {second!r}") from second
            raise
        assert first is None, f"first {first!r}, then nothing"
        return trace

    patch.setattr(keeper, "evaluate", evaluate)


EXEMPT = {
    "evict": (
        # These look at who holds an idle instance: in this mode nobody does.
        "test_claims.py::test_a_frozen_worker_refuses_no_event_for_another",
        "test_claims.py::test_a_timer_of_a_dead_worker_fires_elsewhere",
        "test_keepers.py::test_an_instance_that_has_begun_rests_as_its_row",
        "test_refusal.py::test_a_worker_that_lost_an_instance_refuses_and_defers_nothing_by_its_past_state",
        # It looks at what a keeper keeps when it is at rest: in this mode it is gone.
        "test_told.py::test_keepers_at_rest_keep_nothing_of_spans",
    ),
    "twice": (
        # Its machine depends on how often it is evaluated; the test is about that being found out.
        "test_journal.py::test_a_repeated_turn_that_asks_something_else_is_parked",
    ),
}
"""Tests of the runtime that a mode makes meaningless."""

MODES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {"evict": evict, "twice": twice}
