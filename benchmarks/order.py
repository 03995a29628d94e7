"""The workflow of the durable cases: an order of about 1 KB, changed a little by every step."""

from __future__ import annotations

from fsm import Context, Event, State, StateMachine, on


class Next(Event):
    """The one event of the durable cases."""


class Customer(Context):
    """Who ordered."""

    name: str = "Ada Lovelace"
    mail: str = "ada@example.org"
    tier: str = "gold"


class Line(Context):
    """One line of the order."""

    sku: str
    qty: int
    price: float
    note: str = "deliver before noon"


def lines(count: int) -> list[Line]:
    """So many lines."""
    return [Line(sku=f"SKU-{k:05d}", qty=k + 1, price=19.99 + k) for k in range(count)]


class Placed(Context):
    """The order: about 1 KB as JSON."""

    n: int = 0
    id: str = "ord-000123"
    customer: Customer = Customer()
    lines: list[Line] = lines(10)
    history: list[str] = ["created", "validated", "paid", "packed"]
    flags: dict[str, bool] = {"fragile": True, "gift": False}
    total: float = 249.5


class Order(StateMachine[Placed, Next]):
    """Three states in a ring."""

    class A(State, initial=True): ...

    class B(State): ...

    class C(State): ...

    @on(Next, A, to=B)
    def ab(self) -> None:
        """Change the order."""
        self.ctx.n += 1
        self.ctx.total += 1

    @on(Next, B, to=C)
    def bc(self) -> None:
        """Change the order."""
        self.ctx.n += 1
        self.ctx.total += 1

    @on(Next, C, to=A)
    def ca(self) -> None:
        """Change the order."""
        self.ctx.n += 1
        self.ctx.total += 1
