"""A driver that lets one order live in forked processes and kills them, truly, at every boundary of its life.

    python -m tests.simulation.crash BACKEND FOLDER FIRST EVERY  ─► a line of JSON for each life, the first undisturbed

A place to die is ("before" | "after", n): the n-th commit, or ("begun" | "ended", n): inside the n-th service call,
before or after its work. The killed process is followed by others that are left in peace, or, with "always", that die
at their own n-th commit, until the order has ended. What happened outside is in a ledger that nobody rolls back.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import anyio
import anyio.lowlevel

from fsm import (
    Context,
    Done,
    Event,
    Final,
    History,
    Instance,
    Orchestrator,
    Parallel,
    State,
    StateMachine,
    after,
    all_done,
    edge,
    guard,
    invoke,
    on,
    on_enter,
    output,
)
from fsm.ports.store import Commit, Verdict
from fsm.service import current_call
from persistence import SQLStore

RESTARTS_MAX = 80
COMMITS = ("before", "after")
CALLS = ("begun", "ended")


class Pay(Event):
    amount: int


class Hold(Event): ...


class Back(Event): ...


class Packed(Event): ...


class OrderData(Context):
    log: list[str] = []
    total: int = 0


class Office(Protocol):
    async def greet(self, who: str) -> str: ...
    async def check(self, amount: int) -> bool: ...
    async def note(self, what: str) -> str: ...
    async def reserve(self, amount: int) -> int: ...
    async def charge(self, amount: int) -> int: ...


class Order(StateMachine[OrderData, Pay | Hold | Back | Packed, int]):
    """An order with everything that a crash could harm."""

    office: Office

    class Open(State, initial=True): ...

    class Paying(State): ...

    class Fulfil(Parallel):
        class Pack(State):
            class Waiting(State, initial=True): ...

            class Ready(Final): ...

        class Bill(State):
            class Unsent(State, initial=True): ...

            class Sent(Final): ...

        class Last(History, deep=True): ...

    class Held(State): ...

    class Shipped(Final): ...

    @output(Shipped)
    def bill(self) -> int:
        return self.ctx.total

    @on_enter(Open)
    async def greet(self) -> None:
        self.ctx.log.append(await self.office.greet("you"))

    @guard
    async def sound(self, ev: Pay) -> bool:
        return await self.office.check(ev.amount)

    @on(Pay, Open, to=Paying, when=sound)
    async def remember(self, ev: Pay) -> None:
        first, second = await self.gather(self.office.note("one"), self.office.note("two"))
        self.ctx.log += [first, second]
        self.ctx.total = ev.amount

    @invoke(Paying)
    async def charge(self) -> int:
        reserved = await self.office.reserve(self.ctx.total)
        return reserved + await self.office.charge(self.ctx.total)

    @charge.done(to=Fulfil)
    async def keep(self, ev: Done[int]) -> None:
        self.ctx.total += ev.data
        self.ctx.log.append(await self.office.note("paid"))

    @after("5ms", Fulfil.Bill.Unsent, to=Fulfil.Bill.Sent)
    async def billed(self) -> None:
        self.ctx.log.append(await self.office.note("billed"))

    hold = edge(Hold, Fulfil, to=Held)
    back = edge(Back, Held, to=Fulfil.Last)
    packed = edge(Packed, Fulfil.Pack.Waiting, to=Fulfil.Pack.Ready)

    @all_done(Fulfil, to=Shipped)
    async def ship(self) -> None:
        self.ctx.log.append(await self.office.note("shipped"))


# ---- one life


class Reaper:
    """Counts what happens and kills the process at its place."""

    def __init__(self, place: str, number: int) -> None:
        self.place, self.number = place, number
        self.counts = {"commit": 0, "call": 0}

    def count(self, what: str) -> int:
        self.counts[what] += 1
        return self.counts[what]

    def die(self, place: str, number: int) -> None:
        if (place, number) == (self.place, self.number):
            os.kill(os.getpid(), signal.SIGKILL)


class DeadlyStore(SQLStore):
    """A store in whose commits the process may die."""

    def __init__(self, path: Path, reaper: Reaper) -> None:
        super().__init__(path, synchronous="NORMAL")
        self.reaper = reaper

    def commit_now(self, batch: Sequence[Commit]) -> list[Verdict] | None:
        self.reaper.die("before", self.reaper.counts["commit"] + 1)
        verdicts = super().commit_now(batch)
        if verdicts is not None:
            self.reaper.die("after", self.reaper.count("commit"))
        return verdicts

    async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
        number = self.reaper.count("commit")
        self.reaper.die("before", number)
        verdicts = await super().commit(batch)
        self.reaper.die("after", number)
        return verdicts


class Clerks:
    """The office; what it did stands in the ledger."""

    def __init__(self, ledger: Path, reaper: Reaper) -> None:
        self.ledger = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.reaper = reaper

    def _work(self, what: str) -> None:
        call, number = current_call(), self.reaper.count("call")
        line = {
            "what": f"{call.method} {what}",
            "key": call.idempotency_key,
            "attempt": call.attempt,
            "pid": os.getpid(),
        }
        os.write(self.ledger, json.dumps({"at": "begun", **line}).encode() + b"\n")
        self.reaper.die("begun", number)
        os.write(self.ledger, json.dumps({"at": "ended", **line}).encode() + b"\n")
        self.reaper.die("ended", number)

    async def greet(self, who: str) -> str:
        self._work(who)
        return f"hello {who}"

    async def check(self, amount: int) -> bool:
        await anyio.lowlevel.checkpoint()
        self._work(str(amount))
        return True

    async def note(self, what: str) -> str:
        self._work(what)
        await anyio.lowlevel.checkpoint()
        return what

    async def reserve(self, amount: int) -> int:
        self._work(str(amount))
        return 1

    def charge(self, amount: int) -> int:
        self._work(str(amount))
        return 2


async def live(folder: Path, reaper: Reaper, evict: bool) -> None:
    """What a client does, from the beginning, however often that was done before."""
    clerks = Clerks(folder / "ledger", reaper)
    store = DeadlyStore(folder / "fsm.db", reaper)
    with anyio.fail_after(10):
        async with Orchestrator(store, machines=[Order], services={Office: clerks}) as orchestrator:

            async def forget() -> None:
                fleet = orchestrator._fleet
                for keeper in [k for k in fleet.keepers if evict and k.idle]:
                    keeper.gone = True
                    keeper.tell()
                    fleet.keepers.forget(keeper)

            order = await orchestrator.start(Order, OrderData(), id="A-1")
            await forget()
            await order.send(Pay(amount=30), key="pay")
            await taken(order, "billed", forget)
            await order.send(Hold(), key="hold")
            await forget()
            await order.send(Back(), key="back")
            await forget()
            await order.send(Packed(), key="packed")
            await forget()
            result = await order.result(timeout=5)
            snapshot = await order.snapshot()
            told = {
                "result": result,
                "status": snapshot.status,
                "configuration": sorted(snapshot.configuration),
                "context": snapshot.context.model_dump(),
                "seq": snapshot.seq,
                "histories": str(snapshot.histories),
                "timers": len(snapshot.timers),
                "invokes": len(snapshot.invokes),
                "incidents": [i.message for i in await orchestrator.incidents(resolved=True)],
                "journal": [
                    [e.seq, e.event, list(e.transitions), sorted(e.configuration), sorted(c.method for c in e.calls)]
                    for e in await order.history()
                ],
                "counts": reaper.counts,
            }
    (folder / "told").write_text(json.dumps(told))


async def taken(order: Instance[Any, Any, Any], transition: str, meanwhile: Any) -> None:
    """Wait until a transition stands in the journal."""
    while not any(transition in e.transitions for e in await order.history()):
        await anyio.sleep(0.001)
        await meanwhile()


# ---- many lives


def run(
    backend: str, folder: Path, place: str, number: int, *, always: bool = False, evict: bool = False
) -> dict[str, Any]:
    """Let an order live, kill it, and let it live on until it has ended."""
    folder.mkdir(parents=True)
    deaths, repeated, before = 0, [], set[str]()
    for life in range(RESTARTS_MAX):
        reaper = Reaper(place if life == 0 or always else "never", number)
        code = fork(backend, folder, reaper, evict)
        lines = ledger(folder)
        repeated += [line for line in lines if line["life"] is None and line["key"] in before]
        before = recorded(folder)
        (folder / f"ledger-{life}").write_text((folder / "ledger").read_text() if (folder / "ledger").exists() else "")
        (folder / "ledger").unlink(missing_ok=True)
        if code != -signal.SIGKILL:
            break
        deaths += 1
    parts = sorted(folder.glob("ledger-*"), key=lambda p: int(p.name.partition("-")[2]))
    lines = [json.loads(line) | {"life": n} for n, part in enumerate(parts) for line in part.read_text().splitlines()]
    told = json.loads((folder / "told").read_text()) if (folder / "told").exists() else {}
    return {
        "place": f"{'always ' if always else ''}{place} {number}{' evicting' if evict else ''}",
        "backend": backend,
        "deaths": deaths,
        "code": code,
        "error": (folder / "error").read_text() if (folder / "error").exists() else "",
        "told": told,
        "ledger": lines,
        "repeated": [line["what"] for line in repeated],
    }


def ledger(folder: Path) -> list[dict[str, Any]]:
    """What the last life did outside."""
    path = folder / "ledger"
    return [json.loads(t) | {"life": None} for t in path.read_text().splitlines()] if path.exists() else []


def recorded(folder: Path) -> set[str]:
    """The idempotency keys of the calls whose answers the store has."""
    if not (folder / "fsm.db").exists():
        return set()
    with sqlite3.connect(folder / "fsm.db") as database:
        try:
            rows = database.execute("SELECT instance, cause, method, digest, k FROM call").fetchall()
        except sqlite3.OperationalError:
            rows = []
    database.close()
    return {":".join(map(str, row)) for row in rows}


def fork(backend: str, folder: Path, reaper: Reaper, evict: bool) -> int:
    """One life in a process of its own; its exit code, negative for a signal."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            anyio.run(live, folder, reaper, evict, backend=backend)
            code = 0
        except BaseException as problem:
            (folder / "error").write_text(f"{type(problem).__name__}: {problem!r} {getattr(problem, 'exceptions', '')}")
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


async def load(file: Path) -> None:
    """Load and compile now what otherwise every life would."""
    store = SQLStore(file)
    await store.open(owner=True)
    await store.close()


def main(backend: str, folder: Path, first: int, every: int) -> None:
    """The places to die from the first on, one of so many; several drivers share them, for a life is mostly waiting."""
    folder.mkdir(parents=True, exist_ok=True)
    anyio.run(load, folder / "before.db", backend=backend)
    whole = run(backend, folder / "whole", "never", 0)
    print(json.dumps(whole), flush=True)
    counts = whole["told"]["counts"]
    places = [(p, n) for n in range(1, counts["commit"] + 1) for p in COMMITS]
    places += [(p, n) for n in range(1, counts["call"] + 1) for p in CALLS]
    for place, number in places[first::every]:
        print(json.dumps(run(backend, folder / f"{place}-{number}", place, number)), flush=True)
    if first == 0:
        for number in (1, 4):
            print(json.dumps(run(backend, folder / f"always-{number}", "after", number, always=True)), flush=True)
        print(json.dumps(run(backend, folder / "evicting", "never", 0, evict=True)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
