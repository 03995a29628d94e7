"""The exclusive right to run the instances of a database, as a lock of the operating system on a file beside it.

The system gives the lock back when the process dies, however it dies; a row in the database would outlive it. The
file itself stays: to remove it would let two processes lock two files of one name.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from fsm.errors import StoreInUse, StoreReadOnly

if sys.platform == "win32":
    import msvcrt

    # Windows locks are mandatory: a byte far behind the pid is locked, so that the pid can still be read.
    _BYTE = 1 << 30

    def _lock(fd: int) -> None:
        os.lseek(fd, _BYTE, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Ownership:
    """The lock, held from construction until `release`."""

    def __init__(self, database: Path) -> None:
        """Take the lock, or raise StoreInUse naming the process that has it."""
        self.path = database.with_name(database.name + ".lock")
        try:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except PermissionError as error:
            raise StoreReadOnly(
                f"{self.path}: this user may not write the lock file, so that nobody could tell who runs the"
                " instances. Give the user the right to write it."
            ) from error
        try:
            _lock(self._fd)
        except OSError as error:
            holder = os.pread(self._fd, 32, 0).decode(errors="replace").strip() if hasattr(os, "pread") else ""
            os.close(self._fd)
            who = "this very process" if holder == str(os.getpid()) else f"process {holder or '(unknown)'}"
            raise StoreInUse(
                f"{database} is in use: {who} runs its instances (it holds {self.path}). Stop it first, or open the"
                " store with owner=False, which can send and look but not run."
            ) from error
        os.ftruncate(self._fd, 0)
        os.lseek(self._fd, 0, os.SEEK_SET)
        os.write(self._fd, str(os.getpid()).encode())

    def release(self) -> None:
        """Give the lock back; may be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
