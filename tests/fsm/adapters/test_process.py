"""One run of a program: nothing of it is left, whatever way the call ended."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import anyio
import pytest

from fsm.adapters.process import OutputTooLong, run

pytestmark = pytest.mark.anyio

FAMILY = """
import os, signal, subprocess, sys, time
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
with open(sys.argv[1] + ".new", "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
os.rename(sys.argv[1] + ".new", sys.argv[1])
if "gone" in sys.argv:
    sys.exit(0)
if "flood" in sys.argv:
    while True:
        print("x" * 10_000)
time.sleep(60)
"""


async def going(tmp_path: Path, *how: str) -> None:
    await run(
        [sys.executable, "-S", "-c", FAMILY, str(tmp_path / "pids"), *how],
        fed=None,
        environment={},
        folder=None,
        output_bytes_max=100_000,
    )


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z" or os.getppid() == pid


async def all_gone(tmp_path: Path) -> None:
    parent, child = map(int, (tmp_path / "pids").read_text(encoding="utf-8").split())
    with pytest.raises(ChildProcessError):
        os.waitpid(parent, os.WNOHANG)  # noqa: ASYNC222  it was waited for: no zombie is left
    with anyio.fail_after(30):
        while alive(parent) or alive(child):
            await anyio.sleep(0.01)


@pytest.mark.parametrize("how", [[], ["gone"]], ids=["waiting", "leader gone, its child holds the pipe"])
async def test_a_cancelled_call_ends_the_program_and_all_that_it_began(tmp_path: Path, how: list[str]) -> None:
    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            group.start_soon(going, tmp_path, *how)
            while not (tmp_path / "pids").exists():
                await anyio.sleep(0.01)
            group.cancel_scope.cancel()
    await all_gone(tmp_path)


async def test_a_program_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsm.adapters.process.GRACE_SECONDS", 0.05)
    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            group.start_soon(going, tmp_path, "deaf")
            while not (tmp_path / "pids").exists():
                await anyio.sleep(0.01)
            group.cancel_scope.cancel()
    await all_gone(tmp_path)


async def test_a_program_that_floods_is_ended(tmp_path: Path) -> None:
    with anyio.fail_after(20), pytest.raises(OutputTooLong):
        await going(tmp_path, "flood")
    await all_gone(tmp_path)


async def test_what_a_program_reads_writes_and_complains_is_carried_at_once() -> None:
    program = "import sys; d = sys.stdin.read(); sys.stderr.write(d); sys.stdout.write(d); sys.exit(4)"
    with anyio.fail_after(20):
        ran = await run(
            [sys.executable, "-S", "-c", program],
            fed=b"x" * 300_000,
            environment={},
            folder=None,
            output_bytes_max=300_000,
        )
    assert (ran.status, len(ran.output), len(ran.complaint)) == (4, 300_000, 16_384)


async def test_a_signal_is_a_negative_status() -> None:
    program = f"import os; os.kill(os.getpid(), {signal.SIGKILL})"
    ran = await run([sys.executable, "-S", "-c", program], fed=b"", environment={}, folder=None, output_bytes_max=10)
    assert ran.status == -signal.SIGKILL
