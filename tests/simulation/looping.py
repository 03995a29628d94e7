"""A worker with a machine whose service ends the process, and with others beside it that did nothing wrong."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import Protocol

import anyio

from fsm import Context, Event, Final, Orchestrator, State, StateMachine, on
from fsm.errors import InstanceParked
from persistence import open_store

BESIDE = [f"good-{number}" for number in range(8)]


class Native(Protocol):
    """Code that nobody can catch."""

    async def run(self, what: str) -> str: ...


class Count(Event): ...


class Go(Event): ...


class Seen(Context):
    n: int = 0
    what: str = ""


class Job(StateMachine[Seen, Go | Count]):
    """Counts, and runs native code on the way out."""

    native: Native

    class Waiting(State, initial=True): ...

    class Done(Final): ...

    @on(Count, Waiting)
    def count(self) -> None:
        self.ctx.n += 1

    @on(Go, Waiting, to=Done)
    async def run(self) -> None:
        await self.native.run(self.ctx.what)


class Library:
    """Ends the process for a bomb; in the first life that waits until it is armed, and nothing else is ever done."""

    def __init__(self, *, first: bool) -> None:
        self.first, self.armed = first, anyio.Event()

    async def run(self, what: str) -> str:
        """Kill, or answer."""
        if self.first:
            await self.armed.wait()
        if what == "bomb":
            os.kill(os.getpid(), signal.SIGKILL)
        return what


async def live(url: str, *, first: bool) -> None:
    """One life: the first sends, the culprit's events before all others, so that it is always tried first; every other
    one goes on until the culprit is parked and the others are done."""
    library = Library(first=first)
    async with Orchestrator(open_store(url), [Job], services={Native: library}, lease_seconds=1) as orchestrator:
        if first:
            bad = await orchestrator.start(Job, Seen(what="bomb"), id="bad")
            await bad.send(Count(), wait="accepted")
            await bad.send(Go(), wait="accepted")
            for id in BESIDE:
                job = await orchestrator.start(Job, id=id)
                await job.send(Go(), wait="accepted")
            library.armed.set()
            await anyio.sleep_forever()
        for id in BESIDE:
            await orchestrator.get(id, Job).result()
        with suppress(InstanceParked):
            await orchestrator.get("bad", Job).result()
