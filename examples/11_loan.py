"""A loan: a proved table decides the easy cases, two people the others, and a third one when they take too long.

    python examples/11_loan.py [FOLDER]

Ada is granted by the table. Ben needs two signatures, and ann may not give both. Nobody looks at Cleo: after two
working days there is a warning, after five the head of credit decides. Kill it and start it with the same FOLDER again:
it goes on, and ledger.txt has each effect once.
"""

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import anyio
from pydantic import Field

from fsm import (
    Choice,
    Context,
    Event,
    Final,
    Orchestrator,
    Parallel,
    State,
    StateMachine,
    all_done,
    choose,
    guard,
    invoke,
    on_enter,
    output,
)
from fsm.decision import Decision, DecisionTable, column, rule
from fsm.people import Completed, deadline, human
from fsm.service import current_call
from persistence import open_store

DAY, FRIDAY = timedelta(days=1), datetime(2026, 11, 20, 12, tzinfo=UTC)


class Wish(Context):
    name: str
    score: int = Field(ge=0, le=1000)
    amount: int = Field(gt=0)
    signed: list[str] = []


score, amount = column(Wish, lambda w: w.score), column(Wish, lambda w: w.amount)
GRADES = DecisionTable(
    "grade",
    Wish,
    rule(score < 300, then="poor"),
    rule(score.between(300, 699), then="fair"),
    rule(score >= 700, amount > 5000, then="fair"),
    rule(score >= 700, amount <= 5000, then="good"),
)


class Grading(Protocol):
    async def decide(self, case: Wish) -> Decision[str]: ...


class Bank(Protocol):
    async def pay(self, name: str, amount: int) -> None: ...
    async def remind(self, name: str) -> None: ...


class Verdict(Context):
    approve: bool


class Loan(StateMachine[Wish, Event, str]):
    """Decided by a table, by two people, or by the head of credit."""

    grading: Grading
    bank: Bank

    class Graded(Choice, initial=True): ...

    class Review(Parallel):
        class Credit(State):
            class Open(State, initial=True): ...

            class Signed(Final): ...

        class Risk(State):
            class Open(State, initial=True): ...

            class Signed(Final): ...

    class Escalated(State): ...

    class Paying(State): ...

    class Granted(Final): ...

    class Refused(Final): ...

    @choose(Graded)
    async def route(self) -> type[Paying] | type[Review] | type[Refused]:
        grade = (await self.grading.decide(self.ctx)).output
        return self.Paying if grade == "good" else self.Review if grade == "fair" else self.Refused

    @guard
    def approved(self, ev: Completed[Verdict]) -> bool:
        return ev.data.approve

    @guard
    def signed_before(self, ev: Completed[Verdict]) -> bool:
        return ev.by in self.ctx.signed

    def signatures(self) -> str:
        return f"signed by {' and '.join(self.ctx.signed) or 'nobody'}"

    @human(Review.Credit.Open, form=Verdict, assignee="credit")
    def credit(self) -> str:
        return f"{self.ctx.amount} for {self.ctx.name}, {self.signatures()}: can it be paid back?"

    @human(Review.Risk.Open, form=Verdict, assignee="risk")
    def risk(self) -> str:
        return f"{self.ctx.amount} for {self.ctx.name}, {self.signatures()}: is it honest?"

    @human(Escalated, form=Verdict, assignee="head")
    def decide(self) -> str:
        return f"{self.ctx.amount} for {self.ctx.name}: nobody has looked at it in time"

    credit_again = credit.done(to=Review.Credit.Open, when=approved & signed_before)
    risk_again = risk.done(to=Review.Risk.Open, when=approved & signed_before)
    credit_signed = credit.done(to=Review.Credit.Signed, when=approved)
    risk_signed = risk.done(to=Review.Risk.Signed, when=approved)
    declined, unsafe = credit.done(to=Refused), risk.done(to=Refused)

    @on_enter(Review.Credit.Signed, Review.Risk.Signed)
    def sign(self, ev: Completed[Verdict]) -> None:
        self.ctx.signed.append(ev.by)

    sla = deadline(Review, warn=2 * DAY, breach=5 * DAY)

    @sla.warned()
    async def remind(self) -> None:
        await self.bank.remind(self.ctx.name)

    late = sla.breached(to=Escalated)
    allowed, denied = decide.done(to=Paying, when=approved), decide.done(to=Refused)
    agreed = all_done(Review, to=Paying)

    @invoke(Paying)
    async def pay(self) -> None:
        await self.bank.pay(self.ctx.name, self.ctx.amount)

    paid = pay.done(to=Granted)

    @output(Granted, Refused)
    def tell(self) -> str:
        return self.signatures()


def weekdays(start: datetime, delay: timedelta) -> datetime:
    """Nobody works on Saturday and Sunday."""
    due, left = start, delay
    while left > timedelta(0):
        due += DAY
        left -= DAY if due.weekday() < 5 else timedelta(0)
    return due


class World:
    """The bank, which does once what has one key; and a clock that stands until somebody moves it."""

    def __init__(self, folder: Path) -> None:
        self.ledger, self.day = folder / "ledger.txt", folder / "day.txt"

    def clock(self) -> float:
        return (FRIDAY + int(self.day.read_text() if self.day.exists() else 0) * DAY).timestamp()

    async def once(self, what: str) -> None:
        key = current_call().idempotency_key
        with self.ledger.open("a+") as file:
            file.seek(0)
            if f"{key} " not in file.read():
                file.write(f"{key} {what}\n")
        print(f"  {what}", flush=True)
        await anyio.sleep(0.05)  # the answer is on its way

    async def pay(self, name: str, amount: int) -> None:
        await self.once(f"pay {amount} to {name}")

    async def remind(self, name: str) -> None:
        await self.once(f"warn everybody about {name}")


async def office(orchestrator: Orchestrator) -> None:
    """Ann signs whatever there is, bob where she has signed already; nobody looks at Cleo but eve, who has to."""
    while True:
        for task in await orchestrator.people.tasks():
            by = "eve" if task.assignee == "head" else "bob" if "ann" in task.text else "ann"
            if by == "eve" or task.instance != "L-3":
                print(f"{by} reads: {task.text}", flush=True)
                await orchestrator.people.complete(task.id, Verdict(approve=by != "eve"), by=by)
        await anyio.sleep(0.05)


async def main(folder: Path) -> None:
    """Three loans; when two of them are decided, a week passes."""
    print(f"kept in {folder}", flush=True)
    world, store = World(folder), open_store(f"sqlite:///{folder}/fsm.db")
    services = {Grading: GRADES, Bank: world}
    async with (
        Orchestrator(store, [Loan], services, clock=world.clock, calendar=weekdays) as orchestrator,
        anyio.create_task_group() as group,
    ):
        group.start_soon(office, orchestrator)
        for id, name, score, amount in ("L-1", "Ada", 800, 900), ("L-2", "Ben", 500, 4000), ("L-3", "Cleo", 900, 8000):
            loan = await orchestrator.start(Loan, Wish(name=name, score=score, amount=amount), id=id)
            if name == "Cleo":
                world.day.write_text("7")
            signatures = await loan.result()
            print(f"{id}: {name} is {''.join((await loan.snapshot()).configuration)}, {signatures}", flush=True)
        group.cancel_scope.cancel()


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
