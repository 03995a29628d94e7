"""The gate: tasks take turns, and the loop goes on."""

from __future__ import annotations

import time
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from fsm.errors import StoreError
from fsm.ports.store import Verdict
from persistence import SQLStore
from persistence.conformance.law import create, read, turn
from persistence.databases.postgres_link import PostgresDatabase

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fsm.db"


async def test_a_cancelled_sender_in_the_thread_still_gets_its_outcome(path: Path) -> None:
    store = SQLStore(path, thread=True)
    await store.open(owner=True)
    outcomes = []
    with anyio.CancelScope() as scope:
        scope.cancel()
        outcomes.append(await store.commit([create("a")]))
        await anyio.lowlevel.checkpoint()
    assert scope.cancelled_caught
    assert outcomes == [[Verdict.COMMITTED]]
    await store.close()


async def test_a_busy_loop_does_not_starve_the_thread(path: Path) -> None:
    store = SQLStore(path, synchronous="NORMAL", thread=True)
    await store.open(owner=True)
    await store.commit([create("a")])

    chunks = 0

    async def hog() -> None:
        nonlocal chunks
        while True:
            end = time.thread_time() + 0.002
            while time.thread_time() < end:
                pass
            chunks += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(hog)
        for read in range(5):
            await store.commit([turn("a", read)])
        group.cancel_scope.cancel()
    await store.close()
    assert chunks < 1000


async def test_commits_and_reads_of_many_tasks_take_turns_on_one_connection(path: Path) -> None:
    store = SQLStore(path, synchronous="NORMAL", thread=True)
    await store.open(owner=True)

    async def live(id: str) -> None:
        await store.commit([create(id)])
        for seen in range(10):
            assert await store.commit([turn(id, seen)]) == [Verdict.COMMITTED]
            assert (await read(store, id)).record.seq == seen + 1

    async with anyio.create_task_group() as group:
        for number in range(10):
            group.start_soon(live, f"i{number}")
    assert len(await store.find()) == 10
    await store.close()


async def test_opening_an_open_store_again_is_refused(path: Path) -> None:
    store = SQLStore(path)
    await store.open(owner=True)
    with pytest.raises(StoreError, match="open already"):
        await store.open(owner=True)
    await store.close()


async def test_a_database_that_waits_does_not_stop_the_loop(postgres: str) -> None:
    store = SQLStore(PostgresDatabase.at(postgres))
    await store.open(owner=True)
    await store.commit([create("a")])
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await anyio.sleep(0.005)

    async with anyio.create_task_group() as group:
        group.start_soon(beat)
        await store._run(lambda link: link.connection().execute("SELECT pg_sleep(0.2)"))  # type: ignore[attr-defined]
        group.cancel_scope.cancel()
    await store.close()
    assert beats > 10
