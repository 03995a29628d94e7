"""States for the machines of other modules; what their annotations name is known here alone."""

from __future__ import annotations

from fsm import Context, State


class Money(Context):
    cents: int = 5


class Priced(State):
    price: Money = Money()
