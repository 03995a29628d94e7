"""A real NATS server with JetStream, on a free port of the loopback, that can be killed and started again."""

from __future__ import annotations

import json
import subprocess
import sysconfig
import time
from pathlib import Path
from urllib.parse import urlsplit


class Natsd:
    """The server of the pinned wheel; its data are in a folder of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, -1
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it takes connections; on the port that it had, if it had one."""
        program = Path(sysconfig.get_path("scripts")) / "nats-server"
        told = self.folder / "ports"
        told.mkdir(exist_ok=True)
        for old in told.iterdir():
            old.unlink()
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [program, "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", self.folder / "data",
                 "--ports_file_dir", told],
                stdout=log,
                stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + 10
        while not (
            found := [text for p in told.glob("*.ports") if (text := p.read_text(encoding="utf-8")).endswith("}")]
        ):
            assert self.process.poll() is None, (self.folder / "log").read_text(encoding="utf-8")
            assert time.monotonic() < deadline, "the NATS server does not start"
            time.sleep(0.01)
        self.port = urlsplit(json.loads(found[0])["nats"][0]).port or 0

    def kill(self) -> None:
        """Kill it, as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
