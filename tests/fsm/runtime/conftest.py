"""Where the tests of the runtime keep their data, and the desk that their machines ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fsm.runtime.desk import Clerk, Place


@pytest.fixture(params=["memory", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Data in memory, and in a file."""
    return Place(str(request.param), tmp_path / "fsm.db")


@pytest.fixture
def file(tmp_path: Path) -> Place:
    """Data in a file: where another process matters."""
    return Place("sqlite", tmp_path / "fsm.db")


@pytest.fixture
def memory(tmp_path: Path) -> Place:
    """Data in memory: where the store does not matter."""
    return Place("memory", tmp_path)


@pytest.fixture
def clerk() -> Clerk:
    """Who answers."""
    return Clerk()
