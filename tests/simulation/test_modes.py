"""The whole suite of the runtime passes when everything is forgotten after each turn, and when each is taken twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.modes import EXEMPT, MODES

ROOT = Path(__file__).parents[2]
SUITE = "tests/fsm/runtime"


@pytest.mark.long
@pytest.mark.parametrize("mode", MODES)
def test_the_suite_of_the_runtime_passes_in_a_mode(mode: str) -> None:
    exempt = [f"--deselect={SUITE}/{test}" for test in EXEMPT[mode]]
    command = [sys.executable, "-m", "pytest", SUITE, "-m", "not long", *exempt]
    made = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "FSM_TEST_MODE": mode}, capture_output=True, text=True, timeout=500
    )
    assert made.returncode == 0, made.stdout[-5000:]


def test_every_exempt_test_is_still_there() -> None:
    for tests in EXEMPT.values():
        for test in tests:
            file, _, name = test.partition("::")
            assert f"def {name}(" in (ROOT / SUITE / file).read_text()
