"""`fsm health`: which workers are alive, and whether work waits for longer than it should."""

from __future__ import annotations

from dataclasses import asdict

from fsm.command import screen
from fsm.command.reading import reading
from fsm.ports.sharing import Worker
from fsm.ports.store import Status
from persistence.backlog import Backlog, backlog

PARKED_MAX = 1_000
"""Parked instances that are counted; there may be more."""


async def health(url: str, *, max_lag: float | None, as_json: bool) -> int:
    """Tell how the workers of a store are; 1 when something is wrong, else 0."""
    async with reading(url) as store:
        now, workers, waiting = await store.now(), await store.workers(), await backlog(store)
        parked = len(await store.find(statuses=[Status.PARKED], limit=PARKED_MAX))
    alive = [worker for worker in workers if worker.is_alive(now)]
    wrong = problems(alive, waiting, max_lag)
    if as_json:
        known = [{**asdict(w), "beat": screen.moment(w.beat), "alive": w in alive} for w in workers]
        screen.emit({"healthy": not wrong, "problems": wrong, "workers": known, **asdict(waiting), "parked": parked})
        return int(bool(wrong))
    screen.table(
        ("WORKER", "", "LAST BEAT", "INSTANCES"),
        [(w.id, "alive" if w in alive else "dead", screen.ago(w.beat), str(w.claims)) for w in workers],
    )
    lag = f"{waiting.instances:,}, for {screen.span(waiting.lag)}" if waiting.instances else "none"
    print(f"waiting    {lag}")
    print(f"parked     {parked:,}{'+' if parked == PARKED_MAX else ''}")
    print("\n".join(f"wrong      {text}" for text in wrong) or "healthy")
    return int(bool(wrong))


def problems(alive: list[Worker], waiting: Backlog, max_lag: float | None) -> list[str]:
    """What is wrong.

    >>> problems([], Backlog(2, 90.0), max_lag=60)
    ['work waits and no worker is alive', 'the oldest work waits for 90 s, more than 60 s']
    """
    found = []
    if waiting.instances and not alive:
        found.append("work waits and no worker is alive")
    if max_lag is not None and waiting.lag > max_lag:
        found.append(f"the oldest work waits for {waiting.lag:.0f} s, more than {max_lag:g} s")
    return found
