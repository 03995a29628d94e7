"""A machine in several editions, for the tests of changing code under running work."""

from __future__ import annotations

from typing import Any, Protocol

from fsm import Context, Done, Event, Final, History, Migration, State, StateMachine, after, edge, invoke, on


class Go(Event):
    """On with it."""


class Back(Event):
    """To where it was."""


class Stop(Event):
    """Out of it."""


class Desk(Protocol):
    """Who is asked."""

    async def ask(self, what: str) -> str: ...


class Cents(Context):
    """The data of the first edition."""

    cents: int = 0
    log: list[str] = []


class Euros(Context):
    """The data of the second."""

    euros: float
    log: list[str] = []


class First(StateMachine[Cents, Go | Back | Stop], name="Order", version=1):
    """As it was."""

    desk: Desk

    class Cart(State, initial=True): ...

    class Work(State):
        class Ask(State, initial=True):
            tries: int = 0

        class Wait(State): ...

        class Last(History): ...

    class Away(State): ...

    class Sold(Final): ...

    @on(Go, Cart, to=Work)
    def begin(self) -> None:
        self.ctx.cents = 250

    @invoke(Work.Ask)
    async def quote(self) -> str:
        return await self.desk.ask(f"{self.ctx.model_dump(exclude={'log'})}")

    @quote.done(to=Work.Wait)
    def keep(self, ev: Done[str]) -> None:
        self.ctx.log.append(ev.data)

    late = after("1h", Work.Wait, to=Away)
    stop = edge(Stop, Work, to=Away)
    back = edge(Back, Away, to=Work.Last)
    sold = edge(Go, Work.Wait, to=Sold)


def euros(data: dict[str, Any]) -> dict[str, Any]:
    """The data of the first edition as the second has them."""
    return {"euros": data.pop("cents") / 100, **data}


RENAMED = Migration(
    "1", {"Cart": "Open", "Work": "Sale.Work", "Away": "Aside"}, context=euros, timers={"late": "bored"}
)


class Second(StateMachine[Euros, Go | Back | Stop], name="Order", version=2, migrations=(RENAMED,)):
    """As it is now: other names, one level more, other data."""

    desk: Desk

    class Open(State, initial=True): ...

    class Sale(State):
        class Work(State, initial=True):
            class Ask(State, initial=True):
                tries: int = 0

            class Wait(State): ...

            class Last(History): ...

    class Aside(State): ...

    class Sold(Final): ...

    @on(Go, Open, to=Sale)
    def begin(self) -> None:
        self.ctx.euros = 2.5

    @invoke(Sale.Work.Ask)
    async def quote(self) -> str:
        return await self.desk.ask(f"{self.ctx.model_dump(exclude={'log'})}")

    @quote.done(to=Sale.Work.Wait)
    def keep(self, ev: Done[str]) -> None:
        self.ctx.log.append(ev.data)

    bored = after("1h", Sale.Work.Wait, to=Aside)
    stop = edge(Stop, Sale, to=Aside)
    back = edge(Back, Aside, to=Sale.Work.Last)
    sold = edge(Go, Sale.Work.Wait, to=Sold)


class Wider(StateMachine[Cents, Go | Back | Stop], name="Order", version=2):
    """Everything of the first, and a state more: it needs no migration."""

    desk: Desk

    class Cart(State, initial=True): ...

    class Work(State):
        class Ask(State, initial=True):
            tries: int = 0

        class Wait(State): ...

        class Last(History): ...

    class Away(State): ...

    class Sold(Final): ...

    class Lent(Final): ...

    @invoke(Work.Ask)
    async def quote(self) -> str:
        return await self.desk.ask("again")

    begin = edge(Go, Cart, to=Work)
    asked = quote.done(to=Work.Wait)
    late = after("1h", Work.Wait, to=Away)
    stop = edge(Stop, Work, to=Away)
    back = edge(Back, Away, to=Work.Last)
    sold = edge(Go, Work.Wait, to=Sold)
    lent = edge(Stop, Cart, to=Lent)


class Strange(StateMachine[Cents, Go | Back | Stop], name="Order", version=2):
    """Other names, and nobody said which is which."""

    class Fresh(State, initial=True): ...

    class Sold(Final): ...

    sold = edge(Go, Fresh, to=Sold)


class Third(
    StateMachine[Cents, Go | Back | Stop],
    name="Order",
    version=3,
    migrations=(
        Migration("2", {"Old.Ask": "Fresh", "Old.Wait": "Fresh", "Cart": "Fresh"}, ends=("quote", "late")),
        Migration("1", {"Work": "Old"}),
    ),
):
    """Two steps on; nobody is asked any more."""

    class Fresh(State, initial=True): ...

    class Sold(Final): ...

    sold = edge(Stop, Fresh, to=Sold)
