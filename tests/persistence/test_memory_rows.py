"""Copies of rows are equal and are no aliases."""

from __future__ import annotations

from fsm.ports.store import Accepted, Record
from persistence.memory_rows import accepted_copy, record_copy, waits


def test_a_copy_is_equal_and_another_object() -> None:
    row = Record("a", "M", "1", "d", "running", 3, "[]", "{}", b"x", fence=2, output="1", closed=5.0)
    copy = record_copy(row)
    assert copy == row
    copy.seq = 4
    assert row.seq == 3


def test_only_waiting_events_wait() -> None:
    states = ("waiting", "deferred", "consumed", "refused")
    assert [waits(accepted_copy(Accepted("a", "r", "go", "{}", state=state))) for state in states] == [
        True,
        *[False] * 3,
    ]
