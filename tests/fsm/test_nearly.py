"""A warning at four fifths of a limit, once."""

from __future__ import annotations

import logging

import pytest

from fsm import nearly
from fsm.nearly import Nearly

LOGGER = logging.getLogger("fsm.tests")


def test_what_comes_near_its_limit_is_told_once_for_each_instance(caplog: pytest.LogCaptureFixture) -> None:
    near = Nearly(LOGGER)
    near.tell("a", "inbox", 79, 100, unit="events", advice="Look.")
    assert not caplog.records
    for _ in range(2):
        near.tell("a", "inbox", 80, 100, unit="events", advice="Look.")
        near.tell("b", "context", 1_000, 1_000)
    assert [r.getMessage() for r in caplog.records] == [
        "'a': its inbox has 80 events, 80 % of the 100 that it may have. Look.",
        "'b': its context has 1,000 bytes, 100 % of the 1,000 that it may have. Keep large data elsewhere, a reference"
        " here.",
    ]


def test_what_was_told_is_forgotten_when_it_is_too_much(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearly, "TOLD_MAX", 2)
    near = Nearly(LOGGER)
    for id in "abca":
        near.tell(id, "inbox", 1, 1)
    assert len(caplog.records) == 4
