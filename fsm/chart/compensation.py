"""Compensation: a state whose work is to undo what the machine has done."""

from __future__ import annotations

from typing import Any

from fsm.chart.draft import Draft, foreign
from fsm.chart.invoke import Invoke
from fsm.chart.state import Vertex


class Compensation(Invoke[list[str]]):
    """The work of a compensating state: it answers with the names of what it has undone."""

    what = "compensate"
    of: tuple[Any, ...] = ()


def compensate(*states: type[Vertex], of: type[Vertex] | tuple[type[Vertex], ...] = ()) -> Compensation:
    """Undo what has been done, the last first, while a state is active; assign it: `undone = compensate(Undoing)`.

    What an invoke or an edge with `.undo` has done is kept with the instance, in the commit of its turn. The state runs
    the undo of each, one after the other; with `of=Open` only of what was done inside of Open. Each is recorded when it
    has ended, and runs again after a crash only if it had not. When one fails, the others are undone nevertheless; then
    `.failed` has the kind NotUndone, its `error.data` lists what is left, and entering the state again tries just that.

    >>> from fsm import Event, Final, State, StateMachine, edge, on
    >>> class Rent(Event): ...
    >>> class Cancel(Event): ...
    >>> class Trip(StateMachine):
    ...     class Open(State, initial=True): ...
    ...     class Undoing(State): ...
    ...     class Cancelled(Final): ...
    ...     @on(Rent, Open)
    ...     def rent(self, ev: Rent) -> None: print("car rented")
    ...     @rent.undo
    ...     def give_back(self, ev: Rent) -> None: print("car given back")
    ...     cancel = edge(Cancel, Open, to=Undoing)
    ...     undone = compensate(Undoing)
    ...     cancelled = undone.done(to=Cancelled)
    >>> r = Trip.rehearse()
    >>> _ = r.send(Rent()), r.send(Cancel()), r.settle()
    car rented
    car given back
    >>> r.configuration
    frozenset({'Cancelled'})
    """
    made = Compensation(states, None, nothing)
    made.function = None
    made.of = of if isinstance(of, tuple) else (of,)
    return made


def nothing(machine: Any, event: Any) -> None:
    """In the place of work that whoever runs the machine does itself."""


def places_undone(draft: Draft, item: Compensation) -> tuple[int, ...]:
    """The states inside of which a compensation undoes what was done; none stand for everything."""
    found, numbers = draft.found, list[int]()
    for state in item.of:
        here = found.numbers(state)
        if not here:
            found.at(item, "of=" + foreign(found, state, "a state"))
        numbers += here
    if not draft.undos:
        found.at(item, "nothing of this machine can be undone; declare how: `@charge.undo` above a method")
    return tuple(numbers)
