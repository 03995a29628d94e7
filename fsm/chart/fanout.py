"""Fan-out: an invoke whose method runs once for each item of a list that is known only when its state is entered."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, get_args

from typing_extensions import TypeVar

from fsm.chart import annotations as notes
from fsm.chart.chart import FanOut, Handler
from fsm.chart.collect import vars_of
from fsm.chart.declared import Declared, shown
from fsm.chart.delay import Delay
from fsm.chart.draft import Draft
from fsm.chart.event import Done, Failed
from fsm.chart.invoke import Invoke
from fsm.chart.state import Vertex
from fsm.limits import ITEMS_AT_ONCE

I = TypeVar("I")  # noqa: E741
I_co = TypeVar("I_co", covariant=True)
T = TypeVar("T")


class AllOf(Protocol[I_co]):
    """Makes an invoke that answers with the results, in the order of the items."""

    def __call__(self, function: Callable[[Any, I_co], Awaitable[T]], /) -> Invoke[list[T]]: ...


class FirstOf(Protocol[I_co]):
    """Makes an invoke that answers with the first result."""

    def __call__(self, function: Callable[[Any, I_co], Awaitable[T]], /) -> Invoke[T]: ...


class EachOf(Protocol[I_co]):
    """Makes an invoke that answers with what became of each item, in their order."""

    def __call__(self, function: Callable[[Any, I_co], Awaitable[T]], /) -> Invoke[list[Done[T] | Failed]]: ...


@dataclass(frozen=True, slots=True)
class Over:
    """What `invoke(Open, each=…)` says about its items, as it stands there."""

    each: Any
    limit: Any
    join: Any
    failures: Any


class FanOutDecorator(Declared):
    """What `invoke(Open, each=…)` gives: the method below it does the work for one item."""

    what = "invoke"

    def __init__(self, states: tuple[type[Vertex], ...], timeout: Delay | None, machine: Any, over: Over) -> None:
        super().__init__(3)
        self.states, self.timeout, self.machine, self.over = states, timeout, machine, over

    def __call__(self, function: Callable[[Any, Any], Awaitable[Any]]) -> Invoke[Any]:
        self.used = True
        return Invoke(self.states, self.timeout, function, self.machine, over=self.over)


def each_of(draft: Draft, over: Over) -> Any:
    """What gives the items: a method that a subclass overrides by name counts in its place."""
    name = getattr(over.each, "__name__", "")
    machine = draft.found.machine
    mine = any(vars(base).get(name) is over.each for base in machine.__mro__)
    return vars_of(machine, name) if mine else over.each


def fan_out(draft: Draft, item: Invoke[Any], each: Handler | None, element: Any, gives: Any) -> FanOut | None:
    """How an invoke runs over its items; `element` is what its method takes, `gives` what it answers for one."""
    found, over = draft.found, item.over
    if item.machine is not None:
        found.at(item, "each= and machine= at once; let the method spawn, or invoke one child for all")
    if over.each is None:
        found.at(item, "limit=, join= and failures= are for items; say each= which, or take them away")
        return None
    if over.limit is not None and not _counts(over.limit):
        found.at(item, f"limit={shown(over.limit)} is not how many items may run at once; write a number from 1")
    if over.join not in ("all", "any") and not _counts(over.join):
        found.at(item, f"join={shown(over.join)}: write 'all', 'any', or how many successes are enough")
    if over.failures not in ("stop", "keep") or (over.failures == "keep" and over.join != "all"):
        found.at(item, f"failures={shown(over.failures)}: write 'stop'; or 'keep', which goes with join='all' only")
    if each is None:
        return None
    _check_each(draft, item, each, element)
    result = gives if gives is not notes.UNKNOWN else Any
    return FanOut(
        each,
        over.limit or ITEMS_AT_ONCE,
        over.join,
        over.failures == "keep",
        element if element is not notes.UNKNOWN else Any,
        result,
    )


def _counts(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _check_each(draft: Draft, item: Invoke[Any], each: Handler, element: Any) -> None:
    found, function = draft.found, item.function
    if function is not None and len(notes.parameters(function) or ()) < 2:
        found.at(item, f"{function.__name__} takes no item; write it as (self, item)")
    if not each.short or inspect.iscoroutinefunction(each.function):
        found.at(item, f"each={each.name} is to take (self) alone, call nobody and return a list; write it with def")
    given = notes.return_annotation(each.function, draft.names)
    inner = get_args(given)[:1]
    if inner and not notes.covers(element, inner[0]):
        names = notes.name_of(inner[0]), notes.name_of(element)
        found.at(item, f"each={each.name} gives items of {names[0]}, the method takes {names[1]}; let them agree")


def result_of(fan: FanOut) -> Any:
    """The type that the whole invoke answers with."""
    gives: Any = fan.gives
    if fan.keep:
        return list[Done[gives] | Failed]
    return gives if fan.join == "any" else list[gives]
