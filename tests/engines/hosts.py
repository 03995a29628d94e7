"""Where the laws of engines are tried: every kind of engine, with processes that can be killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from fsm.engines import Engine, open_engine
from fsm.engines.embedded import Embedded
from fsm.ports.engine import MachineClass
from persistence import MemoryStore
from tests.engines.shop import Bank, Ledger, Shop
from tests.restate import Node, free_ports

ROOT = Path(__file__).parents[2]
SECONDS = 20.0
"""The longest that a test waits for something that must happen."""


@dataclass
class Host:
    """One kind of engine on the data of one test."""

    kind: str
    url: str
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    memory: MemoryStore = field(default_factory=MemoryStore)
    slow: float = 0.0

    @property
    def ledger(self) -> Ledger:
        """What services did."""
        return Ledger(self.folder, self.slow)

    def engine(self, machines: Sequence[MachineClass] = (Shop,)) -> Engine:
        """The engine, run by this process."""
        services: dict[Any, Any] = {Bank: self.ledger}
        if self.kind == "memory":
            return Embedded(self.memory, machines, services)
        return open_engine(self.url, machines, services, **lease(self.url))

    def asking(self) -> Engine:
        """An engine in this process while another one has its place: it takes over where it can, else it only asks."""
        return open_engine(re.sub("&listen=[^&]*", "", self.url), [Shop], {Bank: self.ledger}, **lease(self.url))

    def work(self, *script: str, slow: float = 0.0) -> subprocess.Popen[bytes]:
        """Another process that runs the shop, and does what the script says."""
        command = [sys.executable, "-m", "tests.engines.worker", self.url, str(self.folder), str(slow), *script]
        with (self.folder / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                command,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )
        self.workers.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes], how: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a process and all that it has begun."""
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, how)
        if how is signal.SIGKILL:
            worker.wait(10)

    def close(self) -> None:
        """Leave no process behind."""
        for worker in self.workers:
            self.kill(worker)


def lease(url: str) -> dict[str, float]:
    """A short one, where leases are: frozen workers are given up sooner."""
    return {} if url.startswith("restate") else {"lease_seconds": 1.0}


def restate_url(node: Node, folder: Path) -> str:
    """A corner of a Restate server for one test: other names, another port, another view."""
    (listen,) = free_ports(1)
    return (
        f"restate+http://127.0.0.1:{node.ingress}?admin=http://127.0.0.1:{node.admin}&name=t{listen}"
        f"&listen=127.0.0.1:{listen}&view=sqlite:///{folder}/view.db"
    )


async def until(holds: Callable[[], Any], seconds: float = SECONDS) -> None:
    """Wait until a condition holds."""
    with anyio.fail_after(seconds):
        while not holds():
            await anyio.sleep(0.01)
