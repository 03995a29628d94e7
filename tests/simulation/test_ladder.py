"""Ladders are killed with SIGKILL at every commit and in every call; the rows are compared with the policies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.simulation.ladder import BACKOFF, JITTER

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver forks")

DRIVERS = 3
ROOT = Path(__file__).parents[2]
Life = dict[str, Any]
ATTEMPTS = {"bank.failing": 3, "bank.adjusted": 3, "bank.backed": 3, "bank.once": 1}
"""How many each call takes by its policy, whoever is killed."""


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> list[Life]:
    """The life that was not disturbed first, then one for each place to die."""
    module, folder = "tests.simulation.ladder", tmp_path_factory.mktemp("ladder")
    commands = [[sys.executable, "-m", module, str(folder / str(n)), str(n), str(DRIVERS)] for n in range(DRIVERS)]
    drivers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for command in commands]
    found: list[Life] = []
    for driver in drivers:
        told = [json.loads(line) for line in driver.communicate(timeout=120)[0].splitlines()]
        assert driver.returncode == 0
        found += told if not found else told[1:]
    return found


def rows_of(life: Life, method: str) -> list[dict[str, Any]]:
    return [row for row in life["rows"] if row["method"] == method]


def begun(life: Life, *methods: str) -> list[dict[str, Any]]:
    return [line for line in life["ledger"] if line["at"] == "begun" and line["method"] in methods]


def test_the_undisturbed_case_does_what_the_policies_say(lives: list[Life]) -> None:
    whole = lives[0]
    assert whole["result"] == ["Busy", "2", "-8", "1"]
    assert [(line["method"], line["amount"]) for line in whole["ledger"] if line["at"] == "begun"] == [
        *[("failing", 8)] * 3,
        ("adjusted", 8),
        ("adjusted", 4),
        ("adjusted", 2),
        *[("backed", 8)] * 2,
        ("spare", 8),
        ("once", 8),
    ]


def test_every_place_to_die_was_reached_and_every_case_ended(lives: list[Life]) -> None:
    assert len(lives) > 50
    assert not [life["place"] for life in lives[1:] if life["deaths"] != 1]
    assert not [life["place"] for life in lives if life["code"] != 0 or life["parked"]]


def test_the_result_is_the_same_but_for_a_call_made_once_whose_outcome_is_unknown(lives: list[Life]) -> None:
    unknown = [life for life in lives if life["result"][3] == "Unknown"]
    assert all(life["result"][:3] == lives[0]["result"][:3] for life in lives)
    assert {life["result"][3] for life in lives} == {"1", "Unknown"}
    assert {place.partition(" ")[0] for place in (life["place"] for life in unknown)} == {
        "after",
        "before",
        "begun",
        "ended",
    }


def test_there_are_as_many_attempts_as_without_a_crash_and_the_budget_is_not_exceeded(lives: list[Life]) -> None:
    for life in lives:
        for method, count in ATTEMPTS.items():
            rows = rows_of(life, method)
            assert [row["n"] for row in rows] == list(range(1, count + 1)), life["place"]
            assert [row["final"] for row in rows] == [0] * (count - 1) + [1], life["place"]
            runs = sum(row["runs"] for row in rows)
            assert count <= runs <= count + life["deaths"], life["place"]
            names = {row["called"].partition(".")[2] for row in rows}
            assert runs - life["deaths"] <= len(begun(life, *names)) <= runs, life["place"]


def test_what_was_planned_is_what_the_policy_says(lives: list[Life]) -> None:
    for life in lives:
        assert [json.loads(row["parameters"])["amount"] for row in rows_of(life, "bank.adjusted")] == [8, 4, 2]
        assert [row["called"] for row in rows_of(life, "bank.backed")] == ["bank.backed", "bank.backed", "Spare.spare"]
        for method in ("bank.failing", "bank.adjusted"):
            for number, (row, following) in enumerate(pairwise(rows_of(life, method)), 1):
                whole, delay = BACKOFF.delay(number), following["due"] - row["ended"]
                assert whole * (1 - JITTER) - 1e-5 <= delay <= whole + 1e-5, life["place"]
                assert following["started"] >= following["due"], life["place"]


def test_every_repetition_has_the_key_of_its_attempt(lives: list[Life]) -> None:
    keys = {(line["method"], line["amount"]): line["key"] for line in lives[0]["ledger"]}
    assert len(set(keys.values())) == len(keys)
    for life in lives:
        assert {(line["method"], line["amount"]): line["key"] for line in life["ledger"]} == {
            place: key for place, key in keys.items() if begun(life, place[0])
        }
        numbers = [line["attempt"] for line in begun(life, "failing")]
        assert numbers == sorted(numbers)
        assert len(set(numbers)) == len(numbers), "no two attempts look the same to the service"


def test_a_call_that_is_made_once_is_begun_at_most_once(lives: list[Life]) -> None:
    for life in lives:
        made = len(begun(life, "once"))
        assert made <= 1, life["place"]
        assert made == 1 or life["result"][3] == "Unknown", life["place"]
