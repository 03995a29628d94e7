"""The store in SQLite: threads, locks, other processes and disks that fail. The laws are in test_laws.py."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from fsm.errors import (
    StoreCorrupted,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreNewer,
    StoreReadOnly,
)
from fsm.ports.store import Accepted, Commit, Entry, Record, Store, Verdict
from persistence import SQLStore
from persistence.checkpoints import COMMITS_MAX
from persistence.databases import sqlite_link
from persistence.databases.sqlite_link import SQLiteLink
from persistence.migrations import VERSION
from persistence.pace import PROBE_EVERY, Pace

pytestmark = pytest.mark.anyio

ACCEPT = """
import sys, anyio
from fsm.ports.store import Accepted, Commit
from persistence import SQLStore
async def main():
    store = SQLStore(sys.argv[1])
    await store.open(owner=False)
    print(await store.commit([Commit("a", accepted=[Accepted("a", "from outside", "go", "{}", key="k")])]))
    await store.close()
anyio.run(main)
"""

OWN = """
import sys, anyio
from persistence import SQLStore
async def main():
    store = SQLStore(sys.argv[1])
    await store.open(owner=True)
    print("owned", flush=True)
    await anyio.sleep(60)
anyio.run(main)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fsm.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SQLStore]:
    made = SQLStore(path, synchronous="NORMAL")
    await made.open(owner=True)
    yield made
    await made.close()


def create(id: str, context: bytes = b"{}") -> Commit:
    return Commit(id, create=True, record=Record(id, "M", "1", "d", "running", 0, "[]", "{}", context))


def turn(id: str, read: int, context: bytes = b"{}") -> Commit:
    record = Record(id, "M", "1", "d", "running", read + 1, "[]", "{}", context)
    entry = Entry(id, read + 1, "event:r", "go", "{}", "[]", "[]", 1.0, 0.1)
    return Commit(id, seq=read, record=record, entry=entry)


def connection_of(store: SQLStore) -> sqlite3.Connection:
    assert isinstance(store._link, SQLiteLink)
    return store._link._connection


def run_owner(code: str, path: Path) -> subprocess.Popen[str]:
    """A process that has printed its first line."""
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "owned\n"
    return process


def run(code: str, path: Path) -> str:
    return subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True).stdout


def damage(path: Path) -> None:
    whole = path.read_bytes()
    last = 8 * 4096  # behind the schema, where the rows are
    path.write_bytes(whole[:-last] + b"\xff" * last)


async def seq_of(store: Store, id: str) -> int | None:
    loaded = await store.load(id)
    return None if loaded is None else loaded.record.seq


async def test_an_event_from_a_second_process_is_noticed(store: SQLStore, path: Path) -> None:
    await store.commit([Commit("a", create=True, record=create("a").record, worker="w")])
    assert await store.poked("w") == []
    assert "COMMITTED" in run(ACCEPT, path)
    assert await store.poked("w") == ["a"]
    found = await store.find_key("a", "k")
    assert found is not None
    assert found.ref == "from outside"


async def test_the_log_does_not_grow_without_end(store: SQLStore, path: Path) -> None:
    await store.commit([create("a")])
    log = path.with_name("fsm.db-wal")
    sizes = []
    for read in range(COMMITS_MAX * 4):
        await store.commit([turn("a", read, b"x" * 500)])
        if read % COMMITS_MAX == COMMITS_MAX - 1:
            sizes.append(log.stat().st_size)
    assert sizes[3] < sizes[0] * 3  # a checkpoint that the thread has begun may hold one of ours up
    await store.close()
    assert not log.exists()


async def test_a_short_lock_of_another_process_is_waited_for_while_the_loop_goes_on(
    store: SQLStore, path: Path
) -> None:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, other.execute, ["ROLLBACK"])
    release.start()
    beats = 0
    async with anyio.create_task_group() as group:

        async def beat() -> None:
            nonlocal beats
            while True:
                beats += 1
                await anyio.sleep(0.01)

        group.start_soon(beat)
        assert await store.commit([create("a")]) == [Verdict.COMMITTED]
        group.cancel_scope.cancel()
    release.join()
    other.close()
    assert beats > 5


async def test_a_long_lock_of_another_process_is_a_store_locked(
    store: SQLStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_link, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreLocked, match="Another process"):
        await store.commit([create("a"), create("b")])
    other.execute("ROLLBACK")
    other.close()
    assert await seq_of(store, "a") is None
    assert await store.commit([create("a")]) == [Verdict.COMMITTED]


async def test_one_bad_commit_leaves_nothing_of_its_batch_so_that_each_can_be_tried_alone(store: SQLStore) -> None:
    bad = create("bad")
    bad.record.config = "\ud800"  # type: ignore[union-attr]
    with pytest.raises(StoreError, match="a batch of 3 commits"):
        await store.commit([create("a"), bad, turn("a", 0)])
    assert (await seq_of(store, "a"), await seq_of(store, "bad")) == (None, None)
    assert await store.commit([create("a"), turn("a", 0)]) == [Verdict.COMMITTED, Verdict.COMMITTED]


async def test_a_bad_commit_alone_raises_and_leaves_nothing(store: SQLStore) -> None:
    await store.commit([create("a")])
    bad = turn("a", 0)
    bad.accepted = [Accepted("a", "r", "go", "{}")]
    bad.entry.seq = 2**70  # type: ignore[union-attr]
    with pytest.raises(StoreError, match="writing 'a'"):
        await store.commit([bad])
    assert await seq_of(store, "a") == 0
    assert await store.accepted("a", "r") is None


async def test_a_full_disk_is_a_store_full_and_nothing_is_written(store: SQLStore) -> None:
    await store.commit([create("a")])
    connection = connection_of(store)
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(StoreFull, match="Make room"):
        await store.commit([turn("a", 0, b"x" * 100_000)])
    assert await seq_of(store, "a") == 0
    assert await store.commit([turn("a", 0, b"small")]) == [Verdict.COMMITTED]


async def test_a_commit_that_fails_at_its_very_end_is_rolled_back(store: SQLStore) -> None:
    await store.commit([create("a")])
    connection = connection_of(store)
    # A deferred foreign key is checked by COMMIT itself, and fails it.
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    connection.execute("CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
    connection.execute("CREATE TRIGGER spoil AFTER INSERT ON transition BEGIN INSERT INTO child VALUES (7); END")
    with pytest.raises(StoreError, match="committing"):
        await store.commit([turn("a", 0), create("b")])
    assert not connection.in_transaction
    assert (await seq_of(store, "a"), await seq_of(store, "b")) == (0, None)


async def test_a_database_that_cannot_be_written_is_a_store_read_only(store: SQLStore) -> None:
    await store.commit([create("a")])
    connection_of(store).execute("PRAGMA query_only=ON")
    with pytest.raises(StoreReadOnly, match="right to write"):
        await store.commit([turn("a", 0)])
    assert await seq_of(store, "a") == 0


async def test_a_damaged_file_is_a_store_corrupted(path: Path) -> None:
    store = SQLStore(path)
    await store.open(owner=True)
    await store.commit([create(f"i{n}", b"x" * 1000) for n in range(50)])
    await store.close()
    damage(path)
    await store.open(owner=True)
    with pytest.raises(StoreCorrupted, match="restore a backup"):
        await store.find()
    await store.close()


async def test_an_open_that_fails_gives_the_ownership_back(path: Path) -> None:
    store = SQLStore(path)
    await store.open(owner=True)
    connection_of(store).execute("PRAGMA user_version=99")
    await store.close()
    for _ in range(2):
        with pytest.raises(StoreNewer, match="99"):
            await store.open(owner=True)
    repair = sqlite3.connect(path)
    repair.execute(f"PRAGMA user_version={VERSION}")
    repair.close()
    await store.open(owner=True)
    await store.close()


async def test_without_autocheckpoint_the_data_of_a_killed_owner_are_there(path: Path) -> None:
    code = OWN.replace(
        'print("owned", flush=True)',
        "from fsm.ports.store import Commit, Record\n"
        '    record = Record("a", "M", "1", "d", "running", 0, "[]", "{}", b"")\n'
        '    await store.commit([Commit("a", create=True, record=record)])\n'
        '    print("owned", flush=True)',
    )
    with run_owner(code, path) as owner:
        owner.kill()
        owner.wait()
    store = SQLStore(path)
    await store.open(owner=True)
    assert await seq_of(store, "a") == 0
    await store.close()


def test_slow_commits_go_to_the_thread_and_come_back_when_they_are_short_again() -> None:
    pace = Pace(None)
    assert not pace.slow()
    pace.took(0.050, 1)
    assert not pace.slow(), "one pause does not decide"
    for _ in range(20):
        pace.took(0.010, 1)
    assert pace.slow()
    assert [pace.slow() for _ in range(PROBE_EVERY - 1)].count(False) == 1, "now and then the loop is tried"
    pace.took(0.000_1, 1)
    assert not pace.slow()


def test_a_large_batch_of_short_turns_is_not_slow() -> None:
    pace = Pace(None)
    for _ in range(50):
        pace.took(0.003, 200)
    assert not pace.slow()


@pytest.mark.parametrize("forced", [True, False])
def test_a_forced_pace_does_not_measure(forced: bool) -> None:
    pace = Pace(forced)
    for _ in range(50):
        pace.took(0.1, 1)
    assert pace.slow() is forced
    assert pace.forced is forced
