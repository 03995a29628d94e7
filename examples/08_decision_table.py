"""A decision table that is proved: no case without a rule, no two rules for one case; what it decides is journaled.

    python examples/08_decision_table.py

The first draft of the table forgets somebody, and is refused before it can decide anything. The second one is given to
a machine as a service: the journal keeps each decision with the row that matched and the version of the table.
"""

from enum import Enum
from typing import Literal, Protocol

import anyio
from pydantic import Field

from fsm import Choice, Context, Event, Final, Orchestrator, State, StateMachine, choose, edge
from fsm.decision import Decision, DecisionTable, column, rule
from fsm.errors import DefinitionError
from persistence import open_store


class Applicant(Context):
    """Types and bounds say which cases there are."""

    score: int = Field(ge=0, le=1000)
    employed: bool
    country: Literal["DE", "FR", "IT"]


class Grade(Enum):
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


score = column(Applicant, lambda a: a.score)
employed = column(Applicant, lambda a: a.employed)
country = column(Applicant, lambda a: a.country)

try:
    DecisionTable(
        "grade",
        Applicant,
        rule(score < 300, then=Grade.POOR),
        rule(score.between(300, 599), employed, then=Grade.FAIR),
        rule(score >= 600, country == "IT", then=Grade.FAIR),
        rule(score > 600, then=Grade.GOOD),
    )
except DefinitionError as refusal:
    for problem in refusal.problems:
        print("refused:", problem)

grade = DecisionTable(
    "grade",
    Applicant,
    rule(score < 300, then=Grade.POOR),
    rule(score.between(300, 599), employed, then=Grade.FAIR),
    rule(score.between(300, 599), ~employed, then=Grade.POOR),
    rule(score >= 600, country == "IT", then=Grade.FAIR),
    rule(score >= 600, country != "IT", then=Grade.GOOD),
)


class Grading(Protocol):
    """What the machine asks for; the table itself is the implementation."""

    async def decide(self, case: Applicant) -> Decision[Grade]: ...


class Apply(Event):
    applicant: Applicant


class Loan(StateMachine[Context, Apply]):
    """A loan that the table grants, refuses, or leaves to a person."""

    grading: Grading

    class Open(State, initial=True): ...

    class Graded(Choice): ...

    class Granted(Final): ...

    class Review(State): ...

    class Refused(Final): ...

    apply = edge(Apply, Open, to=Graded)

    @choose(Graded)
    async def route(self, ev: Apply) -> type[Granted] | type[Review] | type[Refused]:
        decision = await self.grading.decide(ev.applicant)
        match decision.output:
            case Grade.GOOD:
                return self.Granted
            case Grade.FAIR:
                return self.Review
            case Grade.POOR:
                return self.Refused


async def main() -> None:
    """Three applicants."""
    async with Orchestrator(open_store("memory://"), machines=[Loan], services={Grading: grade}) as orchestrator:
        for id, applicant in (
            ("Ada", Applicant(score=700, employed=True, country="DE")),
            ("Ben", Applicant(score=700, employed=True, country="IT")),
            ("Cleo", Applicant(score=300, employed=False, country="FR")),
        ):
            loan = await orchestrator.start(Loan, id=id)
            step = await loan.send(Apply(applicant=applicant))
            (call,) = (await loan.history())[-1].calls
            print(f"{id:<5}", *step.configuration, call.answer)


if __name__ == "__main__":
    anyio.run(main)
    print(grade.to_markdown())
