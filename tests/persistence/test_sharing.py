"""Sharing through the gate: workers in processes of their own, one of which is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from fsm.ports.store import Commit, Verdict
from persistence import open_store
from persistence.conformance.law import create, event, turn

pytestmark = pytest.mark.anyio

CLAIM = """
import sys, anyio
from persistence import open_store
async def main():
    store = open_store(sys.argv[1])
    await store.open(owner=False)
    await store.heartbeat("killed", 0.3)
    print(*await store.claim("killed", ["M"]), flush=True)
    await anyio.sleep(60)
anyio.run(main)
"""


def claimed_and_killed(url: str) -> str:
    """What a worker has claimed that is killed then."""
    process = subprocess.Popen([sys.executable, "-c", CLAIM, url], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        return process.stdout.readline()
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_what_a_killed_worker_had_is_taken_over_when_its_lease_is_over(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/fsm.db" if kind == "sqlite" else request.getfixturevalue("postgres")
    store = open_store(url)
    await store.open(owner=False)
    await store.commit([create("a"), Commit("a", accepted=[event("a", "r")])])
    assert claimed_and_killed(url) == "a\n"
    await store.heartbeat("other", 60.0)
    with anyio.fail_after(30):
        while not (claimed := await store.claim("other", ["M"])):
            await anyio.sleep(0.02)
    assert claimed == ["a"]
    loaded = await store.load("a")
    assert loaded is not None
    assert await store.commit([turn("a", 0, loaded.record.fence - 1)]) == [Verdict.LOST]
    assert await store.commit([turn("a", 0, loaded.record.fence)]) == [Verdict.COMMITTED]
    await store.close()
