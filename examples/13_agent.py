"""An agent: a model plans, tools are called, and a person is asked before it does what cannot be taken back.

    python examples/13_agent.py [FOLDER]

The model is a script here; put yours behind the same contract. Its answers are journaled like those of any service, so
nothing that it has said is paid for twice. Budget and talk are data of the instance. Kill it and start it with the same
FOLDER again: it goes on, and ledger.txt has each effect once.
"""

import sys
import tempfile
from pathlib import Path
from typing import Literal, Protocol

import anyio

from fsm import Context, Done, Event, Failed, Final, Orchestrator, State, StateMachine, always, guard, invoke, output
from fsm.people import human
from fsm.service import Retry, call, current_call
from persistence import open_store


class Step(Context):
    """What the model wants to do next."""

    tool: Literal["look_up", "pay", "answer"]
    text: str


class Talk(Context):
    goal: str
    budget: int = 8
    """How often the model may be asked."""
    step: Step = Step(tool="answer", text="")
    seen: list[str] = []


class Model(Protocol):
    @call(retry=Retry(3), timeout="1m")
    async def plan(self, goal: str, seen: list[str]) -> Step: ...


class Tools(Protocol):
    @call(retry=Retry(2, backoff="10ms", not_on=(LookupError,)))
    async def use(self, tool: str, text: str) -> str: ...


class Consent(Context):
    agreed: bool
    note: str = ""


class Agent(StateMachine[Talk, Event, str]):
    """Plan, act, observe; as long as the budget lasts."""

    model: Model
    tools: Tools

    class Planning(State, initial=True): ...

    class Planned(State): ...

    class Asking(State): ...

    class Acting(State): ...

    class Answered(Final): ...

    class GivenUp(Final): ...

    @invoke(Planning)
    async def plan(self) -> Step:
        return await self.model.plan(self.ctx.goal, self.ctx.seen)

    @plan.done(to=Planned)
    def take(self, ev: Done[Step]) -> None:
        self.ctx.step = ev.data
        self.ctx.budget -= 1

    @guard
    def finished(self) -> bool:
        return self.ctx.step.tool == "answer"

    @guard
    def used_up(self) -> bool:
        return self.ctx.budget <= 0

    @guard
    def dangerous(self) -> bool:
        return self.ctx.step.tool == "pay"

    answer = always(Planned, to=Answered, when=finished)
    stop = always(Planned, to=GivenUp, when=used_up)
    ask = always(Planned, to=Asking, when=dangerous)
    act = always(Planned, to=Acting)

    @guard
    def agreed(self, ev: Done[Consent]) -> bool:
        return ev.data.agreed

    @human(Asking, form=Consent, assignee="supervisor", due="1h")
    def consent(self) -> str:
        return f"{self.ctx.goal}: the agent wants to {self.ctx.step.tool} {self.ctx.step.text}"

    allowed = consent.done(to=Acting, when=agreed)
    unanswered = consent.overdue(to=GivenUp)

    @consent.done(to=Planning)
    def refused(self, ev: Done[Consent]) -> None:
        self.ctx.seen.append(f"refused: {ev.data.note}")

    @invoke(Acting)
    async def use(self) -> str:
        return await self.tools.use(self.ctx.step.tool, self.ctx.step.text)

    @use.done(to=Planning)
    def observe(self, ev: Done[str]) -> None:
        self.ctx.seen.append(ev.data)

    @use.failed(to=Planning)
    def miss(self, ev: Failed) -> None:
        self.ctx.seen.append(f"failed: {ev.error.message}")

    lost = plan.failed(to=GivenUp)

    @output(Answered)
    def tell(self) -> str:
        return self.ctx.step.text

    @output(GivenUp)
    def excuse(self) -> str:
        return f"given up, having seen {self.ctx.seen}"


class Script:
    """A model that says its lines, one after each thing that it has seen."""

    LINES = (
        Step(tool="look_up", text="invoice of Maier"),
        Step(tool="look_up", text="invoice of Meyer"),
        Step(tool="pay", text="2400 to Meyer"),
        Step(tool="pay", text="240 to Meyer"),
        Step(tool="answer", text="Meyer has got 240"),
    )

    async def plan(self, goal: str, seen: list[str]) -> Step:
        step = self.LINES[len(seen)]
        print(f"  model: {step.tool} {step.text}", flush=True)
        await anyio.sleep(0.05)  # it thinks
        return step


class World:
    """The tools: what was done under a key is not done again."""

    def __init__(self, folder: Path) -> None:
        self.ledger = folder / "ledger.txt"

    async def use(self, tool: str, text: str) -> str:
        if "Maier" in text:
            raise LookupError(f"there is no {text}")
        key = current_call().idempotency_key
        with self.ledger.open("a+") as file:
            file.seek(0)
            if f"{key} " not in file.read():
                file.write(f"{key} {tool} {text}\n")
        print(f"  tool:  {tool} {text}", flush=True)
        await anyio.sleep(0.05)  # the answer is on its way
        return "240 are due" if tool == "look_up" else "done"


async def supervise(orchestrator: Orchestrator) -> None:
    """Sue reads what the agents want to do; she knows what Meyer gets."""
    while True:
        for task in await orchestrator.people.tasks(assignee="supervisor"):
            wrong = "2400" in task.text
            print(f"sue reads: {task.text} - {'no' if wrong else 'yes'}", flush=True)
            consent = Consent(agreed=not wrong, note="240 are due, not 2400" if wrong else "")
            await orchestrator.people.complete(task.id, consent, by="sue")
        await anyio.sleep(0.05)


async def main(folder: Path) -> None:
    """One agent that has enough to spend, and one that has not."""
    print(f"kept in {folder}", flush=True)
    services = {Model: Script(), Tools: World(folder)}
    async with (
        Orchestrator(open_store(f"sqlite:///{folder}/fsm.db"), [Agent], services) as orchestrator,
        anyio.create_task_group() as group,
    ):
        group.start_soon(supervise, orchestrator)
        rich = await orchestrator.start(Agent, Talk(goal="settle the invoice"), id="T-1")
        print(f"T-1: {await rich.result()}")
        poor = await orchestrator.start(Agent, Talk(goal="settle the invoice", budget=2), id="T-2")
        print(f"T-2: {await poor.result()}")
        group.cancel_scope.cancel()


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
