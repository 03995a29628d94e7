"""A driver that kills a process, truly, at every commit and in every call of ladders of attempts.

    python -m tests.simulation.ladder FOLDER FIRST EVERY  ─► a line of JSON for each life, the first undisturbed

One instance makes four calls in an invoke: one that fails as often as it may, one that is adjusted, one that falls
back, one that is made once. What happened outside is in a ledger that nobody rolls back.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import anyio

from fsm import Context, Done, Event, Final, Orchestrator, State, StateMachine, invoke, output
from fsm.errors import CallFailed
from fsm.service import Backoff, Retry, call, current_call
from persistence import SQLStore
from tests.simulation.crash import CALLS, COMMITS, DeadlyStore, Reaper, load

BACKOFF, JITTER = Backoff("4ms", factor=2), 0.5


class Busy(Exception):
    """The bank has no time."""


def half(arguments: dict[str, Any], error: CallFailed, attempt: int) -> dict[str, Any]:
    """Half as much."""
    return {"amount": arguments["amount"] // 2}


class Spare(Protocol):
    async def spare(self, amount: int) -> int: ...


class Bank(Protocol):
    @call(retry=Retry(3, backoff=BACKOFF, jitter=JITTER))
    async def failing(self, amount: int) -> int: ...

    @call(retry=Retry(5, backoff=BACKOFF, jitter=JITTER), adjust=half)
    async def adjusted(self, amount: int) -> int: ...

    @call(retry=Retry(2, backoff=BACKOFF, jitter=JITTER), fallback=Spare.spare)
    async def backed(self, amount: int) -> int: ...

    @call(once=True)
    async def once(self, amount: int) -> int: ...


class Never(Event): ...


class Told(Context):
    said: list[str] = []


class Case(StateMachine[Told, Never, list[str]]):
    """Makes every call, one after the other."""

    bank: Bank

    class Out(State, initial=True): ...

    class Back(Final): ...

    @invoke(Out)
    async def run(self) -> list[str]:
        said = []
        for method in ("failing", "adjusted", "backed", "once"):
            try:
                said.append(str(await getattr(self.bank, method)(8)))
            except CallFailed as problem:
                said.append(problem.kind)
        return said

    @run.done(to=Back)
    def keep(self, ev: Done[list[str]]) -> None:
        self.ctx.said = ev.data

    @output(Back)
    def told(self) -> list[str]:
        return self.ctx.said


class Teller:
    """The bank and its spare; what they did stands in the ledger."""

    def __init__(self, ledger: Path, reaper: Reaper) -> None:
        self._ledger = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._reaper = reaper

    def _work(self, amount: int) -> None:
        now, number = current_call(), self._reaper.count("call")
        line = {"method": now.method, "amount": amount, "key": now.idempotency_key, "attempt": now.attempt}
        os.write(self._ledger, json.dumps({"at": "begun", **line}).encode() + b"\n")
        self._reaper.die("begun", number)
        os.write(self._ledger, json.dumps({"at": "ended", **line}).encode() + b"\n")
        self._reaper.die("ended", number)

    async def failing(self, amount: int) -> int:
        self._work(amount)
        raise Busy

    async def adjusted(self, amount: int) -> int:
        self._work(amount)
        if amount > 2:
            raise Busy
        return amount

    async def backed(self, amount: int) -> int:
        self._work(amount)
        raise Busy

    async def spare(self, amount: int) -> int:
        self._work(amount)
        return -amount

    async def once(self, amount: int) -> int:
        self._work(amount)
        return 1


async def live(folder: Path, reaper: Reaper) -> None:
    """One life of the worker; it does not ask whether it is the first."""
    teller = Teller(folder / "ledger", reaper)
    store = DeadlyStore(folder / "fsm.db", reaper)
    with anyio.fail_after(10):
        async with Orchestrator(store, [Case], {Bank: teller, Spare: teller}) as orchestrator:
            case = await orchestrator.start(Case, id="A-1")
            result = await case.result(timeout=5)
            parked = len(await orchestrator.incidents(resolved=True))
    told = {"result": result, "counts": reaper.counts, "parked": parked}
    (folder / "told").write_text(json.dumps(told))


def run(folder: Path, place: str, number: int) -> dict[str, Any]:
    """Let the case live, kill it, and let it live on until it has ended."""
    folder.mkdir(parents=True)
    deaths = 0
    while (code := _fork(folder, Reaper(place if deaths == 0 else "never", number))) == -signal.SIGKILL:
        deaths += 1
    told = json.loads((folder / "told").read_text()) if (folder / "told").exists() else {}
    ledger = [json.loads(line) for line in (folder / "ledger").read_text().splitlines()]
    rows = [asdict(row) for row in anyio.run(_rows, folder / "fsm.db")]
    return {"place": f"{place} {number}", "deaths": deaths, "code": code, **told, "ledger": ledger, "rows": rows}


async def _rows(path: Path) -> list[Any]:
    store = SQLStore(path)
    await store.open(owner=False)
    try:
        return await store.attempts("A-1")
    finally:
        await store.close()


def _fork(folder: Path, reaper: Reaper) -> int:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        anyio.run(live, folder, reaper)
    except BaseException as problem:
        print(problem, file=sys.stderr)
        os._exit(1)
    os._exit(0)


def main(folder: str, first: str, every: str) -> None:
    """Kill at one of so many places, from the first one on."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    anyio.run(load, Path(folder) / "before.db")
    whole = run(Path(folder) / "whole", "never", 0)
    print(json.dumps(whole), flush=True)
    counts = whole["counts"]
    places = [(place, n + 1) for place in COMMITS for n in range(counts["commit"])]
    places += [(place, n + 1) for place in CALLS for n in range(counts["call"])]
    for place, number in places[int(first) :: int(every)]:
        print(json.dumps(run(Path(folder) / f"{place}-{number}", place, number)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
