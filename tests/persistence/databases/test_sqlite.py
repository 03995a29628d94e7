"""SQLite itself: the modes it must keep, and what its troubles are called."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from fsm.errors import StoreCorrupted, StoreError, StoreNewer, StoreReadOnly, StoreUnsuitable
from persistence.databases.sqlite import APPLICATION_ID, SQLite, refuse_network_disk
from persistence.databases.sqlite_link import SQLiteSchema
from persistence.migrations import VERSION, migrate

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
//nas/share /mnt/my\\040share cifs rw 0 0
me@host:/ /mnt/far fuse.sshfs rw 0 0
/dev/sdb1 /home/local ext4 rw 0 0
C:\\134 /mnt/c 9p rw 0 0
broken line
"""


@pytest.mark.parametrize(
    "path", ["/home/me/fsm.db", "/mnt/my share/fsm.db", "/mnt/far/a/fsm.db", "/mnt/c/fsm.db", "/home/fsm.db"]
)
def test_a_network_disk_is_refused(path: str) -> None:
    with pytest.raises(StoreUnsuitable, match="network disk"):
        refuse_network_disk(Path(path), MOUNTS)


@pytest.mark.parametrize("path", ["/srv/fsm.db", "/home/local/fsm.db", "/homes/fsm.db", "/fsm.db"])
def test_a_local_disk_is_not_refused(path: str) -> None:
    refuse_network_disk(Path(path), MOUNTS)


def test_a_missing_folder_is_told_how_to_be_made(tmp_path: Path) -> None:
    with pytest.raises(StoreUnsuitable, match="mkdir -p"):
        SQLite(tmp_path / "no" / "fsm.db").prepare()


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StoreUnsuitable, match="is a folder"):
        SQLite(tmp_path).prepare()


def test_a_file_that_may_not_be_written_is_told_before_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By a patch, because root may write everything.
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(StoreReadOnly, match="may not write"):
        SQLite(tmp_path / "fsm.db").prepare(mounts="")


@pytest.mark.parametrize(("option", "number"), [("FULL", 2), ("NORMAL", 1)])
def test_a_connection_is_in_wal_with_the_wanted_durability(tmp_path: Path, option: str, number: int) -> None:
    connection = SQLite(tmp_path / "fsm.db", option).connect()
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (number,)
    assert connection.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
    connection.close()


def test_a_journal_mode_that_is_not_wal_is_refused() -> None:
    # A database in memory cannot be in WAL.
    with pytest.raises(StoreUnsuitable, match="'memory'"):
        SQLite(Path(":memory:")).connect()


def test_a_file_that_is_no_database_is_called_corrupted_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    path.write_bytes(b"dear diary, " * 1000)
    with pytest.raises(StoreCorrupted, match=r"fsm\.db"):
        SQLite(path).connect()
    assert path.read_bytes() == b"dear diary, " * 1000


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE diary (line TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreCorrupted, match="another program"):
        SQLite(path).connect()
    assert path.read_bytes() == before


def test_migrating_twice_changes_nothing_and_marks_the_file_as_ours(tmp_path: Path) -> None:
    database = SQLite(tmp_path / "fsm.db")
    connection = database.connect()
    migrate(SQLiteSchema(connection, str(database.path)))
    before = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    migrate(SQLiteSchema(connection, str(database.path)))
    assert connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall() == before
    assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone() == (str(VERSION),)
    connection.close()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    database = SQLite(tmp_path / "fsm.db")
    connection = database.connect()
    migrate(SQLiteSchema(connection, str(database.path)))
    connection.execute(f"PRAGMA user_version={VERSION + 1}")
    with pytest.raises(StoreNewer, match="Upgrade dynamic-orchestrator"):
        migrate(SQLiteSchema(connection, str(database.path)))
    connection.close()


def test_an_error_without_a_name_of_its_own_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="report it"), SQLite(tmp_path / "fsm.db").errors("trying"):
        sqlite3.connect(":memory:").execute("nonsense")
