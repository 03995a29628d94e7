"""A worker whose schedules come due while it is killed, before and after every transaction.

python -m tests.simulation.scheduled FOLDER       a line of JSON for each life, the first undisturbed
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anyio

from fsm import Instance, Orchestrator
from fsm.schedule import Schedule
from persistence import SQLStore
from tests.fsm.runtime.desk import Add, Clock, Counter, Tally, until_async
from tests.simulation.mortal import Reaper, live, places

HOURLY = Schedule("hourly", every="1h", start=Counter, data=lambda due: Tally(n=due.hour), missed="all")
BEAT = Schedule("beat", every="1h", send=("a", Add()), missed="all")
HOURS = 3


async def scheduled(folder: Path, reaper: Reaper) -> Any:
    """Three hours go by; what was started and what was sent."""
    clock = Clock(0.0)
    store = SQLStore(folder / "fsm.db", synchronous="NORMAL")
    async with Orchestrator(store, [Counter], schedules=[HOURLY, BEAT], clock=clock) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        clock.now = HOURS * 3600.0
        orchestrator.schedules.notice()

        async def done() -> bool:
            found = await orchestrator.find()
            return len(found) == HOURS + 1 and all(one.seq > 0 for one in found) and await _sent(counter)

        await until_async(done)
        rows = [(row.name, row.next.timestamp(), row.said) for row in await orchestrator.schedules.list()]
        return [rows, [await _lived(orchestrator.get(one.id)) for one in await orchestrator.find()]]


async def _sent(counter: Instance[Any, Any, Any]) -> bool:
    return bool((await counter.snapshot()).context.n >= HOURS)


async def _lived(instance: Instance[Any, Any, Any]) -> list[Any]:
    return [instance.id, (await instance.snapshot()).context.n, [entry.event for entry in await instance.history()]]


def main(folder: Path) -> None:
    """The undisturbed life, then one for each place to die."""
    (folder / "warm").mkdir()
    anyio.run(scheduled, folder / "warm", Reaper(None))  # what is loaded and compiled now need not be in every life
    (folder / "0").mkdir()
    whole = live(scheduled, folder / "0")
    print(json.dumps(asdict(whole)), flush=True)
    for number, death in enumerate(places(whole.counts, "boundary"), 1):
        (folder / str(number)).mkdir()
        print(json.dumps(asdict(live(scheduled, folder / str(number), [death]))), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
