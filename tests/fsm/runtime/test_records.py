"""Rows of the store and what they stand for."""

from __future__ import annotations

import pytest

from fsm.ports.store import Entry, Record, Status
from fsm.runtime.records import digest_of, recorded_step, with_status


def test_the_same_start_has_the_same_digest_and_no_other() -> None:
    assert digest_of("M", b"{}") == digest_of("M", b"{}")
    assert len({digest_of("M", b"{}"), digest_of("N", b"{}"), digest_of("M", b"[]")}) == 3


@pytest.mark.parametrize(("status", "closed"), [(Status.PARKED, None), (Status.CANCELLED, 9.0)])
def test_an_ended_record_knows_when(status: Status, closed: float | None) -> None:
    record = Record("a", "M", "1", "d", "running", 1, "[]", "{}", b"{}")
    changed = with_status(record, status, 9.0)
    assert (changed.status, changed.closed, record.status) == (status.value, closed, "running")


def test_a_step_is_read_back_from_the_journal() -> None:
    steps = '[{"event":"Go","transitions":["go"],"exited":["A"],"entered":["B","B.C"]}]'
    step = recorded_step(Entry("a", 2, "r", "Go", "{}", steps, '["B.C"]', 1.0, 0.1), done=False, output=None)
    assert (step.event, step.seq, step.configuration, step.transitions) == ("Go", 2, {"B.C"}, ("go",))
