"""An order is killed with SIGKILL everywhere, and ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver forks")

DRIVERS = (("asyncio", 0, 4), ("asyncio", 1, 4), ("asyncio", 2, 4), ("asyncio", 3, 4), ("trio", 0, 6))
"""Event loop, first place to die, one of so many: every place is visited on asyncio."""
BACKENDS = ("asyncio", "trio")
ROOT = Path(__file__).parents[2]
Life = dict[str, Any]


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Life]]:
    """By event loop: the life that was not disturbed first, then one for each place to die."""
    drivers = [(backend, _drive(tmp_path_factory, backend, first, every)) for backend, first, every in DRIVERS]
    found: dict[str, list[Life]] = {backend: [] for backend in BACKENDS}
    for backend, driver in drivers:
        lives = [json.loads(line) for line in driver.communicate(timeout=150)[0].splitlines()]
        assert driver.returncode == 0
        found[backend] += lives if not found[backend] else lives[1:]
    return found


def _drive(folders: pytest.TempPathFactory, backend: str, first: int, every: int) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "tests.simulation.crash",
        backend,
        str(folders.mktemp(backend)),
        f"{first}",
        f"{every}",
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


@pytest.fixture(params=BACKENDS)
def whole(request: pytest.FixtureRequest, lives: dict[str, list[Life]]) -> Life:
    """The life that was not disturbed."""
    return lives[request.param][0]


@pytest.fixture(params=BACKENDS)
def killed(request: pytest.FixtureRequest, lives: dict[str, list[Life]]) -> list[Life]:
    """Lives that were killed, or whose keepers were forgotten between turns."""
    return lives[request.param][1:]


def test_the_undisturbed_order_does_everything_once(whole: Life) -> None:
    assert (whole["code"], whole["error"], whole["told"]["result"]) == (0, "", 33)
    assert len(whole["ledger"]) == 2 * whole["told"]["counts"]["call"] == 18
    assert not whole["told"]["incidents"]


def test_every_place_to_die_was_reached(killed: list[Life]) -> None:
    missed = [k["place"] for k in killed if k["deaths"] == 0 and "evicting" not in k["place"]]
    assert not missed
    assert len(killed) > 10


def test_a_killed_order_always_ends(killed: list[Life]) -> None:
    assert not [(k["place"], k["error"]) for k in killed if k["code"] != 0]


def test_a_killed_order_ends_with_the_same_snapshot_and_journal(whole: Life, lives: dict[str, list[Life]]) -> None:
    wanted = {k: v for k, v in whole["told"].items() if k != "counts"}
    for life in lives[whole["backend"]][1:]:
        assert {k: v for k, v in life["told"].items() if k != "counts"} == wanted, life["place"]


def test_no_seq_is_written_twice_or_left_out(killed: list[Life]) -> None:
    for life in killed:
        seqs = [entry[0] for entry in life["told"]["journal"]]
        assert seqs == list(range(1, len(seqs) + 1)), life["place"]


def test_a_recorded_call_is_never_made_again(killed: list[Life]) -> None:
    assert not [(k["place"], k["repeated"]) for k in killed if k["repeated"]]


def test_an_interrupted_call_is_repeated_with_the_same_key_and_told_so(killed: list[Life]) -> None:
    for life in killed:
        begun: dict[str, list[Any]] = defaultdict(list)
        for line in life["ledger"]:
            if line["at"] == "begun":
                begun[line["what"]].append(line)
        for what, calls in begun.items():
            assert len({c["key"] for c in calls}) == 1, (life["place"], what)
            assert len(calls) == len({c["life"] for c in calls}), (life["place"], what)
            # what was read cold may have been begun before, as far as anybody can know
            assert calls[0]["attempt"] == 1 or calls[0]["life"] > 0 or "evicting" in life["place"], (
                life["place"],
                what,
            )
            assert all(c["attempt"] > 1 for c in calls[1:]), (life["place"], what)


def test_one_kill_repeats_only_the_calls_that_were_under_way(killed: list[Life]) -> None:
    for life in killed:
        if life["deaths"] == 1:
            begun = [line["what"] for line in life["ledger"] if line["at"] == "begun"]
            assert len(begun) - len(set(begun)) <= 2, life["place"]  # two where they were made at once
