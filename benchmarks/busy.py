"""A durable step while another task keeps the event loop busy, in chunks of 1 to 8 ms."""

from __future__ import annotations

import tempfile
from itertools import cycle
from pathlib import Path
from time import perf_counter, thread_time

import anyio
from anyio.lowlevel import checkpoint

from benchmarks.durable_side import Steps, ours
from benchmarks.figure import Gate, Outcome, figure, percentile
from benchmarks.race import Effort

CHUNKS = (0.001, 0.005, 0.002, 0.008, 0.003, 0.007, 0.004, 0.006)


def busy(effort: Effort) -> list[Outcome]:
    """99 of 100 steps must be done soon after the chunk that was running."""
    return anyio.run(_busy, effort)


async def _busy(effort: Effort) -> list[Outcome]:
    rounds: list[Steps] = []
    with tempfile.TemporaryDirectory(prefix="fsm-bench-") as folder:
        async with ours(Path(folder) / "busy.db") as our, anyio.create_task_group() as group:
            group.start_soon(_compute)
            for _ in range(effort.fewer):
                rounds.append(await our.single(0.6))
            group.cancel_scope.cancel()
            our.check()
    every = [took for steps in rounds for took in steps]
    sides = {"median": percentile(every, 0.5) * 1e3, "worst": max(every) * 1e3}
    values = [percentile(every, 0.99) * 1e3]
    note = f"{len(every)} steps"
    case = "durable step under a busy loop, NORMAL: p99"
    return [figure(case, values, "ms", Gate(10, 9), sides=sides, side_unit="ms", note=note)]


async def _compute() -> None:
    for seconds in cycle(CHUNKS):
        end = perf_counter() + seconds
        while perf_counter() < end:
            thread_time()
        await checkpoint()
