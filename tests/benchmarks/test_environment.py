"""The environments of the peers: pinned, by group, and skipped with a reason where they cannot be made."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from benchmarks.figure import Skipped
from benchmarks.peers import environment


def test_the_example_of_the_groups_runs() -> None:
    assert doctest.testmod(environment).failed == 0


def test_every_requirement_is_pinned() -> None:
    groups = environment.groups(environment.REQUIREMENTS.read_text(encoding="utf-8"))
    assert groups.keys() == {"statecharts", "dbos", "langgraph", "burr"}
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for lines in groups.values() for line in lines)


def test_every_group_has_its_side() -> None:
    groups = environment.groups(environment.REQUIREMENTS.read_text(encoding="utf-8"))
    folder = Path(environment.__file__).parent
    assert all((folder / f"{group}_side.py").is_file() for group in groups)


def test_a_peer_that_cannot_be_measured_is_skipped_with_its_reason(tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\necho no such module >&2\nexit 3\n", encoding="utf-8")
    python.chmod(0o755)
    told = environment.said(tmp_path, "burr", "benchmarks.peers.burr_side")
    assert told == Skipped("burr", "-m benchmarks.peers.burr_side ended with 3: no such module")
