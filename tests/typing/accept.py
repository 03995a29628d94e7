"""The Order class of the product description, word for word; type checkers accept all of it."""
from typing import Protocol
from fsm import (Context, Done, Event, Failed, Final, History, Parallel, State, StateMachine,
                 after, all_done, always, default, edge, guard, in_state, invoke, on, on_enter, on_exit, output)

class Pay(Event):
    amount: int
class Packed(Event): ...
class Cancel(Event):
    reason: str = ""
class Receipt(Context):
    id: str

class OrderData(Context):                      # typed data that the machine carries, part of every snapshot
    items: list[str] = []
    amount: int = 0
    receipt: Receipt | None = None

class Payments(Protocol):                      # a service contract; the implementation is injected
    async def charge(self, amount: int) -> Receipt: ...

class Order(StateMachine[OrderData, Pay | Packed | Cancel]):
    """An order from cart to delivery."""
    payments: Payments                         # injected, every call journaled

    class Open(State, initial=True):
        class Cart(State, initial=True): ...
        class Paying(State, tags=("busy",)): ...
        class Last(History): ...               # History(deep=True) for deep
    class Fulfil(Parallel):
        class Pack(State):
            class Waiting(State, initial=True): ...
            class Ready(Final): ...
        class Bill(State):
            class Unsent(State, initial=True): ...
            class Sent(Final): ...
    class Shipped(Final): ...
    class Cancelled(Final): ...

    @guard
    def has_items(self) -> bool: return bool(self.ctx.items)

    @on(Pay, Open.Cart, to=Open.Paying, when=has_items & ~in_state(Fulfil))
    def remember(self, ev: Pay) -> None: self.ctx.amount = ev.amount

    @invoke(Open.Paying, timeout="30s")
    async def charge(self) -> Receipt: return await self.payments.charge(self.ctx.amount)

    @charge.done(to=Fulfil)
    def keep(self, ev: Done[Receipt]) -> None: self.ctx.receipt = ev.data

    @charge.failed(to=Open.Cart)
    def forget(self, ev: Failed) -> None: self.ctx.amount = 0

    packed  = edge(Packed, Fulfil.Pack.Waiting, to=Fulfil.Pack.Ready)
    billed  = after("1h", Fulfil.Bill.Unsent, to=Fulfil.Bill.Sent)
    shipped = all_done(Fulfil, to=Shipped)
    cancel  = edge(Cancel, Open, to=Cancelled)
