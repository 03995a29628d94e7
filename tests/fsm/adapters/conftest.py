"""What the tests of the adapters share."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.fsm.adapters.natsd import Natsd
from tests.fsm.adapters.stream import Stream
from tests.fsm.adapters.web import Web, serving_web


@pytest.fixture
def web() -> Iterator[Web]:
    """A web service of the test's own."""
    with serving_web() as found:
        yield found


@pytest.fixture(scope="session")
def natsd_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Natsd]:
    """One server for all tests of a process."""
    server = Natsd(tmp_path_factory.mktemp("natsd"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def stream(natsd_of_all: Natsd) -> AsyncIterator[Stream]:
    """A stream of the test's own."""
    async with Stream.made(natsd_of_all.url, uuid.uuid4().hex[:8]) as made:
        yield made
