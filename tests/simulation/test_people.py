"""People are cut short at every boundary of a transaction: tasks and operators' decisions happen exactly once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver forks")

DRIVERS = 2
ROOT = Path(__file__).parents[2]
Life = dict[str, Any]


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> list[Life]:
    """The life that was not disturbed first, then one for each place to die."""
    module, folder = "tests.simulation.people", tmp_path_factory.mktemp("people")
    commands = [[sys.executable, "-m", module, str(folder / str(n)), str(n), str(DRIVERS)] for n in range(DRIVERS)]
    drivers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for command in commands]
    found: list[Life] = []
    for driver in drivers:
        told = [json.loads(line) for line in driver.communicate(timeout=120)[0].splitlines()]
        assert driver.returncode == 0
        found += told if not found else told[1:]
    return found


def test_the_undisturbed_case_goes_through_every_way_that_a_task_can_end(lives: list[Life]) -> None:
    told = lives[0]["told"]
    assert told["result"] == ["review False", "late", "appeal True"]
    assert [(task[1], task[2], task[4]) for task in told["tasks"]] == [
        ("completed", "ann", ["claim", "complete"]),
        ("withdrawn", "", []),
        ("completed", "bob", ["claim", "complete"]),
    ]
    assert [actor for _, actor in told["entries"]] == ["", "ann", "", "bob"]
    assert told["gate"] == [
        [["start", ""], ["retry", "ann"], ["Go", ""], ["skip", "bob"]],
        ["retried by ann", "skipped by bob"],
        5,
    ]


def test_whoever_is_killed_wherever_everything_happens_once(lives: list[Life]) -> None:
    assert len(lives) > 20
    for life in lives:
        assert (life["error"], life["deaths"]) == ("", life is not lives[0]), life["place"]
        assert life["told"] == lives[0]["told"], life["place"]
