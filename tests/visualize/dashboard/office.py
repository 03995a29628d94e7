"""An office: cases that wait for people, a limit that an incident is about, and something that is scheduled."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field

from fsm import Context, Done, Event, Final, Orchestrator, State, StateMachine, edge, guard, on
from fsm.errors import InstanceParked
from fsm.people import human
from fsm.ports.store import Store
from fsm.schedule import Schedule

services: MappingProxyType[Any, Any] = MappingProxyType({})


class Verdict(Context):
    """What the reviewer says."""

    approve: bool
    rate: int = Field(ge=1, le=5, description="How sure")
    kind: Literal["plain", "odd"] = "plain"
    note: str = ""


class Case(Context):
    """A case."""

    limit: int = 10
    spent: int = 0
    said: str = ""


class Spend(Event):
    """Money goes out."""

    amount: int


class Ask(Event):
    """A reviewer is asked."""


class Approval(StateMachine[Case, Spend | Ask], search=["limit"]):
    """Waits for a reviewer."""

    class Open(State, initial=True): ...

    class Review(State): ...

    class Approved(Final): ...

    class Refused(Final): ...

    @on(Spend, Open)
    def spend(self, ev: Spend) -> None:
        if ev.amount > self.ctx.limit:
            raise ValueError(f"{ev.amount} is above {self.ctx.limit}")
        self.ctx.spent += ev.amount

    ask = edge(Ask, Open, to=Review)

    @guard
    def approved(self, ev: Done[Verdict]) -> bool:
        return ev.data.approve

    @human(Review, form=Verdict, assignee="credit", due="2d")
    def review(self) -> str:
        return f"Is {self.id} in order? {self.ctx.spent} were spent."

    @review.done(to=Approved, when=approved)
    def keep(self, ev: Done[Verdict]) -> None:
        self.ctx.said = ev.data.note

    refused = review.done(to=Refused)


schedules = [Schedule("nightly", cron="0 2 * * *", start=Approval)]


async def fill(store: Store, cases: int = 5, parked: int = 2) -> None:
    """Some cases that wait for a reviewer, and some that spent too much."""
    async with Orchestrator(store, machines=[Approval], schedules=schedules) as orchestrator:
        for number in range(cases):
            case = await orchestrator.start(Approval, Case(limit=100), id=f"case-{number + 1:02}")
            await case.send(Spend(amount=5 * number))
            await case.send(Ask())
        for number in range(parked):
            case = await orchestrator.start(Approval, id=f"late-{number + 1}")
            try:
                await case.send(Spend(amount=50))
            except InstanceParked:
                pass
