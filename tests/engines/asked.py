"""A machine that asks a person."""

from __future__ import annotations

from fsm import Context, Event, Final, State, StateMachine, edge
from fsm.people import Completed, human


class Recall(Event):
    """Never mind."""


class Opinion(Context):
    """Yes or no."""

    yes: bool = True


class Case(Context):
    """What is asked."""

    by: str = ""


class Asked(StateMachine[Case, Recall]):
    """Waits for somebody."""

    class Review(State, initial=True): ...

    class Late(State): ...

    class Over(Final): ...

    @human(Review, form=Opinion, assignee="credit", due="300ms")
    def approve(self) -> str:
        return "May it?"

    @approve.done(to=Over)
    def done(self, ev: Completed[Opinion]) -> None:
        self.ctx.by = ev.by

    late = approve.overdue(to=Late)
    recalled = edge(Recall, Late, to=Review)
