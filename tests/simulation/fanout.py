"""The life of a fan-out: five items, two at a time, of which one is slow and one fails; an edge goes on without it.

python -m tests.simulation.fanout FOLDER FIRST EVERY    a line of JSON for each life, the first undisturbed
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Protocol

import anyio
import anyio.lowlevel

from fsm import Context, Done, Event, Failed, Final, Orchestrator, State, StateMachine, edge, invoke, output
from persistence import SQLStore
from tests.simulation.mortal import Ledger, Reaper, live_everywhere


class Begin(Event): ...


class Words(Context):
    words: list[str] = ["one", "two", "three", "bad", "five"]
    found: list[str] = []


class Office(Protocol):
    async def read(self, word: str) -> str: ...
    async def note(self, what: str) -> int: ...


class Reader(StateMachine[Words, Begin, list[str]]):
    """Reads every word, and counts equal notes."""

    office: Office

    class Idle(State, initial=True): ...

    class Reading(State): ...

    class Again(State): ...

    class Read(Final): ...

    begin = edge(Begin, Idle, to=Reading)

    @invoke(Reading, each=lambda self: self.ctx.words, limit=2, failures="keep")
    async def read(self, word: str) -> str:
        text = await self.office.read(word)
        return f"{text}{await self.office.note('equal')}"

    @read.done(to=Again)
    def keep(self, ev: Done[list[Done[str] | Failed]]) -> None:
        self.ctx.found = [one.error.message if isinstance(one, Failed) else one.data for one in ev.data]

    @invoke(Again, each=lambda self: self.ctx.words, limit=1, join=2)
    async def some(self, word: str) -> str:
        return await self.office.read(word)

    @some.done(to=Read)
    def more(self, ev: Done[list[str]]) -> None:
        self.ctx.found += ev.data

    @output(Read)
    def told(self) -> list[str]:
        return self.ctx.found


class Clerks:
    """The office; it reads slowly now and then."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def read(self, word: str) -> str:
        """Read a word."""
        for _ in range(len(word) % 3):
            await anyio.lowlevel.checkpoint()
        self._ledger.work(word)
        if word == "bad":
            raise LookupError("not a word")
        return word.upper()

    async def note(self, what: str) -> int:
        """Write down."""
        self._ledger.work(what)
        return len(what)


async def life(folder: Path, reaper: Reaper) -> Any:
    """What a client does, and how it ends."""
    store = SQLStore(folder / "fsm.db", synchronous="NORMAL")
    with anyio.fail_after(10):
        async with Orchestrator(store, [Reader], {Office: Clerks(Ledger(folder / "ledger", reaper))}) as orchestrator:
            reader = await orchestrator.start(Reader, id="A-1")
            await reader.send(Begin(), key="begin")
            result, journal = await reader.result(), await reader.history()
            return [result, len(await orchestrator.incidents(resolved=True))] + [
                [e.seq, e.event, list(e.transitions), sorted(f"{c.method} {c.arguments} {c.answer}" for c in e.calls)]
                for e in journal
            ]


if __name__ == "__main__":
    live_everywhere(life, Path(sys.argv[1]), *map(int, sys.argv[2:]))
