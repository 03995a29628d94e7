"""A compensating order is killed before every transaction and commit, and in every call, and undoes nothing twice."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import Any

import pytest

from tests.simulation.mortal import all_lives

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver forks")
DONE = ["reserve", "charge", "pack hat"]
UNDONE = ["unpack hat", "note", "refund CHARGE", "release RESERVE", "note"]


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The life that was not disturbed first, then one for each place to die."""
    return all_lives("tests.simulation.saga", tmp_path_factory.mktemp("saga"))


def test_the_undisturbed_order_undoes_everything_once_and_what_failed_again(lives: list[dict[str, Any]]) -> None:
    result, incidents, deeds, *journal = lives[0]["told"]
    assert (result, incidents, deeds, lives[0]["error"]) == (["charge", "then", "charge"], 0, 0, "")
    assert [line["what"] for line in lives[0]["ledger"]] == [*DONE, *UNDONE, "refund CHARGE"]
    assert len(journal) == 8


def test_there_are_many_places_to_die(lives: list[dict[str, Any]]) -> None:
    missed = [life["deaths_wanted"] for life in lives[1:] if life["deaths"] == 0]
    assert len(missed) <= len(lives) / 20
    assert len(lives) > 60


def test_a_killed_order_ends_as_if_nothing_had_happened(lives: list[dict[str, Any]]) -> None:
    for life in lives[1:]:
        assert (life["error"], life["told"]) == ("", lives[0]["told"]), life["deaths_wanted"]


def test_a_call_is_repeated_with_its_own_key_and_only_when_it_was_cut_short(lives: list[dict[str, Any]]) -> None:
    whole = _by_key(lives[0])
    assert {what[0]: len(what) for what in whole.values() if len(what) > 1} == {"refund CHARGE": 2}
    for life in lives[1:]:
        found = _by_key(life)
        assert sorted(what[0] for what in found.values()) == sorted(what[0] for what in whole.values())
        assert all(len(set(what)) == 1 for what in found.values()), life["deaths_wanted"]
        extra = sum(map(len, found.values())) - sum(map(len, whole.values()))
        assert 0 <= extra <= life["deaths"], life["deaths_wanted"]


def _by_key(life: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in life["ledger"]:
        found[line["key"]].append(line["what"])
    return found
