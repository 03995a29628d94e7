"""A module with annotations kept as text, and machines made inside of functions."""

from __future__ import annotations

from typing import Any, Protocol

from fsm import Context, Done, Event, State, StateMachine, edge, guard, invoke, on


class Pay(Event):
    amount: int = 0


class Receipt(Context):
    id: str


class Data(Context):
    receipt: Receipt | None = None
    total: int = 0


class Payments(Protocol):
    async def charge(self, amount: int) -> Receipt: ...


class Base(StateMachine[Data, Pay]):
    payments: Payments

    class Open(State, initial=True): ...

    class Paying(State): ...

    @guard
    def any_amount(self, ev: Pay) -> bool:
        return ev.amount >= 0

    @on(Pay, Open, to=Paying, when=any_amount)
    def pay(self, ev: Pay) -> None:
        self.ctx.total = ev.amount

    @invoke(Paying)
    async def charge(self) -> Receipt:
        return await self.payments.charge(self.ctx.total)

    @charge.done(to=Open)
    def keep(self, ev: Done[Receipt]) -> None:
        self.ctx.receipt = ev.data


def local() -> tuple[type[StateMachine[Any, Any, Any]], Any]:
    """A machine, its events, its context and its contract, all made here."""

    class Press(Event):
        count: int = 1

    class Bill(Context):
        id: str

    class Inner(Context):
        bill: Bill | None = None

    class Bells(Protocol):
        async def ring(self, count: int) -> Bill: ...

    class Local(StateMachine[Inner, Press]):
        bells: Bells

        class Off(State, initial=True): ...

        class On(State): ...

        @on(Press, Off, to=On)
        def press(self, ev: Press) -> None: ...

        @invoke(On)
        async def ring(self, ev: Press) -> Bill:
            return await self.bells.ring(ev.count)

        @ring.done(to=Off)
        def rung(self, ev: Done[Bill]) -> None:
            self.ctx.bill = ev.data

    return Local, Press


def wrong() -> None:
    """A machine made here whose handler expects another local event."""

    class Press(Event): ...

    class Release(Event): ...

    class Local(StateMachine[Context, Press | Release]):
        class Off(State, initial=True): ...

        @on(Press, Off)  # type: ignore[arg-type]
        def press(self, ev: Release) -> None: ...


def extended() -> type[StateMachine[Any, Any, Any]]:
    """A subclass made where other names mean other things."""

    class Pay(Event): ...

    class Receipt(Event): ...

    class Extended(Base):
        class Third(State): ...

        other = edge(Pay, Base.Open, to=Third, when=None)

    assert Receipt.__wire__ == "Receipt"
    return Extended
