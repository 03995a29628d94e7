"""A machine that sends to a full inbox, killed before and after every transaction and around every call.

python -m tests.simulation.crowded FOLDER FIRST EVERY      a line of JSON for each life, the first undisturbed
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import anyio

from fsm import Context, Event, Orchestrator, State, StateMachine, on
from fsm.limits import INBOX_MACHINES_MAX
from fsm.ports.store import Commit, Status, Verdict
from fsm.runtime import holding
from persistence import SQLStore
from tests.simulation.mortal import Ledger, Reaper, live_everywhere

ROOM, PARCELS = 2, 4


class Begin(Event): ...


class Parcel(Event):
    n: int


class Got(Context):
    parcels: list[int] = []


class Office(Protocol):
    async def note(self, what: str) -> str: ...


class Sender(StateMachine[Got, Begin | Parcel]):
    office: Office

    class Here(State, initial=True): ...

    @on(Begin, Here)
    def begin(self) -> None:
        self.send(Parcel(n=1))

    @on(Parcel, Here)
    async def hand_on(self, ev: Parcel) -> None:
        await self.office.note(f"sent {ev.n}")
        self.ctx.parcels.append(ev.n)
        self.send(ev, to="r")
        if ev.n < PARCELS:
            self.send(Parcel(n=ev.n + 1))


class Receiver(StateMachine[Got, Parcel]):
    class Here(State, initial=True): ...

    @on(Parcel, Here)
    def take(self, ev: Parcel) -> None:
        self.ctx.parcels.append(ev.n)


class Clerk:
    """The office."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def note(self, what: str) -> str:
        """Write down."""
        self._ledger.work(what)
        return what


class Narrow(SQLStore):
    """A file with room for a few events."""

    async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
        return await super().commit(self._narrowed(batch))

    def commit_now(self, batch: Sequence[Commit]) -> list[Verdict] | None:
        return super().commit_now(self._narrowed(batch))

    def _narrowed(self, batch: Sequence[Commit]) -> Sequence[Commit]:
        for commit in batch:
            if commit.inbox_max == INBOX_MACHINES_MAX:
                commit.inbox_max = ROOM
        return batch


async def crowded(folder: Path, reaper: Reaper) -> Any:
    """The receiver rests until its inbox is full and its sender waits; what both have done in the end."""
    vars(holding).update(HELD_SECONDS=0.01, HELD_SECONDS_LONGEST=0.01)
    services = {Office: Clerk(Ledger(folder / "ledger", reaper))}
    store = Narrow(folder / "fsm.db", synchronous="NORMAL")
    with anyio.fail_after(10):
        async with Orchestrator(store, [Sender, Receiver], services) as orchestrator:
            receiver = await orchestrator.start(Receiver, id="r")
            sender = await orchestrator.start(Sender, id="s")
            if (await receiver.snapshot()).status == Status.RUNNING and not (await sender.snapshot()).context.parcels:
                await orchestrator.pause("r")
            await sender.send(Begin(), key="begin", wait="accepted")
            while (await receiver.snapshot()).status == Status.PAUSED:
                keeper = await orchestrator._fleet.keepers.find("s")
                if keeper.hold.on:
                    await orchestrator.resume("r")
                await anyio.sleep(0.002)
            while len((await receiver.snapshot()).context.parcels) < PARCELS:
                await anyio.sleep(0.002)
            journals = [[entry.event for entry in await one.history()] for one in (sender, receiver)]
            return [journals, (await receiver.snapshot()).context.parcels, len(await orchestrator.incidents())]


if __name__ == "__main__":
    live_everywhere(crowded, Path(sys.argv[1]), *map(int, sys.argv[2:]))
