"""The life of an order with three done steps that compensates; one undo fails, and is tried again in a second stay.

python -m tests.simulation.saga FOLDER FIRST EVERY    a line of JSON for each life, the first undisturbed
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import anyio

from fsm import Context, Done, Event, Failed, Final, Orchestrator, State, StateMachine, edge, invoke, on, output
from fsm.saga import compensate
from persistence import SQLStore
from tests.simulation.mortal import Ledger, Reaper, live_everywhere


class Pack(Event):
    what: str


class Cancel(Event): ...


class Again(Event): ...


class OrderData(Context):
    left: list[str] = []
    undone: list[str] = []


class Office(Protocol):
    async def do(self, what: str) -> str: ...
    async def undo(self, what: str) -> str: ...


class Order(StateMachine[OrderData, Pack | Cancel | Again, list[str]]):
    """Reserves, charges and packs; then everything is taken back."""

    office: Office

    class Reserving(State, initial=True): ...

    class Charging(State): ...

    class Open(State): ...

    class Undoing(State): ...

    class Stuck(State): ...

    class Cancelled(Final): ...

    @invoke(Reserving)
    async def reserve(self) -> str:
        return await self.office.do("reserve")

    reserved = reserve.done(to=Charging)

    @reserve.undo
    async def release(self, answer: str) -> None:
        await self.office.undo(f"release {answer}")
        await self.office.undo("note")

    @invoke(Charging)
    async def charge(self) -> str:
        return await self.office.do("charge")

    charged = charge.done(to=Open)

    @charge.undo
    async def refund(self, answer: str) -> None:
        await self.office.undo("note")
        await self.office.undo(f"refund {answer}")

    @on(Pack, Open)
    async def pack(self, ev: Pack) -> None:
        await self.office.do(f"pack {ev.what}")

    @pack.undo
    async def unpack(self, ev: Pack) -> None:
        await self.office.undo(f"unpack {ev.what}")

    cancel = edge(Cancel, Open, to=Undoing)
    undone = compensate(Undoing)

    @undone.done(to=Cancelled)
    def keep(self, ev: Done[list[str]]) -> None:
        self.ctx.undone = ev.data

    @undone.failed(to=Stuck)
    def stuck(self, ev: Failed) -> None:
        self.ctx.left = [one["name"] for one in ev.error.data]

    again = edge(Again, Stuck, to=Undoing)

    @output(Cancelled)
    def told(self) -> list[str]:
        return [*self.ctx.left, "then", *self.ctx.undone]


class Clerks:
    """The office, which refunds nothing before it is opened."""

    def __init__(self, ledger: Ledger, opened: Path) -> None:
        self._ledger, self._opened = ledger, opened

    async def do(self, what: str) -> str:
        """Do something."""
        self._ledger.work(what)
        return what.upper()

    async def undo(self, what: str) -> str:
        """Take it back."""
        self._ledger.work(what)
        if what == "refund CHARGE" and not self._opened.exists():
            raise LookupError("not today")
        return what


async def life(folder: Path, reaper: Reaper) -> Any:
    """What a client does, and how it ends."""
    store, opened = SQLStore(folder / "fsm.db", synchronous="NORMAL"), folder / "opened"
    with anyio.fail_after(10):
        clerks = Clerks(Ledger(folder / "ledger", reaper), opened)
        async with Orchestrator(store, [Order], {Office: clerks}) as orchestrator:
            order = await orchestrator.start(Order, id="A-1")
            journal: list[Any] = []

            async def reached(turns: int) -> None:
                await until(lambda: len(journal) >= turns, order, journal)

            await reached(3)
            await order.send(Pack(what="hat"), key="hat")
            await order.send(Cancel(), key="cancel")
            await reached(6)
            opened.touch()
            await order.send(Again(), key="again")
            result, found, snapshot = await order.result(), await order.history(), await order.snapshot()
            return [result, len(await orchestrator.incidents(resolved=True)), len(snapshot.deeds)] + [
                [e.seq, e.event, list(e.transitions), [f"{c.method} {c.arguments} {c.answer}" for c in e.calls]]
                for e in found
            ]


async def until(holds: Callable[[], bool], order: Any, journal: list[Any]) -> None:
    """Wait for so many turns."""
    while not holds():
        await anyio.sleep(0.002)
        journal[:] = await order.history()


if __name__ == "__main__":
    live_everywhere(life, Path(sys.argv[1]), *map(int, sys.argv[2:]))
