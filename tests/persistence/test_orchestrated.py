"""An orchestrator on PostgreSQL: the same machine, interrupted and gone on with, and fed by another process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fsm import Context, Done, Event, Final, Orchestrator, State, StateMachine, after, invoke, on, output
from fsm.ports.store import Accepted, Commit
from persistence import open_store

pytestmark = pytest.mark.anyio


class Pay(Event):
    amount: int


class Money(Context):
    amount: int = 0
    charged: int = 0


class Order(StateMachine[Money, Pay, int]):
    """Pays, rests for a moment, is done."""

    class Open(State, initial=True): ...

    class Paying(State): ...

    class Resting(State): ...

    class Paid(Final): ...

    @on(Pay, Open, to=Paying)
    def remember(self, ev: Pay) -> None:
        self.ctx.amount += ev.amount

    @invoke(Paying)
    async def charge(self) -> int:
        return self.ctx.amount

    @charge.done(to=Resting)
    def keep(self, ev: Done[int]) -> None:
        self.ctx.charged = ev.data

    rested = after("20ms", Resting, to=Paid)

    @output(Paid)
    def bill(self) -> int:
        return self.ctx.charged


async def test_an_order_goes_on_in_the_next_orchestrator(postgres: str) -> None:
    async with Orchestrator(open_store(postgres), machines=[Order]) as orchestrator:
        order = await orchestrator.start(Order, Money(), id="A-1")
        first = await order.send(Pay(amount=30), key="pay")
        assert (await order.send(Pay(amount=30), key="pay")).seq == first.seq
    async with Orchestrator(open_store(postgres), machines=[Order]) as orchestrator:
        again = orchestrator.get("A-1", Order)
        assert await again.result(timeout=10) == 30
        assert [entry.event for entry in await again.history()][:2] == ["start", "Pay"]


async def test_an_event_from_another_process_is_taken(postgres: str) -> None:
    async with Orchestrator(open_store(postgres), machines=[Order]) as orchestrator:
        order = await orchestrator.start(Order, Money(), id="A-1")
        client = open_store(postgres)
        await client.open(owner=False)
        await client.commit([Commit("A-1", accepted=[Accepted("A-1", "r", "Pay", '{"amount": 7}')])])
        await client.close()
        assert await order.result(timeout=10) == 7


KILLED = """
import os, sys, anyio
sys.path.insert(0, os.getcwd())
from fsm import Orchestrator
from persistence import open_store
from tests.persistence.test_orchestrated import Money, Order, Pay
async def main():
    async with Orchestrator(open_store(sys.argv[1]), machines=[Order]) as orchestrator:
        order = await orchestrator.start(Order, Money(), id="A-1")
        await order.send(Pay(amount=5), key="pay")
        print("sent", flush=True)
        os.kill(os.getpid(), 9)
anyio.run(main)
"""


def killed(url: str) -> str:
    return subprocess.run([sys.executable, "-c", KILLED, url], stdout=subprocess.PIPE, text=True, check=False).stdout


async def test_what_a_killed_worker_has_begun_goes_on_with_the_next_one(postgres: str) -> None:
    assert killed(postgres) == "sent\n"
    async with Orchestrator(open_store(postgres), machines=[Order]) as orchestrator:
        assert await orchestrator.get("A-1", Order).result(timeout=10) == 5
