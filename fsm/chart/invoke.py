"""Invokes: long work that a state owns and that runs beside the machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Generic, NoReturn

from typing_extensions import TypeVar

from fsm.chart.declared import Declared
from fsm.chart.delay import Delay
from fsm.chart.edge import Edge, Target
from fsm.chart.event import Done, Failed
from fsm.chart.guard import Guard
from fsm.chart.state import Vertex
from fsm.chart.undo import Undo
from fsm.errors import DefinitionError

T = TypeVar("T")


class Invoke(Declared, Generic[T]):
    """Work started when its state is entered and cancelled when it is left; its result comes back as an event."""

    what = "invoke"

    def __init__(
        self,
        states: tuple[type[Vertex], ...],
        timeout: Delay | None,
        function: Callable[..., Any],
        machine: Any = None,
        forward: Any = (),
        over: Any = None,
    ) -> None:
        super().__init__(3)
        self.states, self.timeout, self.machine, self.forward = states, timeout, machine, forward
        self.over = over
        self.attach(function)

    def done(self, *, to: Target = None, when: Guard | None = None, reenter: bool = False) -> Edge[Done[T]]:
        """The edge taken when the work answered; a decorator when an action follows."""
        return Edge("answered", self, self.states, to=to, when=when, reenter=reenter)

    def failed(self, *, to: Target = None, when: Guard | None = None, reenter: bool = False) -> Edge[Failed]:
        """The edge taken when the work failed or ran out of time; a failure without one parks the instance."""
        return Edge("failed", self, self.states, to=to, when=when, reenter=reenter)

    def undo(self, function: Callable[[Any, T], object] | Callable[[Any], object]) -> Undo:
        """Decorates the method that takes back what the work has done: `(self, answer)` or `(self)`."""
        return Undo(self, function)


class InvokeDecorator(Declared):
    """What `invoke(Open)` gives: it makes an invoke of the method below it."""

    what = "invoke"

    def __init__(self, states: tuple[type[Vertex], ...], timeout: Delay | None) -> None:
        super().__init__(3)
        self.states, self.timeout = states, timeout

    def __call__(self, function: Callable[[Any], Awaitable[T]] | Callable[[Any, Any], Awaitable[T]]) -> Invoke[T]:
        self.used = True
        return Invoke(self.states, self.timeout, function)

    def done(self, **keywords: object) -> NoReturn:
        """Refused: it decorates no method yet."""
        raise DefinitionError("invoke", [f"{self.where}: an invoke without a method; write `@invoke(Open)` above it"])

    failed = done
