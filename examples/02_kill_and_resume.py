"""A durable order: the process is killed in the middle of a payment, and the next one goes on where it was.

    python examples/02_kill_and_resume.py

The parent runs the same worker twice. The first one kills itself with SIGKILL while the bank is at work: no handler
runs, nothing is tidied up. All that is left is a SQLite file.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Protocol

import anyio

from fsm import Context, Done, Event, Final, Orchestrator, State, StateMachine, invoke, on, output
from fsm.service import current_call
from persistence import open_store


class Pay(Event):
    amount: int


class OrderData(Context):
    amount: int = 0
    receipt: str = ""


class Payments(Protocol):
    """What the order needs of a bank. Which bank it is, is said when the machine is run."""

    async def charge(self, amount: int) -> str: ...


class Order(StateMachine[OrderData, Pay, str]):
    """An order that has to be paid."""

    payments: Payments

    class Cart(State, initial=True): ...

    class Paying(State): ...

    class Paid(Final): ...

    @on(Pay, Cart, to=Paying)
    def remember(self, ev: Pay) -> None:
        self.ctx.amount = ev.amount

    # Long work belongs to a state: it is started on entry, and its answer comes back as an event.
    @invoke(Paying, timeout="30s")
    async def charge(self) -> str:
        return await self.payments.charge(self.ctx.amount)

    @charge.done(to=Paid)
    def keep(self, ev: Done[str]) -> None:
        self.ctx.receipt = ev.data

    @output(Paid)
    def bill(self) -> str:
        return f"{self.ctx.amount} paid, receipt {self.ctx.receipt}"


class Bank:
    """The first time that it is asked, the power fails."""

    async def charge(self, amount: int) -> str:
        call = current_call()
        print(f"bank: charging {amount}, attempt {call.attempt}", flush=True)
        print(f"      key {call.idempotency_key}", flush=True)
        if call.attempt == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return "R-7"


async def work(file: Path) -> None:
    """One life of the worker. Nothing in it asks whether it is the first."""
    store = open_store(f"sqlite:///{file}")
    async with Orchestrator(store, machines=[Order], services={Payments: Bank()}) as orchestrator:
        order = await orchestrator.start(Order, id="A-1")  # the same id: the same order
        await order.send(Pay(amount=30), key="pay-A-1")  # the same key: the same event
        print(await order.result(timeout=20))


def main() -> None:
    """Run the worker twice on one file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "orders.db"
        for life in ("first", "second"):
            ended = subprocess.run([sys.executable, __file__, str(file)], check=False)
            how = "was killed" if ended.returncode == -signal.SIGKILL else f"ended with code {ended.returncode}"
            print(f"the {life} worker {how}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        anyio.run(work, Path(sys.argv[1]))
    else:
        main()
