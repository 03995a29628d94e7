"""Stores to test, and small rows to fill them with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from persistence import MemoryStore, SQLStore


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Every law holds on both event loops."""
    return str(request.param)


@pytest.fixture(params=["memory", "sqlite", "sqlite-thread"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], MemoryStore | SQLStore]:
    """A maker of stores, not open yet; SQL once where commits are measured, once always in the thread."""

    def make() -> MemoryStore | SQLStore:
        if request.param == "memory":
            return MemoryStore()
        return SQLStore(
            tmp_path / "fsm.db", synchronous="NORMAL", thread=True if request.param == "sqlite-thread" else None
        )

    return make
