"""When a call has failed for good a person answers in its place, once, whoever is killed meanwhile."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from fsm import Context, Done, Event, Failed, Final, Orchestrator, State, StateMachine, edge, invoke, on
from fsm.errors import FormInvalid, InstanceParked, PolicyInvalid
from fsm.service import Retry, Retryable, Terminal, call
from tests.fsm.runtime.desk import Place, until_async

pytestmark = pytest.mark.anyio


class Receipt(Context):
    number: int


class Bank(Protocol):
    @call(retry=Retry(2, backoff="1ms"), escalate="cashier")
    async def charge(self, amount: int) -> Receipt: ...

    @call(once=True, escalate="cashier")
    async def pay_out(self, amount: int) -> Receipt: ...


class Broken:
    def __init__(self) -> None:
        self.asked = 0

    async def charge(self, amount: int) -> Receipt:
        self.asked += 1
        raise Retryable("out of paper")

    async def pay_out(self, amount: int) -> Receipt:
        raise Terminal("no such account")


class Log(Context):
    said: str = ""


class Leave(Event): ...


class Ask(Event): ...


class Bill(StateMachine[Log, Leave | Ask]):
    bank: Bank

    class Paying(State, initial=True): ...

    class Left(State): ...

    class Settled(Final): ...

    @invoke(Paying)
    async def pay(self) -> Receipt:
        return await self.bank.charge(30)

    @pay.done(to=Settled)
    def paid(self, ev: Done[Receipt]) -> None:
        self.ctx.said = f"receipt {ev.data.number}"

    @pay.failed(to=Settled)
    def unpaid(self, ev: Failed) -> None:
        self.ctx.said = f"{ev.error.kind}: {ev.error.message}"

    leave = edge(Leave, Paying, to=Left)

    @on(Ask, Left)
    async def ask(self) -> None:
        await self.bank.pay_out(5)


async def waiting(orchestrator: Orchestrator) -> Any:
    """The task that stands for the call, as soon as it is there."""

    async def there() -> bool:
        return bool(await orchestrator.people.tasks())

    await until_async(there)
    (task,) = await orchestrator.people.tasks()
    return task


async def test_a_person_answers_in_the_place_of_a_call(place: Place) -> None:
    bank = Broken()
    async with Orchestrator(place.store(), [Bill], {Bank: bank}) as orchestrator:
        bill, people = await orchestrator.start(Bill, id="B-1"), orchestrator.people
        task = await waiting(orchestrator)
        assert (task.assignee, task.name, task.state, task.instance) == ("cashier", "call:bank.charge", "pay", "B-1")
        assert task.text.startswith('bank.charge({"amount":30}) has failed: Retryable: out of paper.')
        for wrong in ({}, {"answer": {"number": "x"}}, {"answer": {"number": 1}, "give_up": "no"}, {"number": 1}):
            with pytest.raises(FormInvalid):
                await people.complete(task.id, wrong, by="ann")
        done = await people.complete(task.id, {"answer": {"number": 7}}, by="ann", reason="paid in cash")
        assert await people.complete(task.id, {"answer": {"number": 7}}, by="ann") == done
        await bill.result(timeout=30)
        assert (await bill.snapshot()).context.said == "receipt 7"
        (entry,) = (await bill.history())[-1].calls
        assert [a.called for a in entry.attempts] == ["bank.charge", "bank.charge", "escalate:cashier"]
        assert (await people.task(task.id)).status == "completed"
    assert bank.asked == 2


async def test_a_call_that_is_given_up_has_failed(place: Place) -> None:
    async with Orchestrator(place.store(), [Bill], {Bank: Broken()}) as orchestrator:
        bill = await orchestrator.start(Bill, id="B-1")
        task = await waiting(orchestrator)
        await orchestrator.people.complete(task.id, {"give_up": "gone bankrupt"}, by="ann")
        await bill.result(timeout=30)
        assert (await bill.snapshot()).context.said.endswith("bank.charge: ann gave up: gone bankrupt")


async def test_a_restart_waits_for_the_same_person_and_asks_nobody_else(place: Place) -> None:
    bank = Broken()
    store = place.store()
    async with Orchestrator(store, [Bill], {Bank: bank}) as orchestrator:
        await orchestrator.start(Bill, id="B-1")
        task = await waiting(orchestrator)
        await orchestrator.people.claim(task.id, by="ann")
    async with Orchestrator(place.store(), [Bill], {Bank: bank}) as orchestrator:
        bill = orchestrator.get("B-1", Bill)
        await orchestrator.people.complete(task.id, {"answer": {"number": 8}}, by="ann")
        await bill.result(timeout=30)
        assert (await bill.snapshot()).context.said == "receipt 8"
        assert [t.id for t in await orchestrator.people.tasks(status="all")] == [task.id]
    assert bank.asked == 2


async def test_leaving_the_state_withdraws_the_task(place: Place) -> None:
    async with Orchestrator(place.store(), [Bill], {Bank: Broken()}) as orchestrator:
        bill = await orchestrator.start(Bill, id="B-1")
        task = await waiting(orchestrator)
        await bill.send(Leave())
        assert (await orchestrator.people.task(task.id)).status == "withdrawn"


async def test_a_turn_waits_for_nobody_its_incident_is_shown(place: Place) -> None:
    async with Orchestrator(place.store(), [Bill], {Bank: Broken()}) as orchestrator:
        bill = await orchestrator.start(Bill, id="B-1")
        await bill.send(Leave())
        with pytest.raises(InstanceParked, match="no such account"):
            await bill.send(Ask())
        assert await orchestrator.people.tasks() == []


def test_who_is_asked_is_said_once_for_all_calls() -> None:
    assert "names nobody" in call(escalate=" ").problems()[0]

    class Nearer(Bill):
        @on(Ask, Bill.Left)
        async def ask(self) -> None:
            await call(escalate="boss")(self.bank.charge)(5)

    r = Nearer.rehearse(services={Bank: Broken()})
    r.send(Leave())
    with pytest.raises(PolicyInvalid, match="shared by all calls of a method"):
        r.send(Ask())


def test_a_rehearsal_waits_for_nobody() -> None:
    r = Bill.rehearse(services={Bank: Broken()})
    r.settle()
    assert r.ctx.said.startswith("Retryable: ")
