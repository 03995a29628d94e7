"""Human tasks: work of a state that a person does, by filling in a form."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any, Generic, NoReturn

from pydantic import BaseModel
from typing_extensions import TypeVar

from fsm.chart import annotations as notes
from fsm.chart.chart import Person
from fsm.chart.declared import Declared, shown
from fsm.chart.delay import Delay, delay_ms
from fsm.chart.draft import Draft
from fsm.chart.edge import Edge, Target
from fsm.chart.event import Completed, Event
from fsm.chart.guard import Guard
from fsm.chart.methods import adapt, own, returned
from fsm.chart.state import Vertex
from fsm.errors import DefinitionError

F = TypeVar("F", bound=BaseModel)
Assignee = str | Callable[[Any], str]


class Human(Declared, Generic[F]):
    """A task for a person: opened when its state is entered, withdrawn when it is left, answered by a filled form."""

    what = "human task"

    def __init__(
        self, states: tuple[type[Vertex], ...], form: Any, assignee: Any, due: Delay | None, function: Any
    ) -> None:
        super().__init__(3)
        self.states, self.form, self.assignee, self.due = states, form, assignee, due
        self.attach(function)

    def done(self, *, to: Target = None, when: Guard | None = None, reenter: bool = False) -> Edge[Completed[F]]:
        """The edge taken when somebody has completed the task; a decorator when an action follows."""
        return Edge("answered", self, self.states, to=to, when=when, reenter=reenter)

    def overdue(self, *, to: Target = None, when: Guard | None = None, reenter: bool = False) -> Edge[Event]:
        """The edge taken when the task is due and nobody has completed it; a timer of the state."""
        return Edge("overdue", self, self.states, to=to, when=when, reenter=reenter)


class HumanDecorator(Declared, Generic[F]):
    """What `human(Review, form=Verdict)` gives: the method below it says what the person is to do."""

    what = "human task"

    def __init__(self, states: tuple[type[Vertex], ...], form: Any, assignee: Any, due: Delay | None) -> None:
        super().__init__(3)
        self.states, self.form, self.assignee, self.due = states, form, assignee, due

    def __call__(self, function: Callable[[Any], str | None] | Callable[[Any, Any], str | None]) -> Human[F]:
        self.used = True
        return Human(self.states, self.form, self.assignee, self.due, function)

    def done(self, **keywords: object) -> NoReturn:
        """Refused: it decorates no method yet."""
        raise DefinitionError(
            "human", [f"{self.where}: a human task without a method; write `@human(Review, form=Verdict)` above it"]
        )

    overdue = done


def human(*states: type[Vertex], form: type[F], assignee: Assignee = "", due: Delay | None = None) -> HumanDecorator[F]:
    """Ask a person while a state is active; the decorated plain method gives the text that says what is to be done.

    The answer is a filled `form`, a pydantic model; it arrives as `.done`, a `Completed[form]`,
    which says by whom. `assignee` names a person or
    a group, or is a function of the machine that does; empty is everybody. `due` is counted from the entry, by the
    business calendar where there is one: then `.overdue` is taken, and without it the task is only shown as overdue.

    >>> from pydantic import BaseModel
    >>> from fsm import Done, Final, State, StateMachine
    >>> class Verdict(BaseModel):
    ...     approve: bool
    >>> class Loan(StateMachine):
    ...     class Review(State, initial=True): ...
    ...     class Decided(Final): ...
    ...     @human(Review, form=Verdict, assignee="credit", due="2d")
    ...     def review(self) -> str: return "A loan of 900"
    ...     @review.done(to=Decided)
    ...     def decided(self, ev: Done[Verdict]) -> None: print("approved:", ev.data.approve)
    >>> r = Loan.rehearse()
    >>> [(task.name, task.assignee, task.text) for task in r.tasks]
    [('review', 'credit', 'A loan of 900')]
    >>> _ = r.complete("review", Verdict(approve=True), by="ann")
    approved: True
    """
    return HumanDecorator(states, form, assignee, due)


def humans(draft: Draft) -> None:
    """Give the states their human tasks, and report what is wrong with them."""
    for item in draft.found.declarations:
        if isinstance(item, Human):
            made, person = adapt(draft.found, item, item.function), _person(draft, item)
            if made is None or person is None:
                own(draft, item)
            else:
                own(draft, item, work=made, result=item.form, person=person)
        elif isinstance(item, HumanDecorator):
            draft.found.at(item, "decorates nothing; write it above the method that gives the text")


def _person(draft: Draft, item: Human[Any]) -> Person | None:
    found, due_ms, schema = draft.found, None, ""
    try:
        due_ms = None if item.due is None else delay_ms(item.due)
    except ValueError as wrong:
        found.at(item, f"due: {wrong}")
    if not (isinstance(item.form, type) and issubclass(item.form, BaseModel)):
        found.at(item, f"form={shown(item.form)} is not a form; name a pydantic model, such as a subclass of Context")
        return None
    try:
        schema = json.dumps(item.form.model_json_schema())
    except Exception as problem:  # whatever pydantic has against a field is a mistake of the definition
        found.at(item, f"form: {item.form.__name__} cannot be filled in: {problem}; give it fields that JSON can carry")
    if not (callable(item.assignee) or isinstance(item.assignee, str)):
        found.at(item, f"assignee={shown(item.assignee)} names nobody; write text, or a function of self that gives it")
    if inspect.iscoroutinefunction(item.function) or inspect.iscoroutinefunction(item.assignee):
        found.at(item, "is opened within its turn and waits for nothing; write def, and take what it needs from ctx")
    if not notes.covers(str | None, returned(draft, item)):
        found.at(item, f"gives {notes.name_of(returned(draft, item))}, but a person reads text; return a str")
    who: Any = item.assignee
    label = getattr(who, "__name__", "")
    if isinstance(who, str):
        return Person(item.form, schema, lambda machine: who, due_ms, who)
    return Person(item.form, schema, who, due_ms, "" if label == "<lambda>" else label)
