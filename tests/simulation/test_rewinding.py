"""Rewinding and forking in processes that are killed at every boundary: in the end each has happened once, whole."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any, Protocol

import anyio
import pytest

from fsm import Context, Done, Event, Final, Orchestrator, State, StateMachine, after, edge, invoke, output
from persistence import SQLStore
from tests.simulation.mortal import Ledger, Reaper, live, places

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="lives are led in forked processes")


class Go(Event):
    """To work."""


class Back(Event):
    """Away from it."""


class Told(Context):
    """What was learnt."""

    heard: list[str] = []


class Office(Protocol):
    async def ask(self, what: str) -> str: ...


class Helper(StateMachine[Context, Go, str]):
    """Answers by itself."""

    class Here(State, initial=True): ...

    class End(Final): ...

    @output(End)
    def said(self) -> str:
        return "helped"

    soon = after("10ms", Here, to=End)


class Job(StateMachine[Told, Go | Back, list[str]]):
    """Works twice: with a service, then with a helper."""

    office: Office

    class Idle(State, initial=True): ...

    class Asking(State): ...

    class Helped(State): ...

    class End(Final): ...

    class Late(Final): ...

    @output(End)
    def learnt(self) -> list[str]:
        return self.ctx.heard

    go = edge(Go, Idle, to=Asking)
    back = edge(Back, Asking, to=Idle)
    late = after("1h", Asking, to=Late)

    @invoke(Asking)
    async def asks(self) -> str:
        return await self.office.ask("what")

    @asks.done(to=Helped)
    def answered(self, ev: Done[str]) -> None:
        self.ctx.heard.append(ev.data)

    @invoke(Helped, machine=Helper)
    def helper(self) -> Context:
        return Context()

    @helper.done(to=End)
    def helped(self, ev: Done[str]) -> None:
        self.ctx.heard.append(ev.data)


class Clerk:
    """Answers, once it is open."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.open = ledger, anyio.Event()

    async def ask(self, what: str) -> str:
        """Wait, then answer."""
        await self.open.wait()
        self.ledger.work(what)
        return what


async def life(folder: Path, reaper: Reaper) -> Any:
    """An order to work is taken back, then the instance is rewound to it and forked."""
    clerk = Clerk(Ledger(folder / "ledger", reaper))
    store = SQLStore(folder / "fsm.db", synchronous="NORMAL")
    async with Orchestrator(store, [Job, Helper], {Office: clerk}) as orchestrator:
        job = await orchestrator.start(Job, id="a")
        await job.send(Go(), key="go")
        if len(await job.history()) == 2:
            await job.send(Back(), key="back")
        if all(turn.event != "rewind" for turn in await job.history()):
            await orchestrator.rewind("a", at=2, by="ada", reason="to work")
        fork = await orchestrator.fork("a", "b", at=2)
        clerk.open.set()
        told = [await one.result(timeout=20) for one in (job, fork)]
        events = [[turn.event for turn in await one.history()] for one in (job, fork)]
        helpers = len(await orchestrator.find(machine=Helper))
        left = [(len(x.inbox), len(x.timers), len(x.effects)) for x in await store.load_many(["a", "b"])]
        return [told, events, helpers, left]


ASKED = ["done.invoke.asks", "done.invoke.helper"]
TOLD = [
    [["what", "helped"]] * 2,
    [["start", "Go", "Back", "rewind", *ASKED], ["fork", *ASKED]],
    2,
    [[0, 0, 0]] * 2,
]


@pytest.mark.parametrize(
    ("backend", "every"),
    [("asyncio", 3), ("trio", 7), *(pytest.param(b, 1, marks=pytest.mark.long) for b in ("asyncio", "trio"))],
)
def test_killed_at_any_boundary_it_is_rewound_once_and_forked_once(tmp_path: Path, backend: str, every: int) -> None:
    (tmp_path / "whole").mkdir()
    whole = live(life, tmp_path / "whole", backend=backend)
    assert (whole.told, whole.error) == (TOLD, "")
    deaths = places(whole.counts, "boundary", "call", "called")
    assert len(deaths) > 30
    chosen = deaths[::every]
    died = 0
    for number, death in enumerate(chosen):
        folder = tmp_path / str(number)
        folder.mkdir()
        lived = live(life, folder, [death], backend=backend)
        died += lived.deaths
        assert (lived.told, lived.error) == (TOLD, ""), death
        made = Counter(line["key"] for line in lived.ledger)
        assert len(made) == 2
        assert max(made.values()) <= 1 + lived.deaths
    assert died > len(chosen) * 0.8
