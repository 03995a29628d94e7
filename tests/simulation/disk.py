"""A disk that keeps what was not synced apart, so that its power can be cut; and that can be full, or fail.

Every write, truncation and sync of the store's files is written down, in order. What a power cut at any moment leaves
behind can then be made again: what was synced is there; of what was not, each write is there, or is not, or only some
of its sectors are, by chance. (The system may write back what it likes in whatever order it likes.)

The store speaks through its own code and its own SQL; only the driver below it is apsw, whose SQLite lets Python
stand between it and the files.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import apsw

SECTOR = 512
FILES = ("fsm.db", "fsm.db-journal", "fsm.db-wal")


class Done(NamedTuple):
    """One thing that was done to a file; the offset of a truncation is its size."""

    kind: Literal["write", "truncate", "sync", "delete"]
    file: str
    offset: int = 0
    data: bytes = b""


class Disk(apsw.VFS):
    """Writes down what is done, and fails when it is told to."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "")
        self.name = name
        self.done: list[Done] = []
        self.honest = True
        """Whether a sync is a sync."""
        self.failing: dict[int, Exception] = {}
        """What is raised instead of doing the n-th thing."""
        self.tried = 0

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> Watched:
        """Open a file, and watch it."""
        return Watched(self, name, flags)

    def xDelete(self, name: str, syncdir: bool) -> None:
        """Delete a file."""
        self.note(Done("delete", Path(name).name))
        super().xDelete(name, syncdir)

    def note(self, done: Done) -> None:
        """Write down what is about to be done. Raises what it is told to."""
        self.tried += 1
        problem = self.failing.pop(self.tried, None)
        if problem is not None:
            raise problem
        if self.honest or done.kind != "sync":
            self.done.append(done)


class Watched(apsw.VFSFile):
    """A file of a disk."""

    def __init__(self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name or ""
        self._disk, self._file = disk, Path(path).name

    def xWrite(self, data: Any, offset: int) -> None:
        """Write."""
        self._disk.note(Done("write", self._file, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        """Cut off."""
        self._disk.note(Done("truncate", self._file, size))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        """Have it on the disk for good; the real one need not be kept waiting."""
        self._disk.note(Done("sync", self._file))


def after_a_cut(done: Sequence[Done], folder: Path, chance: random.Random | None) -> None:
    """Make the files as a power cut after these things leaves them; without chance, as the system itself sees them."""
    folder.mkdir(parents=True)
    syncs = {one.file: number for number, one in enumerate(done) if one.kind == "sync"}
    for file in FILES:
        content: bytearray | None = None
        for number, one in enumerate(done):
            if one.file == file:
                # What becomes of the folder's own entries is settled by whatever sync comes next.
                synced = max(syncs.values(), default=-1) if one.kind == "delete" else syncs.get(file, -1)
                content = _next(content, one, None if number < synced else chance)
        if content is not None:
            (folder / file).write_bytes(content)


def _next(before: bytearray | None, one: Done, chance: random.Random | None) -> bytearray | None:
    """A file after one thing that was done to it, or by chance not, or in part."""
    content = bytearray() if before is None else before
    fate = "whole" if chance is None else chance.choice(("whole", "none", "torn"))
    if one.kind == "delete":
        return None if fate == "whole" else before
    if one.kind == "truncate" and fate == "whole":
        del content[one.offset :]
    for at in range(0, len(one.data), SECTOR):
        if fate == "whole" or (fate == "torn" and chance is not None and chance.random() < 0.5):
            _write(content, one.offset + at, one.data[at : at + SECTOR])
    return content


def _write(content: bytearray, offset: int, data: bytes) -> None:
    content.extend(bytes(max(0, offset + len(data) - len(content))))
    content[offset : offset + len(data)] = data


# ---- sqlite3's interface, as far as the store uses it


@contextmanager
def beneath(disk: Disk) -> Iterator[None]:
    """Have every store that is opened meanwhile use this disk."""
    original = sqlite3.connect

    def connect(path: Path, *, timeout: float, **more: Any) -> Connection:
        return Connection(apsw.Connection(str(path), vfs=disk.name), timeout)

    sqlite3.connect = connect  # type: ignore[assignment]
    try:
        yield
    finally:
        sqlite3.connect = original


class Connection:
    """A connection of apsw that looks like one of sqlite3."""

    def __init__(self, inner: apsw.Connection, timeout: float) -> None:
        self._inner = inner
        inner.set_busy_timeout(int(timeout * 1000))

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._inner.in_transaction

    def cursor(self) -> Cursor:
        """A new cursor."""
        return Cursor(self._inner)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Cursor:
        """Run a statement."""
        return self.cursor().execute(sql, values)

    def close(self) -> None:
        """Close it."""
        self._inner.close(True)


class Cursor:
    """A cursor that looks like one of sqlite3."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection, self.rowcount, self.lastrowid = connection, -1, 0
        self._rows: Iterator[Any] = iter(())

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Cursor:
        """Run a statement. Raises the errors of sqlite3."""
        before = self._connection.total_changes()
        try:
            found = list(self._connection.execute(sql, values))
        except apsw.Error as problem:
            error = sqlite3.OperationalError(str(problem))
            error.sqlite_errorcode = getattr(problem, "extendedresult", apsw.SQLITE_ERROR)
            raise error from problem
        self._rows = iter(found)
        self.rowcount = self._connection.total_changes() - before
        self.lastrowid = self._connection.last_insert_rowid()
        return self

    def fetchone(self) -> Any:
        """The next row, or None."""
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        """All that are left."""
        return list(self._rows)

    def close(self) -> None:
        """Nothing is kept."""
