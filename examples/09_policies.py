"""A payment that fails, is retried in smaller parts, is killed in between, and falls back: each attempt is a row.

    python examples/09_policies.py

The policy stands in the contract. The first worker dies in its second attempt; the second one goes on there, with the
attempts that are left, the arguments that were adjusted, and the same idempotency key. A gift card is charged at most
once: the call that was cut short is never repeated, its outcome is unknown.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Protocol

import anyio

from fsm import Context, Done, Failed, Final, Orchestrator, State, StateMachine, invoke
from fsm.errors import CallFailed
from fsm.service import Backoff, Retry, Retryable, call, current_call
from persistence import open_store


def in_parts(arguments: dict[str, Any], error: CallFailed, attempt: int) -> dict[str, Any]:
    """The next attempt asks for half as much."""
    return {"amount": arguments["amount"] // 2}


class Reserve(Protocol):
    async def charge(self, amount: int) -> str: ...


class Bank(Protocol):
    """What is done when it fails stands here, and is the same for everybody who calls it."""

    @call(retry=Retry(3, backoff=Backoff("20ms"), budget="1h"), adjust=in_parts, fallback=Reserve.charge)
    async def charge(self, amount: int) -> str: ...

    @call(once=True)
    async def redeem(self, card: str) -> str: ...


class Bill(Context):
    paid: str = ""


class Payment(StateMachine[Bill]):
    """Pays with the bank, and with a gift card if that fails."""

    bank: Bank

    class Paying(State, initial=True): ...

    class Redeeming(State): ...

    class Paid(Final): ...

    class Unclear(Final): ...

    @invoke(Paying)
    async def charge(self) -> str:
        return await self.bank.charge(80)

    @charge.done(to=Redeeming)
    def keep(self, ev: Done[str]) -> None:
        self.ctx.paid = ev.data

    @invoke(Redeeming)
    async def redeem(self) -> str:
        return await self.bank.redeem("gift-7")

    redeemed = redeem.done(to=Paid)

    @redeem.failed(to=Unclear)
    def tell(self, ev: Failed) -> None:
        print(f"  {ev.error.kind}: {ev.error.message}")


class Banks:
    """Both banks; they lose the power when it is least convenient."""

    def __init__(self, life: str) -> None:
        self.life = life

    async def charge(self, amount: int) -> str:
        now = current_call()
        print(f"  {now.service} is asked for {amount}, attempt {now.attempt}", flush=True)
        if now.service == "Reserve":
            return f"{amount} paid by the reserve"
        if self.life == "first" and now.attempt == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        raise Retryable("the bank is busy", after="10ms")

    async def redeem(self, card: str) -> str:
        print(f"  {card} is redeemed", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        return card


async def work(file: Path, life: str) -> None:
    """One life of the worker."""
    banks = Banks(life)
    async with Orchestrator(open_store(f"sqlite:///{file}"), [Payment], {Bank: banks, Reserve: banks}) as orchestrator:
        payment = await orchestrator.start(Payment, id="P-1")
        await payment.result(timeout=10)
        for made in [attempt for entry in await payment.history() for c in entry.calls for attempt in c.attempts]:
            print(f"  {made.n} {made.called} {made.parameters} {made.reason or '-'}, begun {made.runs}×")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        anyio.run(work, Path(sys.argv[1]), sys.argv[2])
    else:
        with tempfile.TemporaryDirectory() as folder:
            for life in ("first", "second", "third"):
                print(f"the {life} worker", flush=True)
                subprocess.run([sys.executable, __file__, str(Path(folder) / "fsm.db"), life], check=False)
