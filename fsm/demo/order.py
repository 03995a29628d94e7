"""The machine of the demonstration: an order, from the cart to the door."""

from __future__ import annotations

from typing import Protocol

from fsm import (
    Context,
    Done,
    Event,
    Failed,
    Final,
    Parallel,
    State,
    StateMachine,
    after,
    all_done,
    edge,
    guard,
    invoke,
    on,
    on_enter,
)


class Pay(Event):
    """The customer pays, with this card."""

    card: str


class Collected(Event):
    """The courier took the parcel; he may be early, then this waits until it is packed."""

    courier: str


class Answer(Context):
    """What every service answers: a number, or yes and no; `run` says which run of the call it was."""

    run: str
    number: str = ""
    yes: bool = True


class OrderData(Context):
    """What an order carries."""

    customer: str
    amount: int
    card: str = ""
    tries: int = 0
    receipt: str = ""
    parcel: str = ""
    letter: str = ""
    courier: str = ""


class Fraud(Protocol):
    """Knows the customers."""

    async def trusts(self, customer: str) -> Answer: ...


class Payments(Protocol):
    """Takes money."""

    async def charge(self, card: str, amount: int, attempt: int) -> Answer: ...


class Warehouse(Protocol):
    """Packs parcels."""

    async def pack(self, amount: int) -> Answer: ...


class Post(Protocol):
    """Writes to customers."""

    async def write(self, customer: str, receipt: str) -> Answer: ...


class Order(StateMachine[OrderData, Pay | Collected], unhandled="defer"):
    """An order from the cart to the door."""

    fraud: Fraud
    payments: Payments
    warehouse: Warehouse
    post: Post

    class Open(State, initial=True):
        class Cart(State, initial=True): ...

        class Paying(State): ...

        class Pausing(State): ...

    class Fulfil(Parallel):
        class Parcel(State):
            class Packing(State, initial=True): ...

            class Packed(State): ...

            class Gone(Final): ...

        class Bill(State):
            class Resting(State, initial=True): ...

            class Writing(State): ...

            class Sent(Final): ...

    class Shipped(Final): ...

    class Cancelled(Final): ...

    class Rejected(Final): ...

    @guard
    async def trusted(self) -> bool:
        return (await self.fraud.trusts(self.ctx.customer)).yes

    @guard
    def declined(self, ev: Failed) -> bool:
        return ev.error.kind == "CardDeclined"

    @on(Pay, Open.Cart, to=Open.Paying, when=trusted)
    def accept(self, ev: Pay) -> None:
        self.ctx.card = ev.card

    reject = edge(Pay, Open.Cart, to=Rejected)

    @on_enter(Open.Paying)
    def count(self) -> None:
        self.ctx.tries += 1

    @invoke(Open.Paying, timeout="30s")
    async def charge(self) -> Answer:
        return await self.payments.charge(self.ctx.card, self.ctx.amount, self.ctx.tries)

    @charge.done(to=Fulfil)
    def keep_receipt(self, ev: Done[Answer]) -> None:
        self.ctx.receipt = ev.data.number

    give_up = charge.failed(to=Cancelled, when=declined)
    wait = charge.failed(to=Open.Pausing)
    again = after("300ms", Open.Pausing, to=Open.Paying)

    @invoke(Fulfil.Parcel.Packing, timeout="30s")
    async def pack(self) -> Answer:
        return await self.warehouse.pack(self.ctx.amount)

    @pack.done(to=Fulfil.Parcel.Packed)
    def keep_parcel(self, ev: Done[Answer]) -> None:
        self.ctx.parcel = ev.data.number

    @on(Collected, Fulfil.Parcel.Packed, to=Fulfil.Parcel.Gone)
    def hand_over(self, ev: Collected) -> None:
        self.ctx.courier = ev.courier

    rested = after("500ms", Fulfil.Bill.Resting, to=Fulfil.Bill.Writing)

    @invoke(Fulfil.Bill.Writing, timeout="30s")
    async def write(self) -> Answer:
        return await self.post.write(self.ctx.customer, self.ctx.receipt)

    @write.done(to=Fulfil.Bill.Sent)
    def keep_letter(self, ev: Done[Answer]) -> None:
        self.ctx.letter = ev.data.number

    shipped = all_done(Fulfil, to=Shipped)
