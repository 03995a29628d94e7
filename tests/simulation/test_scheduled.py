"""Whenever a worker is killed, each due time of its schedules has been fired once in the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver forks")
def test_a_killed_worker_leaves_no_due_time_undone_and_none_done_twice(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.simulation.scheduled", str(tmp_path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, timeout=120, check=True)
    whole, *killed = [json.loads(line) for line in done.stdout.splitlines()]
    hours = [f"1970-01-01T{hour:02}:00:00Z" for hour in (1, 2, 3)]
    assert whole["error"] == ""
    assert whole["told"] == [
        [["beat", 14400.0, "sent Add to a"], ["hourly", 14400.0, f"started hourly@{hours[-1]}"]],
        [["a", 3, ["start", "Add", "Add", "Add"]]]
        + [[f"hourly@{due}", hour, ["start"]] for hour, due in enumerate(hours, 1)],
    ]
    assert len(killed) > 20
    for life in killed:
        assert (life["error"], life["told"]) == ("", whole["told"]), life
    assert sum(life["deaths"] for life in killed) > len(killed) * 0.8
