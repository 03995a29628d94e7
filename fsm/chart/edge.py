"""Edges: transitions as they are declared in a class body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Generic

from typing_extensions import TypeVar

from fsm.chart.declared import Declared
from fsm.chart.delay import Delay
from fsm.chart.event import Done, Event
from fsm.chart.guard import Guard
from fsm.chart.state import History, Parallel, State, Vertex
from fsm.chart.undo import Undo

E = TypeVar("E", bound=Event)
E_contra = TypeVar("E_contra", bound=Event, contravariant=True)
Target = type[Vertex] | tuple[type[Vertex], ...] | None
Action = Callable[[Any, E], None | Awaitable[None]] | Callable[[Any], None | Awaitable[None]]


class Edge(Declared, Generic[E]):
    """A transition by itself, and a decorator when an action follows."""

    what = "edge"

    def __init__(
        self,
        trigger: str,
        subject: Any,
        sources: tuple[type[Vertex], ...],
        *,
        to: Target,
        when: Guard | None,
        reenter: bool = False,
        depth: int = 3,
    ) -> None:
        super().__init__(depth)
        self.trigger, self.subject, self.sources = trigger, subject, sources
        self.targets = to if isinstance(to, tuple) else () if to is None else (to,)
        self.when, self.reenter = when, reenter

    def __call__(self, action: Action[E]) -> Edge[E]:
        """Give the transition its action: `def` or `async def`, taking `(self, ev)` or `(self)`."""
        self.attach(action)
        return self

    def undo(self, function: Callable[[Any, E], object] | Callable[[Any], object]) -> Undo:
        """Decorates the method that takes back what the action has done: `(self, ev)` or `(self)`."""
        return Undo(self, function)


def on(
    event: type[E],
    *sources: type[Vertex],
    to: Target = None,
    when: Guard | None = None,
    reenter: bool = False,
) -> Edge[E]:
    """A transition with an action: decorates the method that runs when the event takes it.

    >>> from fsm import Event, Final, State, StateMachine, on
    >>> class Go(Event): ...
    >>> class Lamp(StateMachine):
    ...     class Off(State, initial=True): ...
    ...     class On(Final): ...
    ...     @on(Go, Off, to=On)
    ...     def light(self, ev: Go) -> None: print("light")
    >>> _ = Lamp.rehearse().send(Go())
    light

    An edge on a base class takes its subclasses. Without `to` nothing is exited; without a source it belongs to
    the whole machine. The first edge in declaration order whose guard holds is taken, inner states before outer.
    """
    return Edge("event", event, sources, to=to, when=when, reenter=reenter)


def edge(
    event: type[E],
    *sources: type[Vertex],
    to: Target = None,
    when: Guard | None = None,
    reenter: bool = False,
) -> Edge[E]:
    """A transition without an action; assign it: `cancel = edge(Cancel, Open, to=Cancelled)`."""
    return Edge("event", event, sources, to=to, when=when, reenter=reenter)


def after(
    delay: Delay, *sources: type[Vertex], to: Target = None, when: Guard | None = None, reenter: bool = False
) -> Edge[Event]:
    """A transition that time takes: the state was active for the delay without a break.

    The timer is durable: due while the process was down, it fires once, at once, after the restart.
    """
    return Edge("after", delay, sources, to=to, when=when, reenter=reenter)


def always(*sources: type[Vertex], to: Target = None, when: Guard | None = None, reenter: bool = False) -> Edge[Event]:
    """A transition that needs no event: taken as soon as its guard holds."""
    return Edge("always", None, sources, to=to, when=when, reenter=reenter)


def all_done(
    state: type[State] | type[Parallel],
    *,
    to: Target = None,
    when: Guard | None = None,
    reenter: bool = False,
) -> Edge[Done[Any]]:
    """A transition taken when a composite reached its final state, a parallel one in all regions."""
    return Edge("done", state, (state,), to=to, when=when, reenter=reenter)


def default(history: type[History], *, to: Target) -> Edge[Event]:
    """Where a history state leads as long as nothing is recorded."""
    return Edge("default", history, (history,), to=to, when=None)


class Deferral(Declared):
    """Events that wait while a state is active."""

    what = "defer"

    def __init__(self, event: Any, states: tuple[type[Vertex], ...]) -> None:
        super().__init__(3)
        self.event, self.states = event, states


def defer(event: type[Event], *states: type[Vertex]) -> Deferral:
    """Keep events of a class for later while a state is active; assign it: `later = defer(Pay, Checking)`.

    The state's own edges and those of its children come first; edges of its ancestors have to wait. A kept event is
    offered again, oldest first, whenever the configuration changes; it is as durable as everything else.
    """
    return Deferral(event, states)
