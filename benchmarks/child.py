"""A process of its own for what must not inherit anything: started, watched, and asked for one line of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.figure import Wrong

ROOT = Path(__file__).parent.parent
SECONDS_MAX = 300.0
"""A child that takes longer is given up."""


def asked(module: str, *arguments: str, killed: bool = False) -> tuple[dict[str, Any], float]:
    """Run a module; what its last line says, and the seconds from start to end.

    `killed` says that it is to end by SIGKILL. Raises Wrong when it ended otherwise.
    """
    begun = perf_counter()
    done = run([sys.executable, "-m", module, *arguments])
    took = perf_counter() - begun
    if done.returncode != (-9 if killed else 0):
        raise Wrong(f"{module} {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-600:]}")
    lines = done.stdout.splitlines()
    return (json.loads(lines[-1]) if lines else {}), took


def run(command: list[str], seconds: float = SECONDS_MAX) -> subprocess.CompletedProcess[str]:
    """Run a command with this tree on its path, for so long at most."""
    path = os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH", "")) if p)
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=environment, check=False)
