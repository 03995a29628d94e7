"""`fsm bench`: runs the benchmarks of the source tree in a process of their own, which has loaded nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from fsm.command.failure import Failure

TREE = Path(__file__).parents[2]
"""Where the benchmarks lie in a source tree, beside the packages."""


def bench(options: Sequence[str], *, tree: Path = TREE) -> int:
    """Run the benchmarks; their exit code. Raises Failure where they cannot be run."""
    if not (tree / "benchmarks" / "__main__.py").is_file():
        raise Failure(
            "the benchmarks are not here",
            where=str(tree),
            why="they are part of the source tree and not of the installed package",
            fix="get the source tree, then run `make bench` in it",
        )
    if find_spec("orjson") is None:
        raise Failure("the benchmarks need orjson, which their floors encode with", fix="pip install orjson")
    paths = [str(tree), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.call([sys.executable, "-m", "benchmarks", *options], env=environment)
