"""Methods that compute run in processes of their own, which may die or be given up."""

from __future__ import annotations

import os
import signal
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
