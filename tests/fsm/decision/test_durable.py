"""Decisions in machines: plain calls in guards and choices, and services whose rows and versions are journaled."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, Protocol

import pytest

from fsm import Choice, Context, Event, Final, Orchestrator, State, StateMachine, choose, edge, guard, on
from fsm.decision import Decision, DecisionTable, RuleSet, rule
from fsm.errors import InstanceParked
from persistence import open_store
from tests.fsm.decision.documents import GRADE
from tests.fsm.decision.tables import Grade, Small, score

pytestmark = pytest.mark.anyio

grade = DecisionTable("grade", Small, rule(score < 3, then=Grade.B), rule(score >= 3, then=Grade.A))
stricter = DecisionTable("grade", Small, rule(score < 5, then=Grade.B), rule(score >= 5, then=Grade.A))


class Grading(Protocol):
    async def decide(self, case: Small) -> Decision[Grade]: ...


class Apply(Event):
    case: Small


class Again(Event): ...


class Application(Context):
    grade: Grade | None = None
    reason: str = ""
    loan: str = ""
    mended: bool = False


class Loan(StateMachine[Application, Apply | Again]):
    """Grades by a table that is a service, by the same table as a function, and by rules that are data."""

    grading: Grading
    rules: RuleSet

    class Open(State, initial=True): ...

    class Route(Choice): ...

    class Good(Final): ...

    class Bad(Final): ...

    @guard
    def promising(self, ev: Apply) -> bool:
        return ev.case.employed and grade(ev.case) is Grade.A

    @on(Apply, Open, to=Route, when=promising)
    async def remember(self, ev: Apply) -> None:
        decision = await self.grading.decide(ev.case)
        self.ctx.grade, self.ctx.reason = decision.output, f"{decision.rows[0]} of {decision.version}"
        self.ctx.loan = (await self.rules.decide("loan", {"score": 400, "income": 11})).output["grade"]
        if broken:
            raise RuntimeError("the power fails")

    reject = edge(Apply, Open, to=Bad, when=~promising)

    @choose(Route)
    def route(self) -> type[Good] | type[Bad]:
        return self.Good if self.ctx.grade is Grade.A else self.Bad


broken: list[Literal[True]] = []


def apply(score: int) -> Apply:
    return Apply(case=Small(score=score, share=Decimal(0), employed=True, country=None))


def services(table: Any) -> dict[Any, Any]:
    return {Grading: table, RuleSet: RuleSet({"loan": GRADE})}


@pytest.mark.parametrize(("points", "state"), [(2, "Bad"), (4, "Good")])
def test_a_table_is_a_function_in_guards_and_choices(points: int, state: str) -> None:
    run = Loan.rehearse(services=services(grade))
    run.send(apply(points))
    assert run.configuration == {state}


async def test_the_journal_keeps_the_rows_and_the_version_of_a_decision() -> None:
    async with Orchestrator(open_store("memory://"), [Loan], services(grade)) as orchestrator:
        loan = await orchestrator.start(Loan, id="L-1")
        await loan.send(apply(4))
        calls = {call.method: call.answer for entry in await loan.history() for call in entry.calls}
        context = (await loan.snapshot()).context
    assert calls["grading.decide"] == {"output": "a", "version": grade.version, "rows": ["grade:2"]}
    rules = RuleSet({"loan": GRADE})
    assert calls["rules.decide"] == {
        "output": {"grade": "accept"},
        "version": rules.versions["loan"],
        "rows": ["Grade:2"],
    }
    assert (context.reason, context.loan) == (f"grade:2 of {grade.version}", "accept")


async def test_a_turn_that_is_repeated_is_decided_as_before_though_the_table_has_changed(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path / 'loans.db'}"
    broken.append(True)
    try:
        async with Orchestrator(open_store(url), [Loan], services(grade)) as orchestrator:
            loan = await orchestrator.start(Loan, id="L-1")
            with pytest.raises(InstanceParked):
                await loan.send(apply(4))
    finally:
        broken.clear()
    async with Orchestrator(open_store(url), [Loan], services(stricter)) as orchestrator:
        loan = orchestrator.get("L-1", Loan)
        await loan.retry()
        await loan.result(timeout=30)
        context = (await loan.snapshot()).context
    assert (context.grade, context.reason) == (Grade.A, f"grade:2 of {grade.version}")
