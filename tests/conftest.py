"""What tests everywhere need: both event loops, and the W3C suite where it is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

APART = ("tests/benchmarks/", "tests/engines/", "tests/examples/test_kills.py", "tests/simulation/")
"""Tests of many processes, most of them killed at every boundary: `make test` leaves them to `make check`."""

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is kept apart."""
    root = Path(__file__).parents[1]
    for item in items:
        if item.path.relative_to(root).as_posix().startswith(APART):
            item.add_marker(pytest.mark.apart)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Every asynchronous test runs on both event loops."""
    backend: str = request.param
    return backend


@pytest.fixture(autouse=True)
def mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mode of tests/simulation/modes.py that the environment variable FSM_TEST_MODE names, if it names one."""
    named = os.environ.get("FSM_TEST_MODE")
    if named:
        from tests.simulation.modes import MODES

        MODES[named](monkeypatch)


@pytest.fixture(scope="session")
def scxml_w3c() -> Path:
    """The folder of the W3C tests for SCXML, named by the environment variable SCXML_W3C."""
    named = os.environ.get("SCXML_W3C")
    if not named:
        pytest.skip("SCXML_W3C is not set: it names the folder with the W3C tests (manifest.xml and test*.txml)")
    folder = Path(named)
    assert (folder / "manifest.xml").is_file(), f"SCXML_W3C={named} holds no manifest.xml"
    return folder
