"""The API, asked by a machine that reads its description and means no good."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

from tests.visualize.dashboard.conftest import page
from visualize.dashboard import acting, door
from visualize.dashboard.access import Person, Rules
from visualize.dashboard.server import served

TOKEN = "t" * 24
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A page that is served over a shop, without limits on how often it may be asked."""
    listening = socket.create_server(("127.0.0.1", 0))
    stops: list[Any] = []
    ready = threading.Event()

    async def run() -> None:
        stop = anyio.Event()
        stops.append((anyio.lowlevel.current_token(), stop))
        async with page(Rules({TOKEN: Person("fuzz", "operate")})) as one:
            ready.set()
            await served(one.app, listening, stop)

    with pytest.MonkeyPatch.context() as patched:
        for rate in ("READS", "WRITES", "SIGN_INS"):
            patched.setattr(door, rate, (1_000_000, 1e6))
        patched.setattr(acting, "WAIT_SECONDS", 0.05)
        thread = threading.Thread(target=anyio.run, args=[run])
        thread.start()
        assert ready.wait(20)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        token, stop = stops[0]
        anyio.from_thread.run_sync(stop.set, token=token)
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def api(address: str) -> Any:
    """What the description says; a feed does not end by itself, so it is not asked."""
    found = schemathesis.openapi.from_url(f"{address}/api/openapi.json")
    found.config.update(base_url=address)
    return found.exclude(path="/api/feed")


@pytest.mark.parametrize("examples", [10, pytest.param(150, marks=pytest.mark.long)])
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_as_described(api: Any, mode: GenerationMode, examples: int) -> None:
    """Whatever fits the description, and whatever does not, gets an answer that the description knows."""
    asked = 0
    for found in api.get_all_operations():
        operation = found.ok()

        @settings(max_examples=examples, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            # in an address everything is text: `state=false` is a state of this name, whatever was meant
            lenient = [negative_data_rejection] if case.method == "GET" else []
            case.call_and_validate(headers=HEADERS, excluded_checks=lenient)

        with contextlib.suppress(Unsatisfiable):  # nothing that could be said wrongly
            ask()
    assert asked > 5 * examples
