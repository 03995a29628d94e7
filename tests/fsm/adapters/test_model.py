"""Language models answer the methods of a contract; answers that do not fit are tried again."""

from __future__ import annotations

from typing import Any, Protocol

import pytest
from pydantic import BaseModel

from fsm import Context, Done, Final, Orchestrator, State, StateMachine, invoke
from fsm.adapters import ScriptedModel, model_service
from fsm.errors import DefinitionError
from fsm.service import Retry, Retryable, Terminal, call
from persistence import MemoryStore

pytestmark = pytest.mark.anyio


class Plan(BaseModel):
    steps: list[str]


class Planner(Protocol):
    @call(retry=Retry(3, backoff="1ms"))
    async def plan(self, goal: str, done: list[str]) -> Plan:
        """Reach {goal}; done: {done}"""

    async def judge(self, text: str) -> bool: ...

    async def say(self, text: str) -> str:
        """Say it:

        {text}
        """


PROMPTS = {"judge": "Is this fine? {text}"}


def planner(answers: dict[str, Any]) -> tuple[Any, ScriptedModel]:
    model = ScriptedModel(answers)
    return model_service(Planner, model, PROMPTS, system="Be brief."), model


async def test_methods_are_prompts_and_answers_are_of_the_annotated_type() -> None:
    service, model = planner({"Reach": {"steps": ["boil"]}, "fine": True})
    assert await service.plan("tea", done=["fill"]) == Plan(steps=["boil"])
    assert await service.judge("yes") is True
    first, second = model.asked
    assert (first.system, first.text, first.name) == ("Be brief.", 'Reach tea; done: ["fill"]', "Planner.plan")
    assert (first.schema and first.schema["required"], second.schema) == (["steps"], {"type": "boolean"})


async def test_text_is_taken_as_it_is() -> None:
    service, model = planner({"Say": 'so "be" it'})
    assert await service.say("x") == 'so "be" it'
    assert (model.asked[0].schema, model.asked[0].text) == (None, "Say it:\n\nx")


async def test_an_answer_that_does_not_fit_is_retryable_and_what_nobody_wrote_down_is_told() -> None:
    service, _ = planner({"Reach": {"stops": []}})
    with pytest.raises(Retryable, match=r"Planner\.plan: the model answered what does not fit .*Plan: Field required"):
        await service.plan("tea", [])
    with pytest.raises(Terminal, match="nothing is written down for 'Is this fine"):
        await service.judge("no")


async def test_answers_come_in_their_order_and_failures_are_raised() -> None:
    service, _ = planner({"tea": [Retryable("busy"), {"steps": []}, {"steps": ["more"]}]})
    with pytest.raises(Retryable, match="busy"):
        await service.plan("tea", [])
    assert [await service.plan("tea", []) for _ in range(3)] == [Plan(steps=[]), *[Plan(steps=["more"])] * 2]


def test_what_is_wrong_with_the_prompts_is_told_all_at_once() -> None:
    class Odd(Protocol):
        async def silent(self) -> str: ...
        async def lost(self, a: int) -> str: ...
        async def nothing(self) -> None: ...
        async def deaf(self, a: int) -> str: ...
        async def shapeless(self) -> type: ...

    with pytest.raises(DefinitionError) as caught:
        model_service(
            Odd, ScriptedModel({}), {"lost": "{b} {a}", "nothing": "say", "other": "x", "deaf": "y", "shapeless": "z"}
        )
    text = str(caught.value)
    assert "silent: it has neither prompt nor docstring" in text
    assert "lost: the prompt names 'b', which is no parameter; there is a" in text
    assert "nothing: nothing says what the model is to answer" in text
    assert "deaf: the prompt has no place for 'a', so that the model would not know it; write {a}" in text
    assert "shapeless: type has no JSON schema" in text
    assert "other: the contract has no such method" in text


class Goal(Context):
    goal: str = "tea"
    steps: list[str] = []


class Agent(StateMachine[Goal]):
    planner: Planner

    class Planning(State, initial=True): ...

    class Planned(Final): ...

    @invoke(Planning)
    async def think(self) -> Plan:
        return await self.planner.plan(self.ctx.goal, [])

    @think.done(to=Planned)
    def keep(self, ev: Done[Plan]) -> None:
        self.ctx.steps = ev.data.steps


async def test_a_machine_asks_again_until_the_answer_fits() -> None:
    service, model = planner({"tea": [{"stops": 1}, {"steps": ["boil"]}]})
    async with Orchestrator(MemoryStore(), [Agent], {Planner: service}) as orchestrator:
        agent = await orchestrator.start(Agent)
        await agent.result(timeout=30)
        assert (await agent.snapshot()).context.steps == ["boil"]
    assert len(model.asked) == 2


def test_a_scripted_model_needs_no_event_loop() -> None:
    service, _ = planner({"tea": [Retryable("busy"), {"steps": ["boil"]}]})
    assert Agent.rehearse(services={Planner: service}).settle().ctx.steps == ["boil"]
