"""Guards: questions that decide whether a transition may be taken."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Any, Protocol, Self, overload

from fsm.chart.declared import remember, shown
from fsm.chart.state import Vertex
from fsm.errors import DefinitionError, HandlerMisuse

Question = Callable[[Any, Any], Any]
"""A guard ready to be asked: (machine, event) -> answer, or an awaitable of it."""


class HasContext(Protocol):
    """Whatever has a context: the `self` of handlers, and no dataclass that keeps a guard."""

    ctx: Any


class Guard:
    """A question; combine with `&`, `|` and `~`. Made by `@guard` and `in_state`.

    >>> from fsm import guard
    >>> yes = guard(lambda self: True)
    >>> (yes & ~yes).label
    '<lambda> and not <lambda>'

    Parts are asked from left to right and only as far as needed.
    """

    label: str = ""
    strength: int = 3

    def __and__(self, other: Guard) -> Guard:
        return Both(self, _part(other))

    def __or__(self, other: Guard) -> Guard:
        return Either(self, _part(other))

    def __rand__(self, other: Guard) -> Guard:
        return Both(_part(other), self)

    def __ror__(self, other: Guard) -> Guard:
        return Either(_part(other), self)

    def __invert__(self) -> Guard:
        return Not(self)

    def __bool__(self) -> bool:
        raise DefinitionError(
            self.label,
            ["a guard has no truth value in the class body; combine guards with & | ~, not with and, or, not, if"],
        )

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: HasContext, owner: type) -> Callable[..., Any]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Self: ...
    def __get__(self, instance: object, owner: type) -> Self | Callable[..., Any]:
        """The guard, of a class; of a machine that moves, what a handler may call."""
        return self if instance is None else partial(self._called, instance)

    def _called(self, machine: object, *given: object, **more: object) -> Any:
        raise HandlerMisuse(
            f"the guard `{self.label}` was called, and is no method: call the methods that it is made of, each by its"
            f" name. in_state is asked only in when="
        )

    def within(self, strength: int) -> str:
        """The label, in parentheses where a stronger operator surrounds it."""
        return f"({self.label})" if self.strength < strength else self.label


class NotAGuard(Guard):
    """Something else in the place of a guard, kept so that the mistake is reported with all others."""

    def __init__(self, value: object) -> None:
        self.value = value
        self.label = getattr(value, "__name__", None) or shown(value)


def _part(value: object) -> Guard:
    return value if isinstance(value, Guard) else NotAGuard(value)


class Predicate(Guard):
    """A guard that asks a function of the user's."""

    file, line = "", 0
    direct: Callable[[Any], Any] | None = None
    """The same question for the machine alone, where it does not look at the event."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.resolved: dict[str, Any] = {}
        self.label = getattr(function, "__name__", None) or shown(function)
        self.__doc__ = getattr(function, "__doc__", None)

    def _called(self, machine: object, *given: object, **more: object) -> Any:
        answer = self.function(machine, *given, **more)
        return Waiting(self.label, answer) if inspect.isawaitable(answer) else answer


class Waiting:
    """The answer of an asynchronous guard that a handler has called; forgetting to await it is no yes."""

    def __init__(self, label: str, answer: Awaitable[Any]) -> None:
        self._label, self._answer = label, answer

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._answer.__await__()

    def __bool__(self) -> bool:
        if inspect.iscoroutine(self._answer):
            self._answer.close()
        raise HandlerMisuse(f"{self._label} is asynchronous: write `await self.{self._label}(…)`")


class InState(Guard):
    """A guard that asks the configuration before the step; answered without running anything."""

    def __init__(self, state: type[Vertex] | str) -> None:
        self.state = state
        self.label = f"in {state if isinstance(state, str) else getattr(state, '__name__', None) or shown(state)}"


class Both(Guard):
    """Left, and then right."""

    strength = 2

    def __init__(self, left: Guard, right: Guard) -> None:
        self.left, self.right = left, right
        self.label = f"{left.within(2)} and {right.within(2)}"


class Either(Guard):
    """Left, or else right."""

    strength = 1

    def __init__(self, left: Guard, right: Guard) -> None:
        self.left, self.right = left, right
        self.label = f"{left.within(1)} or {right.within(1)}"


class Not(Guard):
    """The opposite."""

    def __init__(self, inner: Guard) -> None:
        self.inner = inner
        self.label = f"not {inner.within(3)}"


def guard(
    function: Callable[[Any], bool | Awaitable[bool]] | Callable[[Any, Any], bool | Awaitable[bool]],
) -> Guard:
    """Make a method a guard: `def` or `async def`, taking `(self)` or `(self, ev)`; it may call services.

    A guard that raises fails the turn: nothing is taken, a durable instance is parked. Handlers and other guards may
    call it like any method.
    """
    made, frame = Predicate(function), sys._getframe(1)
    made.file, made.line = remember(made, frame)
    return made


def in_state(state: type[Vertex]) -> Guard:
    """A guard that holds while the state is active."""
    return InState(state)


def parts(guard: Guard) -> list[Guard]:
    """The leaves of a guard expression, from left to right."""
    match guard:
        case Both() | Either():
            return [*parts(guard.left), *parts(guard.right)]
        case Not():
            return parts(guard.inner)
        case _:
            return [guard]


def fold(
    guard: Guard, inside: Callable[[type[Vertex] | str], bool], ask: Callable[[Predicate], Question]
) -> bool | Question:
    """What is left of a guard in one configuration: an answer, or one function to ask."""
    match guard:
        case InState():
            return inside(guard.state)
        case Predicate():
            return ask(guard)
        case Not():
            inner = fold(guard.inner, inside, ask)
            return (not inner) if isinstance(inner, bool) else _negate(inner)
        case Both() | Either():
            decided_by = isinstance(guard, Either)
            left = fold(guard.left, inside, ask)
            if isinstance(left, bool):
                return left if left is decided_by else fold(guard.right, inside, ask)
            right = fold(guard.right, inside, ask)
            return _chain(left, right, decided_by)
        case _:
            raise TypeError(f"{type(guard).__name__} is not a guard")


def _negate(inner: Question) -> Question:
    def negated(machine: Any, event: Any) -> Any:
        answer = inner(machine, event)
        return _later(answer, lambda known: not known) if inspect.isawaitable(answer) else not answer

    return negated


def _chain(left: Question, right: bool | Question, decided_by: bool) -> Question:
    def then(known: Any, machine: Any, event: Any) -> Any:
        if bool(known) is decided_by:
            return decided_by
        return right if isinstance(right, bool) else right(machine, event)

    def chained(machine: Any, event: Any) -> Any:
        answer = left(machine, event)
        if inspect.isawaitable(answer):
            return _later(answer, lambda known: then(known, machine, event))
        return then(answer, machine, event)

    return chained


async def _later(answer: Awaitable[Any], then: Callable[[Any], Any]) -> bool:
    result = then(await answer)
    return bool(await result if inspect.isawaitable(result) else result)
