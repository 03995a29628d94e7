"""The identity of a worker: unique, and such that its neighbours on the same machine can tell when it is dead.

    <machine and container>:<process>:<begin of the process>:<token>

The lease of a dead worker need not run out where everybody can see that its process is gone. Elsewhere, and where the
system does not say, the lease decides.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

_PROC = Path("/proc")


def worker_id() -> str:
    """A new identity for a worker of this process."""
    return f"{_place()}:{os.getpid()}:{_begun(os.getpid())}:{secrets.token_hex(6)}"


def is_dead(worker: str) -> bool:
    """Whether a worker was a process of this machine that has gone; False when nobody here can know."""
    place, _, rest = worker.partition(":")
    pid, _, begun = rest.partition(":")
    return place != "" and place == _place() and pid.isdigit() and _begun(int(pid)) != begun.partition(":")[0]


def _place() -> str:
    """The running system and the process numbers that are seen from here; empty where it does not say."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def _begun(pid: int) -> str:
    """When a process began, in the system's own units; empty when there is none."""
    try:
        # The name of the program, in brackets, may hold blanks and brackets.
        return (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
