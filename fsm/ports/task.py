"""A human task, as the row that is kept of it and as people see it.

open ──claim──▶ claimed ──complete──▶ completed
 │ ▲──release / reassign──┘ │              │ its state is left before the answer was taken
 └──────────────────────────┴──────────────┴──▶ withdrawn
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fsm.chart.chart import Chart
from fsm.core.asking import Asked
from fsm.core.calendar import Calendar, due_at

OPEN = ("open", "claimed")
"""The statuses of a task that somebody may still complete."""


CALLS = "call:"
"""How the name of a task begins that stands for a service call. `withdrawn` with it alone: all of a stay, if undone."""


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did with a task, and why."""

    verb: str
    by: str
    at: float
    to: str = ""
    """Of a reassignment: to whom."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """Work that waits for a person, or did."""

    id: str
    instance: str
    machine: str
    name: str
    """The name of the human task in its machine."""
    generation: int
    """That of the stay of its state: an answer for an earlier stay is never applied."""
    state: str
    form: str
    """JSON schema of the form, as it was when the task was opened."""
    text: str
    assignee: str
    opened: float
    due: float | None = None
    escalation: int = 0
    """How often it was given to somebody else."""
    status: str = "open"
    """open, claimed, completed (its answer is or will be taken) or withdrawn."""
    claimed_by: str = ""
    closed: float | None = None
    by: str = ""
    """Who completed it."""
    outcome: str = ""
    """The filled form as JSON."""
    acts: str = "[]"
    """Who did what, as JSON."""
    revision: int = 0
    """How often the row was changed."""

    @property
    def schema(self) -> Any:
        """The JSON schema of the form."""
        return json.loads(self.form)

    @property
    def answer(self) -> Any:
        """The fields of the filled form; None while there is none."""
        return json.loads(self.outcome) if self.outcome else None

    @property
    def history(self) -> tuple[Act, ...]:
        """What people did with it, oldest first."""
        return tuple(Act(**act) for act in json.loads(self.acts))

    def overdue(self, now: float) -> bool:
        """Whether it should have been done by now.

        >>> Task("L-1/review.1", "L-1", "Loan", "review", 1, "Review", "{}", "", "ann", 0.0, due=60.0).overdue(61.0)
        True
        """
        return self.status in OPEN and self.due is not None and self.due <= now


def task_id(instance: str, name: str, generation: int) -> str:
    """The id of the task of one stay.

    >>> task_id("L-1", "review", 3)
    'L-1/review.3'
    """
    return f"{instance}/{name}.{generation}"


def opened(asked: Asked, instance: str, chart: Chart, now: float, calendar: Calendar | None) -> Task:
    """The task that a turn opens. Raises HandlerMisuse for a calendar that gives no later moment."""
    invocation, person = asked.invocation, asked.person
    due = None if person.due_ms is None else due_at(calendar, "overdue:", now, person.due_ms)
    return Task(
        id=task_id(instance, invocation.id, asked.generation),
        instance=instance,
        machine=chart.name,
        name=invocation.id,
        generation=asked.generation,
        state=chart.nodes[invocation.state].id,
        form=person.schema,
        text=asked.text,
        assignee=asked.assignee,
        opened=now,
        due=due,
    )
