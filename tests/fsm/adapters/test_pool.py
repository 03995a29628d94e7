"""Methods that compute run in processes of their own, which may die or be given up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Protocol

import anyio
import pytest

from fsm import Context, Done, Final, Orchestrator, State, StateMachine, invoke
from fsm.adapters import in_processes
from fsm.errors import ServiceInvalid
from fsm.service import CurrentCall, Retry, Retryable, call, current_call
from fsm.service.current import serving
from persistence import MemoryStore

pytestmark = pytest.mark.anyio


class Sums(Protocol):
    @call(retry=Retry(3, backoff="1ms"))
    async def add(self, a: int, b: int, marker: str = "") -> tuple[int, int]: ...


class Adder:
    def __init__(self, more: int = 0) -> None:
        self.more = more

    def add(self, a: int, b: int, marker: str = "") -> tuple[int, int]:
        if marker and not os.path.exists(marker):
            Path(marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return a + b + self.more, os.getpid()

    def key(self) -> str:
        return current_call().idempotency_key

    def fail(self) -> None:
        raise LookupError("no such number")

    def hang(self, marker: str) -> None:
        Path(marker).write_text(str(os.getpid()))
        time.sleep(60)


class Odd(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


class Loud:
    """All that could come between a process and its orchestrator."""

    def write(self) -> int:
        os.write(1, b"RETURN 5\nhello")
        return os.system("echo hello; head -c 200000 /dev/zero >&2")

    def read(self) -> str:
        return subprocess.run(["cat"], capture_output=True, check=True).stdout.decode()

    def leave(self) -> None:
        sys.exit(3)

    def fail(self) -> None:
        raise Odd(1, 2)

    def refuse(self) -> None:
        raise Retryable("busy", after="20s", data={"free": 0})


class Waiting:
    async def add(self, a: int, b: int) -> int:
        return a + b


async def test_a_method_runs_in_another_process_with_its_call() -> None:
    pool = in_processes(Adder(100), workers=1)
    (total, process), (_, again) = await pool.add(1, b=2), await pool.add(3, 4)
    assert (total, process == again) == (103, True)
    assert process != os.getpid()
    with serving(CurrentCall("A-1/start", 1, "A-1", "sums", "key")):
        assert await pool.key() == "A-1/start"
    with pytest.raises(LookupError, match="no such number"):
        await pool.fail()


async def test_streams_exits_and_failures_of_a_method_do_not_come_between_a_process_and_its_orchestrator() -> None:
    pool = in_processes(Loud(), workers=1)
    assert (await pool.write(), await pool.read()) == (0, "")
    with pytest.raises(RuntimeError, match="SystemExit: 3"):
        await pool.leave()
    with pytest.raises(RuntimeError, match="Odd: 1 and 2"):
        await pool.fail()
    with pytest.raises(Retryable, match="busy") as busy:
        await pool.refuse()
    assert (busy.value.after, busy.value.data) == (20.0, {"free": 0})


PROGRAM = """
import anyio
from pydantic import BaseModel
from fsm.adapters import in_processes

class Frame(BaseModel):
    number: int

class Encoder:
    def encode(self, frame: Frame) -> Frame:
        return Frame(number=frame.number + 1)

async def main() -> None:
    print(await in_processes(Encoder()).encode(Frame(number=1)))

if __name__ == "__main__":
    anyio.run(main)
"""


def test_what_a_program_defines_in_its_own_file_travels(tmp_path: Path) -> None:
    (tmp_path / "film.py").write_text(PROGRAM)
    done = subprocess.run([sys.executable, str(tmp_path / "film.py")], capture_output=True, text=True, timeout=60)
    # asyncio before 3.13 may warn of a process that was killed and reaped twice (cpython gh-87744).
    assert (done.stdout, done.returncode, "Traceback" in done.stderr) == ("number=2\n", 0, False), done.stderr


async def test_a_process_that_dies_is_retryable(tmp_path: Path) -> None:
    pool = in_processes(Adder())
    with pytest.raises(Retryable, match=r"Adder\.add: its process died"):
        await pool.add(1, 2, str(tmp_path / "killed"))
    assert (await pool.add(1, 2))[0] == 3


async def test_a_call_that_is_given_up_ends_its_process(tmp_path: Path) -> None:
    pool, marker = in_processes(Adder()), tmp_path / "begun"

    async def hang() -> None:
        await pool.hang(str(marker))

    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            group.start_soon(hang)
            while not (marker.exists() and marker.read_text()):
                await anyio.sleep(0.01)
            group.cancel_scope.cancel()
    with pytest.raises(ProcessLookupError):
        os.kill(int(marker.read_text()), 0)


def test_what_is_asynchronous_needs_no_process() -> None:
    with pytest.raises(ServiceInvalid, match=r"Waiting\.add is asynchronous"):
        in_processes(Waiting())


def test_what_cannot_travel_is_refused_before_it_has_to() -> None:
    class Inner:
        def add(self) -> int:
            return 1

    with pytest.raises(ServiceInvalid, match="Inner is of a class inside a function"):
        in_processes(Inner())
    with pytest.raises(ServiceInvalid, match="workers=0 leaves nobody to work"):
        in_processes(Adder(), workers=0)


class Count(Context):
    marker: str = ""
    total: int = 0


class Summing(StateMachine[Count]):
    sums: Sums

    class Adding(State, initial=True): ...

    class Added(Final): ...

    @invoke(Adding)
    async def add(self) -> int:
        return (await self.sums.add(1, 2, self.ctx.marker))[0]

    @add.done(to=Added)
    def keep(self, ev: Done[int]) -> None:
        self.ctx.total = ev.data


async def test_a_machine_outlives_the_process_of_its_service(tmp_path: Path) -> None:
    async with Orchestrator(MemoryStore(), [Summing], {Sums: in_processes(Adder())}) as orchestrator:
        found = await orchestrator.start(Summing, Count(marker=str(tmp_path / "killed")))
        await found.result(timeout=20)
        assert (await found.snapshot()).context.total == 3
