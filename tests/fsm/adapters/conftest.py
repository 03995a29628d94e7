"""What the tests of the adapters share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fsm.adapters.web import Web, serving_web


@pytest.fixture
def web() -> Iterator[Web]:
    """A web service of the test's own."""
    with serving_web() as found:
        yield found
