"""A fan-out is killed before every transaction and commit, and in every call, and ends as if nothing had happened."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from typing import Any

import pytest

from tests.simulation.mortal import all_lives

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver forks")


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The life that was not disturbed first, then one for each place to die."""
    return all_lives("tests.simulation.fanout", tmp_path_factory.mktemp("fanout"))


def test_the_undisturbed_fan_out_does_everything_once(lives: list[dict[str, Any]]) -> None:
    result, incidents, *_ = lives[0]["told"]
    assert result == ["ONE5", "TWO5", "THREE5", "not a word", "FIVE5", "ONE", "TWO"]
    assert (incidents, lives[0]["error"]) == (0, "")
    assert Counter(line["what"] for line in lives[0]["ledger"]) == {
        "one": 2, "two": 2, "three": 1, "bad": 1, "five": 1, "equal": 4,
    }  # fmt: skip


def test_there_are_many_places_to_die(lives: list[dict[str, Any]]) -> None:
    missed = [life["deaths_wanted"] for life in lives[1:] if life["deaths"] == 0]
    assert len(missed) <= len(lives) / 20
    assert len(lives) > 60


def test_a_killed_fan_out_ends_as_if_nothing_had_happened(lives: list[dict[str, Any]]) -> None:
    for life in lives[1:]:
        assert (life["error"], life["told"]) == ("", lives[0]["told"]), life["deaths_wanted"]


def test_a_call_is_repeated_with_its_own_key_and_only_when_it_was_cut_short(lives: list[dict[str, Any]]) -> None:
    whole = {line["key"]: line["what"] for line in lives[0]["ledger"]}
    assert len(whole) == len(lives[0]["ledger"])
    for life in lives[1:]:
        keys: dict[str, list[str]] = defaultdict(list)
        for line in life["ledger"]:
            keys[line["key"]].append(line["what"])
        assert {key: set(what) for key, what in keys.items()} == {key: {what} for key, what in whole.items()}
        # two items run at once, so one death may cut two calls short
        assert sum(len(what) - 1 for what in keys.values()) <= 2 * life["deaths"], life["deaths_wanted"]
