"""An instance goes on with a newer class exactly once, wherever its worker is killed meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver forks")

ROOT = Path(__file__).parents[2]


def test_a_migration_of_a_running_instance_is_made_once(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.simulation.evolving", str(tmp_path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, timeout=120, check=True)
    whole, *killed = map(json.loads, done.stdout.splitlines())
    assert whole["told"] == {
        "configuration": ["Paid"],
        "context": {"euros": 2.5, "weighed": "weighed 2.5"},
        "turns": [[1, "start"], [2, "migrate"], [3, "done.invoke.weigh"], [4, "Pay"]],
        "calls": [["scale.weigh", "weighed 2.5"]],
        "effective": 1,
    }
    assert len(killed) > 8
    for life in killed:
        assert (life["error"], life["deaths"], life["told"]) == ("", 1, whole["told"]), life["place"]
