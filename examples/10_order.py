"""An order that is paid and delivered; if it cannot be, what was done is taken back, by a person where no machine can.

    python examples/10_order.py [FOLDER]

One order arrives. The other is undone, the last first; but its card has expired, so that a clerk returns the money.
Kill it and start it with the same FOLDER again: it goes on, and ledger.txt has each effect once.
"""

import sys
import tempfile
from pathlib import Path
from typing import Protocol

import anyio

from fsm import Context, Done, Event, Failed, Final, Orchestrator, State, StateMachine, invoke, on_enter, output
from fsm.people import human
from fsm.saga import compensate
from fsm.service import Retry, Retryable, Terminal, call, current_call
from persistence import open_store


class Shop(Protocol):
    async def reserve(self, item: str) -> None: ...
    async def release(self, item: str) -> None: ...
    @call(retry=Retry(3, backoff="10ms"), timeout="5s")
    async def charge(self, amount: int) -> str: ...
    async def refund(self, receipt: str) -> None: ...
    async def deliver(self, item: str) -> None: ...


class Settled(Context):
    how: str


class Basket(Context):
    item: str
    amount: int
    told: str = "delivered"


class Order(StateMachine[Basket, Event, str]):
    """From the basket to the door, or all the way back."""

    shop: Shop

    class Reserving(State, initial=True): ...

    class Charging(State): ...

    class Delivering(State): ...

    class Undoing(State): ...

    class Settling(State): ...

    class Delivered(Final): ...

    class Cancelled(Final): ...

    @invoke(Reserving)
    async def reserve(self) -> None:
        await self.shop.reserve(self.ctx.item)

    @reserve.undo
    async def release(self) -> None:
        await self.shop.release(self.ctx.item)

    @invoke(Charging)
    async def charge(self) -> str:
        return await self.shop.charge(self.ctx.amount)

    @charge.undo
    async def refund(self, receipt: str) -> None:
        await self.shop.refund(receipt)

    @invoke(Delivering)
    async def deliver(self) -> None:
        await self.shop.deliver(self.ctx.item)

    reserved, charged, delivered = reserve.done(to=Charging), charge.done(to=Delivering), deliver.done(to=Delivered)
    sold_out, declined, lost = reserve.failed(to=Undoing), charge.failed(to=Undoing), deliver.failed(to=Undoing)

    @on_enter(Undoing)
    def note(self, ev: Failed) -> None:
        self.ctx.told = ev.error.message

    undo = compensate(Undoing)
    undone, stuck = undo.done(to=Cancelled), undo.failed(to=Settling)

    @human(Settling, form=Settled, assignee="accounting")
    def settle(self) -> str:
        return f"{self.id} could not be paid back by the bank: return {self.ctx.amount} by hand"

    @settle.done(to=Cancelled)
    def settled(self, ev: Done[Settled]) -> None:
        self.ctx.told += f", {self.ctx.amount} returned {ev.data.how}"

    @output(Delivered, Cancelled)
    def tell(self) -> str:
        return self.ctx.told


class World:
    """The shop: what was done under a key is not done again."""

    def __init__(self, folder: Path) -> None:
        self.ledger = folder / "ledger.txt"

    async def once(self, what: str) -> str:
        key = current_call().idempotency_key
        with self.ledger.open("a+") as file:
            file.seek(0)
            if f"{key} " not in file.read():
                file.write(f"{key} {what}\n")
        print(f"  {what}", flush=True)
        await anyio.sleep(0.05)  # the answer is on its way
        return key

    async def reserve(self, item: str) -> None:
        await self.once(f"reserve the {item}")

    async def release(self, item: str) -> None:
        await self.once(f"release the {item}")

    async def charge(self, amount: int) -> str:
        if current_call().attempt == 1:
            raise Retryable("the line is busy")
        return await self.once(f"charge {amount}")

    async def refund(self, receipt: str) -> None:
        raise Terminal("the card has expired")

    async def deliver(self, item: str) -> None:
        if item == "sofa":
            raise Terminal("the door is too narrow")
        await self.once(f"deliver the {item}")


async def main(folder: Path) -> None:
    """Start both orders, or go on with them; a clerk does what is left."""
    print(f"kept in {folder}", flush=True)
    async with Orchestrator(open_store(f"sqlite:///{folder}/fsm.db"), [Order], {Shop: World(folder)}) as orchestrator:
        good = await orchestrator.start(Order, Basket(item="lamp", amount=30), id="A-1")
        bad = await orchestrator.start(Order, Basket(item="sofa", amount=900), id="A-2")
        await bad.wait_for(Order.Settling)
        for task in await orchestrator.people.tasks(assignee="accounting"):
            print(f"Carla reads: {task.text}", flush=True)
            await orchestrator.people.complete(task.id, Settled(how="by transfer"), by="carla")
        print(f"A-1: {await good.result()}\nA-2: {await bad.result()}")


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
