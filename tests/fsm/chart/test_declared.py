"""A declaration, seen from the class and from a machine that moves."""

from __future__ import annotations

import pytest

from fsm import Context, Event, State, StateMachine, on
from fsm.errors import HandlerMisuse


class Go(Event):
    """The event."""


class Counted(Context):
    """How often."""

    n: int = 0


class Lamp(StateMachine[Counted, Go]):
    """Tries to call one action out of another."""

    class Off(State, initial=True): ...

    class On(State): ...

    @on(Go, Off, to=On)
    def light(self, ev: Go) -> None:
        self.ctx.n += 1

    @on(Go, On)
    def again(self, ev: Go) -> None:
        with pytest.raises(HandlerMisuse, match=r"self\.light\(…\) was called, and is declared with edge at .*:28"):
            self.light(ev)


def test_what_is_declared_cannot_be_called_by_a_handler_and_says_where_it_stands() -> None:
    lamp = Lamp.rehearse(Counted())
    lamp.send(Go())
    lamp.send(Go())
    assert lamp.ctx.n == 1
    assert Lamp.light.what == "edge"
