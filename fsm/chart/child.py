"""`invoke`: work that a state owns, or a child machine that lives as long as the state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, Literal, overload

from fsm.chart.declared import Declared
from fsm.chart.delay import Delay
from fsm.chart.event import Event
from fsm.chart.fanout import AllOf, EachOf, FanOutDecorator, FirstOf, I, Over
from fsm.chart.invoke import Invoke, InvokeDecorator
from fsm.chart.machine import C, E, Machine, O
from fsm.chart.state import Vertex


class ChildDecorator(Declared, Generic[C, O]):
    """What `invoke(Open, machine=Child)` gives: the method below it makes the data that the child starts with."""

    what = "invoke"

    def __init__(
        self, states: tuple[type[Vertex], ...], timeout: Delay | None, machine: Any, forward: Sequence[type[Event]]
    ) -> None:
        super().__init__(3)
        self.states, self.timeout, self.machine = states, timeout, machine
        self.forward = tuple(forward) if isinstance(forward, (list, tuple)) else forward

    def __call__(self, function: Callable[[Any], C | None] | Callable[[Any, Any], C | None]) -> Invoke[O]:
        self.used = True
        return Invoke(self.states, self.timeout, function, self.machine, self.forward)


@overload
def invoke(*states: type[Vertex], timeout: Delay | None = None) -> InvokeDecorator: ...
@overload
def invoke(
    *states: type[Vertex],
    machine: type[Machine[C, E, O]],
    forward: Sequence[type[Event]] = (),
    timeout: Delay | None = None,
) -> ChildDecorator[C, O]: ...
@overload
def invoke(
    *states: type[Vertex],
    each: Callable[[Any], Sequence[I]],
    limit: int = ...,
    join: Literal["all"] | int = "all",
    failures: Literal["stop"] = "stop",
    timeout: Delay | None = None,
) -> AllOf[I]: ...
@overload
def invoke(
    *states: type[Vertex],
    each: Callable[[Any], Sequence[I]],
    limit: int = ...,
    join: Literal["any"],
    timeout: Delay | None = None,
) -> FirstOf[I]: ...
@overload
def invoke(
    *states: type[Vertex],
    each: Callable[[Any], Sequence[I]],
    limit: int = ...,
    failures: Literal["keep"],
    timeout: Delay | None = None,
) -> EachOf[I]: ...
def invoke(
    *states: type[Vertex],
    machine: Any = None,
    forward: Sequence[type[Event]] = (),
    timeout: Delay | None = None,
    each: Any = None,
    limit: Any = None,
    join: Any = "all",
    failures: Any = "stop",
) -> Any:
    """Run the decorated method while a state is active; it works on a private copy of the context.

    Its result arrives as `.done`, its exception or timeout as `.failed`. After a crash it runs again, and the
    calls that it had finished are answered from the journal.

    With `machine=` a child machine runs instead. The method, a plain one that calls no service, gives the data that it
    starts with, or None for their defaults; its output arrives as `.done`; events of the classes in `forward` are
    handed on to it; it is cancelled when the state is left.

    With `each=` the method takes `(self, item)` and runs for each item of a list that a method or lambda of `(self)`
    makes when the state is entered, `limit` of them at once. `.done` has the results in the order of the items; the
    first failure cancels the others. `join="any"` is content with the first success, `join=n` with n of them;
    `failures="keep"` stops at nothing and answers with a `Done` or `Failed` for each item. Items that have ended are
    not repeated after a crash. Raises ItemsInvalid when the state is entered and there is no such list.

    >>> from fsm import Event, Final, State, StateMachine, edge
    >>> class Packed(Event): ...
    >>> class Parcel(StateMachine):
    ...     class Open(State, initial=True): ...
    ...     class Closed(Final): ...
    ...     close = edge(Packed, Open, to=Closed)
    >>> class Order(StateMachine):
    ...     class Packing(State, initial=True): ...
    ...     class Shipped(Final): ...
    ...     @invoke(Packing, machine=Parcel, forward=[Packed])
    ...     def parcel(self): return None
    ...     shipped = parcel.done(to=Shipped)
    >>> r = Order.rehearse()
    >>> _ = r.send(Packed())
    >>> r.configuration
    frozenset({'Shipped'})
    """
    if (each, limit, join, failures) != (None, None, "all", "stop"):
        return FanOutDecorator(states, timeout, machine, Over(each, limit, join, failures))
    if machine is None:
        return InvokeDecorator(states, timeout)
    return ChildDecorator(states, timeout, machine, forward)
