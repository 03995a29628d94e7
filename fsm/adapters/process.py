"""One run of a program: fed, bounded, and ended together with everything that it began."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import anyio
from anyio.abc import ByteReceiveStream, Process

from fsm.limits import PROBLEM_BYTES_MAX

GRACE_SECONDS = 2.0
"""How long a program may take to end when it is asked to."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended: its exit status, negative for a signal, what it wrote, and the end of what it complained."""

    status: int
    output: bytes
    complaint: str


class OutputTooLong(Exception):
    """It wrote more than it may."""


async def run(
    argv: Sequence[str],
    *,
    fed: bytes | None,
    environment: Mapping[str, str],
    folder: str | os.PathLike[str] | None,
    output_bytes_max: int,
) -> Ran:
    """Run a program to its end. Raises OSError when it cannot be begun, OutputTooLong.

    It has a process group of its own. When the call is cancelled the group is asked to end, and killed if it does not;
    when this returns, whatever way, the program is no more.
    """
    stdin = subprocess.DEVNULL if fed is None else subprocess.PIPE
    process = await anyio.open_process(
        argv, stdin=stdin, env={**os.environ, **environment}, cwd=folder, start_new_session=True
    )
    output, complaint, long = bytearray(), bytearray(), False
    try:
        async with anyio.create_task_group() as group:
            assert process.stdout is not None
            assert process.stderr is not None
            group.start_soon(_tail, process.stderr, complaint)
            if fed is not None:
                group.start_soon(_feed, process, fed)
            long = not await _read(process.stdout, output, output_bytes_max)
            if long:
                group.cancel_scope.cancel()
        if long:
            raise OutputTooLong
        status = await process.wait()
    except BaseException:
        await _end(process)
        raise
    finally:
        with anyio.CancelScope(shield=True):
            await process.aclose()
    return Ran(status, bytes(output), complaint.decode("utf-8", "replace").strip())


async def _read(stream: ByteReceiveStream, into: bytearray, most: int) -> bool:
    async for chunk in stream:
        into += chunk
        if len(into) > most:
            return False
    return True


async def _tail(stream: ByteReceiveStream, into: bytearray) -> None:
    async for chunk in stream:
        into += chunk
        del into[:-PROBLEM_BYTES_MAX]


async def _feed(process: Process, data: bytes) -> None:
    assert process.stdin is not None
    try:
        await process.stdin.send(data)
        await process.stdin.aclose()
    except (anyio.BrokenResourceError, anyio.ClosedResourceError, ConnectionError):
        pass  # it does not want it all; its exit status says whether that is well


async def _end(process: Process) -> None:
    """Ask the whole group to end, then kill what is left: the program may have gone before what it began."""
    with anyio.CancelScope(shield=True):
        _signal(process, signal.SIGTERM)
        with anyio.move_on_after(GRACE_SECONDS):
            await process.wait()
        _signal(process, signal.SIGKILL)
        await process.wait()


def _signal(process: Process, number: int) -> None:
    try:
        if sys.platform == "win32":
            process.send_signal(signal.SIGTERM)  # there are no groups
        else:
            os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # the last one is macOS's word for a group of zombies
        pass
