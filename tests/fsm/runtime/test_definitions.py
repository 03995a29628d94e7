"""Machines made from documents, in a store that outlives the code."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import pytest

from fsm import Orchestrator, Signal, State, StateMachine
from fsm.errors import DefinitionError, MachineUnknown, NotAccepted, ServiceMissing
from persistence import open_store

pytestmark = pytest.mark.anyio

ORDER = """
name: Order
context: {amount: {type: integer, default: 0}}
states:
  - Cart
  - {name: Paid, final: true, output: {paid: ctx.amount}}
transitions:
  - trigger: pay
    source: Cart
    dest: Paid
    conditions: event.data.amount > 0
    before: {assign: {amount: event.data.amount}}
"""
NAMED = "{name: Named, states: [{name: A, on_enter: note}, {name: B, final: true}], transitions: [[go, A, B, ready]]}"


def ready(self: Any) -> bool:
    return True


def note(self: Any) -> None: ...


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'fsm.db'}"


async def test_an_instance_goes_on_where_nobody_has_given_its_machine(url: str) -> None:
    order = StateMachine.from_chart(ORDER)
    async with Orchestrator(open_store(url)) as first:
        instance = await first.start(order, id="A-1")
        with pytest.raises(NotAccepted):
            await instance.send(Signal(name="fly"))
    async with Orchestrator(open_store(url)) as second:
        again = second.get("A-1")
        assert (await again.snapshot()).configuration == {"Cart"}
        step = await again.send(Signal(name="pay", data={"amount": 30}), key="pay-1")
        assert step.configuration == {"Paid"}
        assert await again.result() == {"paid": 30}
        assert [s.id for s in await second.find(machine="Order", state="Paid")] == ["A-1"]
    async with Orchestrator(open_store(url)) as third:
        same = await third.get("A-1").send(Signal(name="pay", data={"amount": 30}), key="pay-1")
        assert same.seq == step.seq


async def test_registered_functions_have_to_be_given_again(url: str) -> None:
    functions = {"ready": ready, "note": note}
    async with Orchestrator(open_store(url)) as first:
        await first.start(StateMachine.from_chart(NAMED, functions), id="N")
    async with Orchestrator(open_store(url)) as second:
        with pytest.raises(MachineUnknown, match="whose stored document cannot be used here") as caught:
            await second.get("N")
        assert isinstance(caught.value.__cause__, DefinitionError)
        assert "no 'ready' is registered" in str(caught.value)
    async with Orchestrator(open_store(url), registry=functions) as third:
        assert (await third.get("N").send(Signal(name="go"))).configuration == {"B"}


async def test_each_version_has_its_own_document(url: str) -> None:
    one = StateMachine.from_chart("{name: M, states: [A, Old], transitions: [[go, A, Old]]}")
    two = StateMachine.from_chart("{name: M, version: 2, states: [A, New], transitions: [[go, A, New]]}")
    async with Orchestrator(open_store(url)) as first:
        await first.start(one, id="one")
        await first.start(two, id="two")
    async with Orchestrator(open_store(url)) as second:
        assert (await second.get("one").send(Signal(name="go"))).configuration == {"Old"}
        assert (await second.get("two").send(Signal(name="go"))).configuration == {"New"}


async def test_a_machine_that_was_given_comes_before_the_stored_document(url: str) -> None:
    async with Orchestrator(open_store(url)) as first:
        await first.start(StateMachine.from_chart(ORDER), id="A-1")
    freer = StateMachine.from_chart(ORDER.replace("> 0", "> -10"))
    async with Orchestrator(open_store(url), machines=[freer]) as second:
        assert (await second.get("A-1").send(Signal(name="pay", data={"amount": -5}))).configuration == {"Paid"}
        with pytest.raises(MachineUnknown, match="is not among the machines"):
            await second.start(StateMachine.from_chart(ORDER), id="A-2")


async def test_a_class_in_code_must_still_be_given(url: str) -> None:
    class Lamp(StateMachine):
        class Off(State, initial=True): ...

    async with Orchestrator(open_store(url)) as orchestrator:
        with pytest.raises(MachineUnknown, match="add it to machines="):
            await orchestrator.start(Lamp, id="L")


class Bank(Protocol):
    async def charge(self, amount: int) -> str: ...


class Coins:
    def charge(self, amount: int) -> str:
        return f"R-{amount}"


async def charge(self: Any) -> str:
    receipt: str = await self.bank.charge(7)
    return receipt


CHARGED = """
name: Charged
context: {receipt: {type: string, default: ""}}
services: {bank: Bank}
states:
  - {name: A, invoke: {call: charge, done: {dest: B, before: {assign: {receipt: event.data}}}}}
  - {name: B, final: true, output: ctx.receipt}
"""


async def test_services_are_found_when_the_machine_is(url: str) -> None:
    made = StateMachine.from_chart(CHARGED, {"Bank": Bank, "charge": charge})
    async with Orchestrator(open_store(url)) as first:
        with pytest.raises(ServiceMissing, match="no implementation of Bank"):
            await first.start(made, id="C")
    async with Orchestrator(open_store(url), services={Bank: Coins()}) as second:
        instance = await second.start(made, id="C")
        assert await instance.result(timeout=30) == "R-7"


async def test_a_timer_of_a_document_fires_where_nobody_has_given_its_machine(url: str) -> None:
    text = "{name: T, states: [A, {name: B, final: true}], transitions: [[{after: 50ms}, A, B]]}"
    async with Orchestrator(open_store(url)) as first:
        await first.start(StateMachine.from_chart(text), id="T")
    async with Orchestrator(open_store(url)) as second:
        assert await second.get("T").result(timeout=30) is None
