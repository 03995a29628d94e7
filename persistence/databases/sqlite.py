"""SQLite: connecting, pragmas, and what its errors mean.

Durability rests on WAL, so the mode is read back and anything else is refused; so is a network disk, where neither
WAL nor locks can be trusted.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fsm.errors import (
    StoreCorrupted,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
    StoreUnsuitable,
)

APPLICATION_ID: Final = 0x46534D31
"""In the header of every database of ours ("FSM1"), so that another program's is never written to."""

STATEMENTS_MAX: Final = 256
"""Prepared statements that a connection keeps; there are about 40 in all."""

# fmt: off
_NETWORK: Final = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "davfs", "glusterfs", "gfs2",
    "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "smb",
    "smb2", "smb3", "smbfs", "fuse.ceph", "fuse.curlftpfs", "fuse.davfs2", "fuse.gcsfuse", "fuse.glusterfs",
    "fuse.goofys", "fuse.juicefs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class SQLite:
    """One database file and how to connect to it."""

    path: Path
    synchronous: str = "FULL"

    def prepare(self, mounts: str | None = None) -> None:
        """Refuse a place that cannot keep the promises; `mounts` is the text of /proc/mounts."""
        folder = self.path.parent
        if not folder.is_dir():
            raise StoreUnsuitable(
                f"{self.path}: the folder {folder} does not exist. Create it (mkdir -p {folder}) or correct the URL"
                " (sqlite:///relative.db has three slashes, sqlite:////absolute.db four)."
            )
        if self.path.is_dir():
            raise StoreUnsuitable(f"{self.path} is a folder. Name a file in it, such as {self.path / 'fsm.db'}.")
        refuse_network_disk(self.path, _mounts() if mounts is None else mounts)
        unwritable = [p for p in (self.path, folder) if p.exists() and not os.access(p, os.W_OK)]
        if unwritable:
            raise StoreReadOnly(
                f"{self.path}: this user may not write {unwritable[0]}. SQLite writes the file and, beside it, its"
                " -wal and -shm. Give the user the right to write both the file and its folder."
            )

    def connect(self, *, checkpoints: bool = False, busy_seconds: float = 0.0) -> sqlite3.Connection:
        """A connection in autocommit mode, in WAL, for use by one thread after the other.

        `checkpoints=False` leaves the copying of the WAL into the database to somebody else, so that no commit on
        this connection pays for it.
        """
        with self.errors("opening"):
            made = sqlite3.connect(
                self.path,
                timeout=busy_seconds,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=STATEMENTS_MAX,
            )
        try:
            with self.errors("opening"):
                self._settle(made, checkpoints)
        except BaseException:
            made.close()
            raise
        return made

    def _settle(self, connection: sqlite3.Connection, checkpoints: bool) -> None:
        with closing(connection.cursor()) as cursor:
            # A read of the header first: a file that is no database must not become one by a pragma.
            tables = cursor.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if tables and cursor.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise StoreCorrupted(
                    f"{self.path} is a database of another program: it has {tables} tables or indices, none of them"
                    " ours. Name another file; this one was left as it is."
                )
            mode = cursor.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            if mode != "wal":
                raise StoreUnsuitable(
                    f"{self.path}: SQLite keeps the journal mode {mode!r}, though WAL is needed to survive a crash in"
                    " the middle of a commit. Put the database on a local disk that allows shared memory."
                )
            cursor.execute(f"PRAGMA synchronous={self.synchronous}")
            cursor.execute("PRAGMA temp_store=MEMORY")
            cursor.execute("PRAGMA cache_size=-16000")
            # A WAL that once grew is cut back to this when it is used from its start again.
            cursor.execute("PRAGMA journal_size_limit=67108864")
            if not checkpoints:
                cursor.execute("PRAGMA wal_autocheckpoint=0")

    @contextmanager
    def errors(self, doing: str) -> Iterator[None]:
        """Turn the driver's errors into ours."""
        try:
            yield
        except (sqlite3.Error, OverflowError, UnicodeError) as error:
            raise self.translated(error, doing) from error

    def translated(self, error: Exception, doing: str) -> StoreError:
        """The error of ours that says what a driver's error means and what to do."""
        where = f"{self.path}, {doing}: {error}."
        # The low byte is the kind; the rest says more than we need.
        match getattr(error, "sqlite_errorcode", 0) & 0xFF:
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED | sqlite3.SQLITE_PROTOCOL:
                return StoreLocked(
                    f"{where} Another process holds the lock of the database. Close whatever has an open transaction on"
                    " it, such as a database browser or a backup, and try again."
                )
            case sqlite3.SQLITE_FULL:
                return StoreFull(f"{where} Nothing was written. Make room on the disk of {self.path.parent}.")
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
                return StoreReadOnly(
                    f"{where} Give this user the right to write the file and its folder, and do not move or replace"
                    " the file while it is open."
                )
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                return StoreCorrupted(
                    f"{where} The file is damaged or no database. Keep a copy, then restore a backup, or try"
                    f" `sqlite3 {self.path} .recover`; a new file is made if there is none."
                )
            case sqlite3.SQLITE_CANTOPEN:
                return StoreUnsuitable(
                    f"{where} Check that {self.path.parent} exists and that files can be made in it."
                )
            case sqlite3.SQLITE_IOERR:
                return StoreError(f"{where} The disk failed to read or write. Check the system's log and the disk.")
            case _:
                return StoreError(
                    f"{where} Nothing was written. A value cannot be stored, or this is a bug: report it."
                )


def refuse_network_disk(path: Path, mounts: str) -> None:
    """Raise StoreUnsuitable when the longest mount point above the path belongs to a network file system."""
    place, best, kind = os.path.realpath(path), "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        # Blanks in a mount point are written as octal escapes.
        point = fields[1].encode().decode("unicode_escape") if "\\" in fields[1] else fields[1]
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        # Of two mounts on one point the later one is seen.
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    if kind in _NETWORK:
        raise StoreUnsuitable(
            f"{path} lies on {best}, a network disk ({kind}): SQLite's locks and its WAL do not work there, and two"
            " machines could run the same instances. Put the database on a local disk."
        )


def _mounts() -> str:
    try:
        return Path("/proc/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        # Only Linux tells; elsewhere the check of the journal mode has to do.
        return ""
