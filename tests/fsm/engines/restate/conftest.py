"""A Restate server, and engines on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engines.hosts import Host, restate_url
from tests.restate import Node


@pytest.fixture
def anyio_backend() -> str:
    """The SDK runs on asyncio."""
    return "asyncio"


@pytest.fixture
def host(restate_server: Node, tmp_path: Path) -> Host:
    """A corner of it."""
    return Host("restate", restate_url(restate_server, tmp_path), tmp_path)
