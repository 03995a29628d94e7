"""Handlers that belong to a state: its entry, its exit, its output."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Generic

from typing_extensions import TypeVar

from fsm.chart.declared import Declared
from fsm.chart.state import Choice, Final, Vertex

R = TypeVar("R")
Method = Callable[[Any], R | Awaitable[R]] | Callable[[Any, Any], R | Awaitable[R]]


class Handler(Declared, Generic[R]):
    """A method bound to states by `on_enter`, `on_exit`, `choose` or `output`."""

    def __init__(self, what: str, states: tuple[type[Vertex], ...]) -> None:
        super().__init__(3)
        self.what, self.states = what, states

    def __call__(self, method: Method[R]) -> Handler[R]:
        self.attach(method)
        return self


def on_enter(*states: type[Vertex]) -> Handler[None]:
    """Run the decorated method when a state is entered; it takes `(self)` or `(self, ev)`."""
    return Handler("on_enter", states)


def on_exit(*states: type[Vertex]) -> Handler[None]:
    """Run the decorated method when a state is left; it takes `(self)` or `(self, ev)`."""
    return Handler("on_exit", states)


def choose(*choices: type[Choice]) -> Handler[Any]:
    """Decide where a choice leads: the method returns one of the states that its return annotation names.

    >>> from fsm import Choice, Final, State, StateMachine
    >>> class Order(StateMachine):
    ...     class Route(Choice, initial=True): ...
    ...     class Small(Final): ...
    ...     class Large(Final): ...
    ...     @choose(Route)
    ...     def route(self) -> type[Small] | type[Large]:
    ...         return self.Large if len(self.id) > 3 else self.Small
    >>> Order.rehearse(id="A-1").configuration
    frozenset({'Small'})

    It may call services; when it raises, or names anything else, the turn fails, as for a guard. Where several regions
    decide at once and their ways conflict, the earlier one goes first and the other is asked again.
    """
    return Handler("choose", choices)


def output(*states: type[Final]) -> Handler[Any]:
    """Compute what a final state gives: at the top level the machine's output, else the data of `all_done`."""
    return Handler("output", states)
