"""One life of the worker: a process of its own, from its start to SIGKILL or SIGTERM."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import anyio
from anyio.abc import Process, TaskGroup

from fsm.command.failure import Failure
from fsm.demo.script import Script

STOP_SECONDS_MAX = 20.0
"""How long a worker may take to stop when it is asked to."""


class Worker:
    """A worker process; it is killed when the block is left, whatever happened."""

    def __init__(self, number: int, url: str, script: Script, out: Path) -> None:
        self.number, self.started_at = number, time.monotonic()
        self.ready_at: float | None = None
        self._log = out / "worker.log"
        self._command = [sys.executable, "-m", "fsm.demo.worker", "--store", url]
        self._command += ["--ledger", str(out / "ledger.jsonl"), "--orders", str(len(script.orders))]
        self._command += ["--seed", str(script.seed), "--life", str(number)]
        self._process: Process | None = None
        self._group: TaskGroup | None = None

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._running.pid

    @property
    def _running(self) -> Process:
        assert self._process is not None
        return self._process

    async def __aenter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = await anyio.open_process(
                self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
            )
        self.started_at = time.monotonic()
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        self._group.start_soon(self._listen)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._group is not None
        with anyio.CancelScope(shield=True):
            if self._running.returncode is None:
                await self.kill()
        self._group.cancel_scope.cancel()
        await self._group.__aexit__(None, None, None)
        await self._running.aclose()

    async def _listen(self) -> None:
        """The first thing that a worker says is that it is ready."""
        assert self._running.stdout is not None
        async for _ in self._running.stdout:
            self.ready_at = self.ready_at or time.monotonic()

    def check(self) -> None:
        """Refuse to go on with a worker that ended by itself."""
        if self._running.returncode is not None:
            raise Failure(
                f"worker {self.number} ended by itself with code {self._running.returncode}",
                where=str(self._log),
                why=_last_lines(self._log),
                fix="this is a mistake of the program, not yours: report it with the log",
            )

    async def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is tidied up."""
        self._running.kill()
        await self._running.wait()

    async def stop(self) -> None:
        """SIGTERM, and wait for the graceful end."""
        self._running.terminate()
        with anyio.move_on_after(STOP_SECONDS_MAX):
            await self._running.wait()
        if self._running.returncode != 0:
            raise Failure(
                f"worker {self.number} did not stop gracefully (code {self._running.returncode})",
                where=str(self._log),
                why=_last_lines(self._log),
            )


def _last_lines(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()[-8:]
    return "\n".join(lines) or "it said nothing"
