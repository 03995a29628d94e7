"""A file whose schema is brought up to date, or from which something is deleted, is killed before every statement."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from persistence.migrations import VERSION

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver forks")

ROOT = Path(__file__).parents[2]


def lives(what: str, folder: Path) -> list[dict[str, Any]]:
    """The life that was not disturbed first, then one for each statement before which it was killed."""
    command = [sys.executable, "-m", "tests.simulation.upkeep", what, str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, timeout=120, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_killed_migration_is_made_whole_by_the_next_one(tmp_path: Path) -> None:
    whole, *killed = lives("migrate", tmp_path)
    assert (whole["told"]["version"], whole["told"]["check"]) == ([VERSION], ["ok"])
    assert whole["told"]["instance"]
    _all_equal(whole, killed)


def test_a_killed_deletion_leaves_nothing_half_and_is_finished_by_the_next_one(tmp_path: Path) -> None:
    whole, *killed = lives("prune", tmp_path)
    assert (len(whole["told"]["instance"]), len(whole["told"]["transition"])) == (2, 5)
    assert whole["told"]["check"] == ["ok"]
    _all_equal(whole, killed)


def _all_equal(whole: dict[str, Any], killed: list[dict[str, Any]]) -> None:
    assert whole["error"] == ""
    assert len(killed) == whole["counts"]["statement"] > 12
    for life in killed:
        assert life["deaths"] == 1, life["number"]
        assert (life["error"], life["told"]) == ("", whole["told"]), life["number"]
