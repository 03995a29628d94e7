"""The bodies: loaded when a database is opened, not before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from persistence import bodies, claims

OPENED = """
import anyio, sys
from persistence import SQLStore

async def main():
    store = SQLStore(sys.argv[1])
    print("sqlmodel" in sys.modules, "persistence.turns" in sys.modules)
    await store.open(owner=True)
    print("sqlmodel" in sys.modules, "persistence.turns" in sys.modules)
    await store.close()

anyio.run(main)
"""


def test_every_body_is_there() -> None:
    assert bodies.__all__ == sorted(bodies.__all__)
    assert all(getattr(bodies, name).__name__ == f"persistence.{name}" for name in bodies.__all__)
    assert bodies.claims is claims


def test_an_unknown_body_is_told_what_there_is() -> None:
    with pytest.raises(AttributeError, match="claims, queries, retention, schedules, turns"):
        _ = bodies.rows


def test_tables_are_made_when_a_database_is_opened_and_not_before(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPENED, str(tmp_path / "a.db")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path.cwd(), check=True)
    assert done.stdout.splitlines() == ["False False", "True True"]
