"""Rows as JSON."""

from __future__ import annotations

import json

import pytest

from fsm.engines.restate.packing import packed, text_of, unpacked
from fsm.ports.attempt import Attempt
from fsm.ports.store import Accepted, CallRow, Effect, Incident, Record, Timer

ROWS = [
    Record("A", "M", "1", "d", "running", 3, "[]", "{}", '{"é":1}'.encode(), closed=1.5),
    Effect("A", "get", 2, b"{}", "{}"),
    Timer("A", "t", 1, 2.5),
    Accepted("A", "r", "E", "{}", key="k"),
    CallRow("A", "c", "m", "d", 0, '{"ok":1}'),
    Attempt("A", "c", "m", "d", 0, 1, "m", "{}"),
    Incident("A", "K", "why", "c", "E", 1, 2.0),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: type(row).__name__)
def test_rows_come_back_as_they_were(row: object) -> None:
    assert unpacked(type(row), json.loads(text_of(packed(row)))) == row  # type: ignore[arg-type]


def test_fields_of_later_releases_are_left_out() -> None:
    assert unpacked(Timer, packed(ROWS[2]) | {"colour": "red"}) == ROWS[2]  # type: ignore[arg-type]
