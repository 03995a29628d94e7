"""A family is killed before every transaction and commit, and in every call, and ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver forks")

DRIVERS = 3
ROOT = Path(__file__).parents[2]
Life = dict[str, Any]


@pytest.fixture(scope="module", params=[0, pytest.param(200, marks=pytest.mark.long)], ids=["once", "twice"])
def lives(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Life]:
    """The life that was not disturbed first, then one for each place to die, or for sampled pairs of them."""
    module, folder = "tests.simulation.family", tmp_path_factory.mktemp("family")
    commands = [
        [sys.executable, "-m", module, str(folder / str(n)), str(n), str(DRIVERS), str(request.param)]
        for n in range(DRIVERS)
    ]
    drivers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for command in commands]
    found: list[Life] = []
    for driver in drivers:
        told = [json.loads(line) for line in driver.communicate(timeout=300)[0].splitlines()]
        assert driver.returncode == 0
        found += told if not found else told[1:]
    return found


def test_the_undisturbed_family_does_everything_once(lives: list[Life]) -> None:
    whole = lives[0]
    assert (whole["told"]["result"], whole["told"]["incidents"], whole["error"]) == ("LEFT", 0, "")
    assert len({line["what"] for line in whole["ledger"]}) == len(whole["ledger"]) == 6


def test_every_place_to_die_was_reached(lives: list[Life]) -> None:
    missed = [life["deaths_wanted"] for life in lives[1:] if life["deaths"] == 0]
    # How often an idle worker looks decides how many transactions there are at the very end.
    assert len(missed) <= len(lives) / 20
    assert len(lives) > 60


def test_a_killed_family_ends_as_if_nothing_had_happened(lives: list[Life]) -> None:
    for life in lives[1:]:
        assert (life["error"], life["told"]) == ("", lives[0]["told"]), life["deaths_wanted"]


def test_a_call_is_repeated_with_its_own_key_and_only_when_it_was_cut_short(lives: list[Life]) -> None:
    for life in lives[1:]:
        keys = defaultdict(set)
        for line in life["ledger"]:
            keys[line["what"]].add(line["key"])
        assert {len(used) for used in keys.values()} == {1}, life["deaths_wanted"]
        times = Counter(line["what"] for line in life["ledger"])
        assert times.keys() == {line["what"] for line in lives[0]["ledger"]}
        assert sum(times.values()) - len(times) <= life["deaths"], life["deaths_wanted"]
