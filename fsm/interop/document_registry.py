"""The registry of a document: the functions, contracts and contexts that its names stand for."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fsm.chart import annotations as notes
from fsm.chart.chart import Handler, Service
from fsm.chart.context import Context
from fsm.chart.declared import shown
from fsm.chart.event import ActionFailed, Done, Event, Failed, Problem, Signal, known_events
from fsm.chart.guard import Predicate
from fsm.chart.machine import Machine

_TAKEN = frozenset({*dir(Machine), *Machine.__annotations__})
"""What a machine has itself."""


class Registry:
    """Finds what the names of a document stand for. Every method raises ValueError with what to do."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def handler(self, name: str, where: str) -> Handler:
        """A function in the form (machine, event)."""
        function = self._find(name)
        if isinstance(function, Predicate):
            function = function.function
        parameters = notes.parameters(function) if callable(function) and not isinstance(function, type) else None
        if parameters is None or inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise ValueError(
                f"{name!r} is registered as {shown(function)}; register a function of (self) or (self, ev)"
            )
        needed = sum(1 for p in parameters if p.default is p.empty)
        if not parameters or needed > 2:
            raise ValueError(f"{name!r} takes {len(parameters)} parameters; a handler takes (self) or (self, ev)")
        return Handler(name, _call(function, len(parameters)), function, where)

    def context(self, name: str) -> type[Context]:
        """The class of a context."""
        found = self._find(name)
        if not (isinstance(found, type) and issubclass(found, Context)):
            raise ValueError(f"{name!r} is registered as {shown(found)}; register a subclass of fsm.Context")
        return found

    def service(self, attribute: str, name: str) -> Service:
        """The contract of a service, which handlers reach as an attribute of their machine."""
        if not attribute.isidentifier() or attribute.startswith("_") or attribute in _TAKEN:
            raise ValueError(
                f"a service cannot be called {attribute!r}; use a name that a machine does not have itself"
            )
        if isinstance(self._given, Anything):
            return Service(attribute, type(name, (), {}))
        found = self._find(name)
        if not isinstance(found, type) or not notes.methods_of(found):
            raise ValueError(f"{name!r} is registered as {shown(found)}; register a Protocol with methods")
        returns = {m: notes.return_annotation(function, {}) for m, function in notes.methods_of(found).items()}
        return Service(attribute, found, returns)

    def _find(self, name: str) -> Any:
        try:
            return self._given[name]
        except KeyError:
            near = difflib.get_close_matches(name, list(self._given), 1)
            fix = f"did you mean {near[0]!r}?" if near else f"pass registry={{{name!r}: …}}"
            raise ValueError(f"no {name!r} is registered; {fix}") from None


class Anything(Mapping[str, Any]):
    """A registry in which every function is found: enough to check and draw a document, not to run it."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return _unknown

    def __iter__(self) -> Iterator[str]:
        return iter(self.asked)

    def __len__(self) -> int:
        return len(self.asked)


def _unknown(machine: Any) -> None:
    raise LookupError("this machine was made to be looked at; give from_chart() a registry to run it")


def _call(function: Callable[..., Any], parameters: int) -> Callable[[Any, Any], Any]:
    """The function in the form (machine, event), its event in the type that it asks for."""
    if parameters == 1:
        return lambda machine, event: function(machine)
    classes = tuple(
        part
        for part in notes.members(notes.event_annotation(function, {}))
        if isinstance(part, type) and issubclass(part, Event) and part not in (Event, Signal)
    )
    return (lambda machine, event: function(machine, received(event, classes))) if classes else function


def received(event: Event, classes: tuple[type[Event], ...]) -> Event:
    """A signal as the event class that a function asks for; the signal itself where none fits.

    >>> class Pay(Event):
    ...     amount: int
    >>> received(Signal(name="Pay", data={"amount": 3}), (Pay,))
    Pay(amount=3)
    """
    if not isinstance(event, Signal):
        return event
    data = event.data
    for wanted in classes:
        if issubclass(wanted, Done) and event.name.startswith("done."):
            return wanted(data=data, source=event.invoke or event.name.removeprefix("done.state."))
        if issubclass(wanted, Failed) and event.name.startswith("error.invoke."):
            return wanted(error=Problem.model_validate(data), source=event.invoke)
        if issubclass(wanted, ActionFailed) and event.name == ActionFailed.__wire__:
            source = data.get("source", "") if isinstance(data, dict) else ""
            return wanted(error=Problem.model_validate(data), source=source)
        named = known_events((wanted,)).get(event.name)
        if named is not None:
            return named.model_validate({} if data is None else data)
    return event
