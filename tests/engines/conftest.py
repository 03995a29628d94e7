"""The engines that the laws are tried on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.hosts import Host, restate_url
from tests.persistence import server
from tests.restate import Node, running


@pytest.fixture
def anyio_backend() -> str:
    """The laws are those of processes and engines; event loops have their own tests."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    with server.running() as url:
        yield url


@pytest.fixture(scope="session")
def restate_server() -> Iterator[Node]:
    """A Restate server."""
    with running() as node:
        yield node


def _host(kind: str, request: pytest.FixtureRequest, folder: Path) -> Host:
    match kind:
        case "memory":
            return Host(kind, "memory://", folder)
        case "sqlite":
            return Host(kind, f"sqlite:///{folder}/fsm.db?synchronous=NORMAL", folder)
        case "restate":
            node: Node = request.getfixturevalue("restate_server")
            return Host(kind, restate_url(node, folder), folder)
        case _:
            url = request.getfixturevalue("postgres_server")
            server.empty(url)
            return Host(kind, url.replace("postgresql://", "postgresql+psycopg://"), folder)


@pytest.fixture(params=["memory", "sqlite", "postgresql", "restate"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    """Every engine."""
    made = _host(request.param, request, tmp_path)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql", "restate"])
def lasting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    """Every engine that outlives its processes."""
    made = _host(request.param, request, tmp_path)
    yield made
    made.close()
