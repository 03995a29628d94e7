"""A driver that kills a process, truly, at every boundary of the life of human tasks, people's deeds included.

    python -m tests.simulation.people FOLDER FIRST EVERY   ─► a line of JSON for each life, the first undisturbed

One instance is refused, falls overdue and is approved at last. Whoever completes a task reads it first, and a deed that
was cut short is done again by the next life, which does not know of it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anyio

from fsm import Context, Done, Event, Final, Orchestrator, State, StateMachine, on, output
from fsm.errors import InstanceParked, Refused
from fsm.people import Task, human
from persistence import SQLStore
from tests.simulation.mortal import Reaper, live, places


class Answer(Context):
    approve: bool


class Told(Context):
    said: list[str] = []


class Case(StateMachine[Told, Event, list[str]]):
    """Is refused, becomes overdue, and is approved."""

    class Review(State, initial=True): ...

    class Waiting(State): ...

    class Appeal(State): ...

    class Closed(Final): ...

    @human(Review, form=Answer)
    def review(self) -> str:
        return "review"

    @review.done(to=Waiting)
    def reviewed(self, ev: Done[Answer]) -> None:
        self.ctx.said.append(f"review {ev.data.approve}")

    @human(Waiting, form=Answer, due="20ms")
    def nobody(self) -> str:
        return "nobody"

    @nobody.overdue(to=Appeal)
    def late(self) -> None:
        self.ctx.said.append("late")

    @human(Appeal, form=Answer)
    def appeal(self) -> str:
        return "appeal"

    @appeal.done(to=Closed)
    def closed(self, ev: Done[Answer]) -> None:
        self.ctx.said.append(f"appeal {ev.data.approve}")

    @output(Closed)
    def told(self) -> list[str]:
        return self.ctx.said


class Go(Event):
    n: int


class Limit(Context):
    limit: int = 0


class Gate(StateMachine[Limit, Go]):
    """Lets nothing through that is above its limit."""

    class Open(State, initial=True): ...

    @on(Go, Open)
    def check(self, ev: Go) -> None:
        if ev.n > self.ctx.limit:
            raise ValueError(f"{ev.n} is too much")


async def decided(orchestrator: Orchestrator) -> list[Any]:
    """An event fails and is retried on a changed context, another one fails and is skipped; both by an operator."""
    gate = await orchestrator.start(Gate, id="G-1")
    for key in ("retried", "skipped"):
        for _ in range(2):
            try:
                await gate.send(Go(n=5 if key == "retried" else 9), key=key)
            except InstanceParked:
                if key == "retried":
                    await orchestrator.retry("G-1", by="ann", change={"limit": 5})
                else:
                    await orchestrator.skip("G-1", by="bob", reason="no")
            except Refused:
                pass  # what becomes of the key of an event that was skipped
    return [
        [(e.event, e.actor) for e in await gate.history()],
        [i.resolution for i in await orchestrator.incidents(resolved=True)],
        (await gate.snapshot()).context.limit,
    ]


async def worked(folder: Path, reaper: Reaper) -> Any:
    """One life of the worker and of the people; it does not ask whether it is the first."""
    store = SQLStore(folder / "fsm.db", synchronous="NORMAL")
    with anyio.fail_after(20):
        async with Orchestrator(store, [Case, Gate]) as orchestrator:
            case, people = await orchestrator.start(Case, id="A-1"), orchestrator.people
            for name, by in (("review", "ann"), ("appeal", "bob")):
                task = await _opened(orchestrator, name)
                if task.status == "open":
                    await people.claim(task.id, by=by)
                await people.complete(task.id, {"approve": name == "appeal"}, by=by)
            result, gate = await case.result(timeout=10), await decided(orchestrator)
            entries = [(e.event, e.actor) for e in await case.history()]
            tasks = [_seen(t) for t in await people.tasks(status="all")]
            inbox = (await store.load("A-1")).inbox  # type: ignore[union-attr]
    return {"result": result, "entries": entries, "tasks": tasks, "inbox": len(inbox), "gate": gate}


async def _opened(orchestrator: Orchestrator, name: str) -> Task:
    """The task of a name, once it is there."""
    while True:
        for task in await orchestrator.people.tasks(status="all", instance="A-1"):
            if task.name == name:
                return task
        await anyio.sleep(0.001)


def _seen(task: Task) -> list[Any]:
    return [task.id, task.status, task.by, task.answer, [act.verb for act in task.history]]


def main(folder: Path, first: int, every: int) -> None:
    """Kill at one of so many places, from the first one on."""
    folder.mkdir(parents=True)
    (folder / "before").mkdir()
    anyio.run(worked, folder / "before", Reaper(None))  # what is loaded and compiled now need not be in every life
    (folder / "whole").mkdir()
    whole = live(worked, folder / "whole")
    print(json.dumps({"place": "whole", **asdict(whole)}), flush=True)
    for place, number in places(whole.counts, "boundary")[first::every]:
        here = folder / f"{place}-{number}"
        here.mkdir()
        made = live(worked, here, [(place, number)])
        print(json.dumps({"place": f"{place} {number}", **asdict(made)}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
