"""Machines to look at: an order with everything that the page can show, and a lamp."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import anyio
from pydantic import Field

from fsm import (
    Context,
    Done,
    Event,
    Final,
    History,
    Orchestrator,
    Parallel,
    State,
    StateMachine,
    after,
    all_done,
    edge,
    invoke,
    on,
)
from fsm.errors import InstanceParked
from fsm.ports.store import Store

SECRET = "4111-1111"


class Speed(StrEnum):
    """How soon it has to be there."""

    NORMAL = "normal"
    EXPRESS = "express"


class Submit(Event):
    """The customer orders."""

    amount: int = Field(ge=1, description="In euros")
    speed: Speed = Speed.NORMAL
    gift: bool = False
    note: str | None = None
    items: list[str] = []


class Pay(Event):
    """The customer pays."""

    card: str = Field(min_length=4, json_schema_extra={"writeOnly": True}, description="Number of the card")


class Hold(Event):
    """Something has to be asked first."""

    why: str


class Resume(Event):
    """It was answered."""


class Collected(Event):
    """The courier took the parcel."""

    courier: str


class Cancel(Event):
    """Nobody wants it any more."""

    reason: str = ""


class Receipt(Context):
    """What the bank answers."""

    number: str


class OrderState(Context):
    """What an order carries."""

    customer: str = "Ada"
    amount: int = 0
    speed: Speed = Speed.NORMAL
    card: str = Field(default="", json_schema_extra={"writeOnly": True})
    receipt: Receipt | None = None
    courier: str = ""


class Bank(Protocol):
    """Takes money."""

    async def charge(self, card: str, amount: int) -> Receipt: ...


class ShakyBank:
    """Does not answer for large amounts until somebody has mended it: the file that BANK_MENDED names is there then."""

    def charge(self, card: str, amount: int) -> Receipt:
        """Take the money."""
        if amount > 5000 and not Path(os.environ.get("BANK_MENDED", "/nowhere")).exists():
            raise ConnectionRefusedError("the bank does not answer")
        return Receipt(number=f"R-{amount}")


class Order(StateMachine[OrderState, Submit | Pay | Hold | Resume | Collected | Cancel]):
    """An order, from the cart to the door."""

    bank: Bank

    class Draft(State, initial=True): ...

    class Open(State):
        class Paying(State, initial=True, tags=("waiting",)): ...

        class Charging(State): ...

        class Last(History): ...

    class OnHold(State, tags=("waiting",)): ...

    class Fulfil(Parallel):
        class Parcel(State):
            class Packing(State, initial=True): ...

            class Packed(State): ...

            class Gone(Final): ...

        class Bill(State):
            class Writing(State, initial=True): ...

            class Sent(Final): ...

    class Delivered(Final): ...

    class Cancelled(Final): ...

    @on(Submit, Draft, to=Open)
    def begin(self, ev: Submit) -> None:
        self.ctx.amount, self.ctx.speed = ev.amount, ev.speed

    @on(Pay, Open.Paying, to=Open.Charging)
    def pay(self, ev: Pay) -> None:
        self.ctx.card = ev.card

    @invoke(Open.Charging, timeout="30s")
    async def charge(self) -> Receipt:
        return await self.bank.charge(self.ctx.card, self.ctx.amount)

    @charge.done(to=Fulfil)
    def keep(self, ev: Done[Receipt]) -> None:
        self.ctx.receipt = ev.data

    hold = edge(Hold, Open, to=OnHold)
    resume = edge(Resume, OnHold, to=Open.Last)
    cancel = edge(Cancel, to=Cancelled)
    packed = after("20ms", Fulfil.Parcel.Packing, to=Fulfil.Parcel.Packed)

    @on(Collected, Fulfil.Parcel.Packed, to=Fulfil.Parcel.Gone)
    def hand_over(self, ev: Collected) -> None:
        self.ctx.courier = ev.courier

    billed = after("2h", Fulfil.Bill.Writing, to=Fulfil.Bill.Sent)
    delivered = all_done(Fulfil, to=Delivered)


class Press(Event):
    """Somebody presses the button."""


class Lamp(StateMachine[Context, Press]):
    """A lamp with one button."""

    class Off(State, initial=True): ...

    class On(State): ...

    press = edge(Press, Off, to=On)
    out = edge(Press, On, to=Off)


services = MappingProxyType({Bank: ShakyBank()})

CUSTOMERS = ("Ada", "Grace", "Alan", "Edsger", "Barbara")


async def fill(store: Store, orders: int = 12, lamps: int = 3) -> None:
    """Run some orders as far as each of them goes by itself; the seventh meets a bank that does not answer."""
    async with Orchestrator(store, machines=[Order, Lamp], services=services) as orchestrator:
        for number in range(orders):
            await _order(orchestrator, number)
        for number in range(lamps):
            lamp = await orchestrator.start(Lamp, id=f"lamp-{number + 1}")
            for _ in range(min(number, 2)):
                await lamp.send(Press())


async def _order(orchestrator: Orchestrator, number: int) -> None:
    customer = CUSTOMERS[number % len(CUSTOMERS)]
    order = await orchestrator.start(Order, OrderState(customer=customer), id=f"order-{1001 + number}")
    kind = number % 7
    if kind == 0:
        return
    amount = 6_200 if kind == 6 else 20 + 13 * number
    await order.send(Submit(amount=amount, speed=Speed.EXPRESS if number % 3 else Speed.NORMAL))
    if kind == 1:
        return
    if kind == 2:
        await order.send(Hold(why="the address is unclear"))
        return
    await order.send(Pay(card=SECRET), key=f"pay-{number}")
    while (await order.snapshot()).configuration == {"Open.Charging"} and kind != 6:
        await anyio.sleep(0.01)
    if kind == 6:
        try:
            await order.result(timeout=5)
        except InstanceParked:
            return
    if kind in (4, 5):
        while "Fulfil.Parcel.Packed" not in (await order.snapshot()).configuration:
            await anyio.sleep(0.01)
        await order.send(Collected(courier="Bo"))
