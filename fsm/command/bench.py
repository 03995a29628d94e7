"""`fsm bench`: runs the benchmarks in a process of their own, which has loaded nothing else.

They lie beside the packages in the source tree; the installed package brings a copy of that corner of it (fsm/tree).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from fsm.command.failure import Failure

TREES = (Path(__file__).parents[2], Path(__file__).parents[1] / "tree")
"""Where the benchmarks lie: in a source tree, and in an installed package."""


def bench(options: Sequence[str], *, trees: Sequence[Path] = TREES) -> int:
    """Run the benchmarks; their exit code. Raises Failure where they cannot be run."""
    tree = next((tree for tree in trees if (tree / "benchmarks" / "__main__.py").is_file()), None)
    if tree is None:
        raise Failure(
            "the benchmarks are not here",
            where=", ".join(map(str, trees)),
            why="the package was installed without them",
            fix="install the package again, or run `make bench` in the source tree",
        )
    if find_spec("orjson") is None:
        raise Failure(
            "the benchmarks need orjson, which their floors encode with",
            fix="pip install 'dynamic-orchestrator[bench]'",
        )
    paths = [str(tree), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.call([sys.executable, "-m", "benchmarks", *options], env=environment)
