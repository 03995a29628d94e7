"""The life of a family: a parent with two children, one that answers and one that is cancelled, and a peer to write to.

    python -m tests.simulation.family FOLDER FIRST EVERY PAIRS    a line of JSON for each life, the first undisturbed

It dies at every place, one of so many from the first on; or, with pairs, in so many lives at two places each, sampled.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any, Protocol

import anyio

from fsm import (
    Context,
    Done,
    Event,
    Final,
    Orchestrator,
    State,
    StateMachine,
    after,
    edge,
    invoke,
    on,
    on_enter,
    output,
)
from persistence import SQLStore
from tests.simulation.mortal import Death, Ledger, Reaper, live, places


class Begin(Event): ...


class Packed(Event): ...


class Ask(Event):
    who: str


class Answer(Event): ...


class Leave(Event): ...


class Remark(Event): ...


class Said(Context):
    log: list[str] = []


class Office(Protocol):
    async def note(self, what: str) -> str: ...


class Child(StateMachine[Said, Packed, str]):
    office: Office

    class Open(State, initial=True): ...

    class Resting(State): ...

    class Closed(Final): ...

    @on_enter(Open)
    async def begin(self) -> None:
        self.ctx.log.append(await self.office.note(f"{self.id} begins"))

    pack = edge(Packed, Open, to=Resting)

    @after("5ms", Resting, to=Closed)
    async def close(self) -> None:
        self.ctx.log.append(await self.office.note(f"{self.id} closes"))

    @output(Closed)
    def said(self) -> str:
        return self.ctx.log[-1]


class Peer(StateMachine[Said, Ask | Remark]):
    office: Office

    class Here(State, initial=True): ...

    @on(Ask, Here)
    async def answer(self, ev: Ask) -> None:
        self.ctx.log.append(await self.office.note(f"asked by {ev.who}"))
        self.send(Answer(), to=ev.who)
        self.send(Remark(), delay="5ms")

    @on(Remark, Here)
    def remark(self) -> None:
        self.ctx.log.append("remark")


class Parent(StateMachine[Said, Begin | Packed | Answer | Leave, str]):
    office: Office

    class Idle(State, initial=True): ...

    class Caring(State): ...

    class Telling(State): ...

    class Again(State): ...

    class Ended(Final): ...

    begin = edge(Begin, Idle, to=Caring)

    @invoke(Caring, machine=Child, forward=[Packed])
    def first(self) -> Said:
        return Said(log=[f"child of {self.id}"])

    @first.done(to=Telling)
    async def proud(self, ev: Done[str]) -> None:
        self.ctx.log.append(await self.office.note(f"heard {ev.data}"))
        self.send(Ask(who=self.id), to="P-1")

    answered = edge(Answer, Telling, to=Again)

    @invoke(Again, machine=Child)
    def second(self) -> None: ...

    more = second.done(to=Idle)

    @on(Leave, Again, to=Ended)
    async def end(self) -> None:
        self.ctx.log.append(await self.office.note("left"))

    @output(Ended)
    def said(self) -> str:
        return self.ctx.log[-1]


class Clerks:
    """The office."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def note(self, what: str) -> str:
        """Write down."""
        self._ledger.work(what)
        return what.upper()


async def life(folder: Path, reaper: Reaper) -> Any:
    """What a client does, and how all of the family end."""
    store = SQLStore(folder / "fsm.db", synchronous="NORMAL")
    services = {Office: Clerks(Ledger(folder / "ledger", reaper))}
    with anyio.fail_after(10):
        async with Orchestrator(store, [Parent, Peer], services) as orchestrator:
            peer = await orchestrator.start(Peer, id="P-1")
            parent = await orchestrator.start(Parent, id="A-1")
            await parent.send(Begin(), key="begin")
            await _until(lambda: _journal_of(orchestrator, "A-1/first.1", 1))
            await parent.send(Packed(), key="packed")
            await _until(lambda: _journal_of(orchestrator, "A-1/second.2", 1))
            await parent.send(Leave(), key="leave")
            result = await parent.result()
            await _until(lambda: _journal_of(orchestrator, "A-1/second.2", 2))
            await _until(lambda: _journal_of(orchestrator, peer.id, 3))
            return {"result": result, "incidents": len(await orchestrator.incidents(resolved=True))} | {
                found.id: await _told(orchestrator, found.id) for found in await orchestrator.find()
            }


async def _told(orchestrator: Orchestrator, id: str) -> Any:
    instance = orchestrator.get(id)
    snapshot, journal = await instance.snapshot(), await instance.history()
    return [
        snapshot.status,
        sorted(snapshot.configuration),
        snapshot.context.model_dump(),
        [len(snapshot.timers), len(snapshot.invokes)],
        [[e.seq, e.event, list(e.transitions), sorted(c.method for c in e.calls)] for e in journal],
    ]


async def _journal_of(orchestrator: Orchestrator, id: str, turns: int) -> bool:
    return len(await orchestrator.store.history(id)) >= turns


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    while not await holds():
        await anyio.sleep(0.002)


def main(folder: Path, first: int, every: int, pairs: int) -> None:
    """The undisturbed life, then those with a death."""

    def lived(*deaths: Death) -> dict[str, int]:
        name = "-".join(f"{kind}{number}" for kind, number in deaths) or "whole"
        (folder / name).mkdir(parents=True)
        made = live(life, folder / name, deaths)
        print(json.dumps({"deaths_wanted": deaths, **asdict(made)}), flush=True)
        return made.counts

    (folder / "before").mkdir(parents=True)
    anyio.run(life, folder / "before", Reaper(None))  # what is compiled and cached now need not be in every life
    all_places = places(lived(), "boundary", "call", "called")
    chance = random.Random(7)
    sampled: list[tuple[Death, ...]] = chance.sample(list(product(all_places, repeat=2)), pairs)
    every_one: list[tuple[Death, ...]] = [(place,) for place in all_places]
    for deaths in (sampled or every_one)[first::every]:
        lived(*deaths)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
