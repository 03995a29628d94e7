"""Restate for the tests of engines: `python -m tests.restate` installs the server, `running()` starts it.

The server comes from the npm registry in one version, whose integrity is checked; it reports nothing to anybody,
listens on loopback only, and ends with its process group.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

RESTATE = "1.7.12"
PLATFORM = "linux-arm64" if os.uname().machine in ("aarch64", "arm64") else "linux-x64"
INTEGRITY = {
    "linux-x64": "sha512-URotJ1AIqaSCDkRMl4OrQfTLH+NYuOZb3ZsP7wxxiuAB6pncgPhTUYSvegTF5PTrAShnNyHNpju9kjf2O3QxoA==",
    "linux-arm64": "sha512-aV7YxWvPhp88MjQtObGDhDCTwCBa68wwZOAMmJqDreO0auHYuSfOqabEx4I90coZsx3zShNusppbTPKprOa+dw==",
}
PLACE = Path(sys.prefix) / "restate"
SECONDS = 30.0
"""The longest that a server may take to start."""


def found() -> Path | None:
    """The program: FSM_RESTATE, or what was installed here."""
    named = os.environ.get("FSM_RESTATE")
    place = PLACE / "node_modules" / "@restatedev" / f"restate-server-{PLATFORM}" / "bin" / "restate-server"
    return Path(named) if named else place if place.exists() else None


def provide() -> None:
    """Get the server, and show that it starts. Raises CalledProcessError, RuntimeError."""
    if found() is None:
        tools = Path(sys.executable).parent
        npm = next((p for p in (tools / "npm",) if p.exists()), None) or shutil.which("npm") or "npm"
        PLACE.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {"PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', '')}"}
        package = f"@restatedev/restate-server-{PLATFORM}@{RESTATE}"
        install = [
            str(npm),
            "install",
            "--ignore-scripts",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--prefix",
            f"{PLACE}",
        ]
        subprocess.run([*install, package], env=environment, check=True, timeout=600)
        lock = json.loads((PLACE / "package-lock.json").read_text())["packages"]
        integrity = lock[f"node_modules/@restatedev/restate-server-{PLATFORM}"]["integrity"]
        if integrity != INTEGRITY[PLATFORM]:
            shutil.rmtree(PLACE)
            raise RuntimeError(f"{package} is not what it was: {integrity}")
    program = found()
    if program is None:
        raise RuntimeError("There is no restate-server, and none could be installed. Set FSM_RESTATE to one.")
    subprocess.run([program, "--version"], check=True, timeout=60, stdout=subprocess.DEVNULL)


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass
class Node:
    """One server."""

    folder: Path
    ingress: int
    admin: int
    node: int
    name: str = "n1"
    more: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers. Raises RuntimeError."""
        program = found()
        if program is None:
            raise RuntimeError("restate-server is not installed: python -m tests.restate")
        environment = os.environ | {
            "RESTATE_DISABLE_TELEMETRY": "true",
            "RESTATE_DEFAULT_NUM_PARTITIONS": "4",
            "RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE": "256MB",
            "RESTATE_INGRESS__BIND_PORT": str(self.ingress),
            "RESTATE_ADMIN__BIND_PORT": str(self.admin),
            "RESTATE_WORKER__INVOKER__HTTP2_KEEP_ALIVE_INTERVAL": "1s",
            "RESTATE_WORKER__INVOKER__HTTP2_KEEP_ALIVE_TIMEOUT": "1s",
            **self.more,
        }
        listen = ["--listen-mode", "tcp", "--bind-ip", "127.0.0.1", "--bind-port", str(self.node)]
        command = [str(program), "--no-logo", *listen, "--base-dir", str(self.folder), "--node-name", self.name]
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)

    def wait(self) -> None:
        """Wait until it takes messages. Raises RuntimeError."""
        end = time.monotonic() + SECONDS
        while not all(
            _answers(port, path) for port, path in ((self.admin, "/health"), (self.ingress, "/restate/health"))
        ):
            if time.monotonic() > end or (self.process is not None and self.process.poll() is not None):
                raise RuntimeError((self.folder / f"{self.name}.log").read_text()[-2000:])
            time.sleep(0.05)

    def kill(self) -> None:
        """End it at once, with all that it has begun."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            self.process = None


def _answers(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def running() -> Iterator[Node]:
    """A server that lives as long as the tests; where there is none, CI fails and others skip."""
    if found() is None and not os.environ.get("CI"):
        pytest.skip("there is no Restate server here: python -m tests.restate installs it")
    ingress, admin, node = free_ports(3)
    with tempfile.TemporaryDirectory(prefix="fsm-restate-", ignore_cleanup_errors=True) as folder:
        server = Node(Path(folder), ingress, admin, node)
        server.start()
        try:
            server.wait()
            yield server
        finally:
            server.kill()


if __name__ == "__main__":
    provide()
