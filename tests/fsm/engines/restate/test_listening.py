"""Handlers are served inside the process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import anyio
import httpx
import pytest

from fsm.engines.restate.listening import listening
from fsm.errors import EngineUnreachable
from tests.engines.hosts import ROOT
from tests.restate import free_ports

pytestmark = pytest.mark.anyio

SCRIPT = """
import anyio
from fsm.engines.restate.listening import listening
async def main():
    async with listening(None, "127.0.0.1:0"):
        print("ready", flush=True)
        await anyio.sleep_forever()
anyio.run(main)
"""


async def application(scope: dict[str, str], receive: object, send: object) -> None:
    """Answer everybody."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 204, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]


async def test_it_is_reached_from_the_first_moment_and_not_after_the_last() -> None:
    (port,) = free_ports(1)
    async with listening(application, f"127.0.0.1:{port}"), httpx.AsyncClient() as client:
        assert (await client.get(f"http://127.0.0.1:{port}/")).status_code == 204
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()


async def test_what_takes_long_is_not_cut_short_by_many_others_on_its_connection() -> None:
    (port,), ended, begun = free_ports(1), anyio.Event(), anyio.Event()

    async def slow(scope: dict[str, str], receive: object, send: object) -> None:
        if scope.get("path") == "/slow":
            begun.set()
            await ended.wait()
        await application(scope, receive, send)

    limits = httpx.Limits(max_connections=1)
    async with (
        listening(slow, f"127.0.0.1:{port}"),
        httpx.AsyncClient(http1=False, http2=True, limits=limits, timeout=60) as client,
        anyio.create_task_group() as group,
    ):
        place, answers = f"http://127.0.0.1:{port}", []

        async def ask_slowly() -> None:
            answers.append((await client.get(f"{place}/slow")).status_code)

        group.start_soon(ask_slowly)
        await begun.wait()
        for _ in range(1_100):  # hypercorn closes a connection after a thousand, if it is let
            assert (await client.get(place)).status_code == 204
        assert answers == []
        ended.set()
    assert answers == [204]


async def test_an_address_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EngineUnreachable, match="cannot be listened on"):
            async with listening(application, f"127.0.0.1:{port}"):
                pass


def test_sigterm_ends_the_process_as_it_did_before(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == -signal.SIGTERM
    process.stdout.close()
