"""A step: what one event did, as a person or a test reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from fsm.chart.chart import ALWAYS
from fsm.chart.event import Event
from fsm.core.configuration import Configuration
from fsm.core.plan import Plan


def event_name(key: Any) -> str:
    """The wire name of an occurrence; empty for an eventless transition."""
    if isinstance(key, str):
        return "" if key == ALWAYS else key
    name: str = key.__wire__
    return name


Taken = tuple[Any, Plan, Event]
"""A microstep that a turn took, as cheap as can be: the key of its event, its plan, the event."""


class Microstep:
    """One microstep: the event, the names of the transitions, the states left and entered in order."""

    __slots__ = ("key", "plan")

    def __init__(self, key: Any, plan: Plan) -> None:
        self.key, self.plan = key, plan

    @property
    def event(self) -> str:
        """Wire name of the event; empty for an eventless transition, "start" for the first."""
        return event_name(self.key)

    @property
    def transitions(self) -> tuple[str, ...]:
        """Names of the transitions taken, in the order in which they were selected."""
        return tuple(t.name for t in self.plan.transitions)

    @property
    def exited(self) -> tuple[str, ...]:
        """Ids of the states left, innermost first."""
        return self.plan.next.table.chart.ids(self.plan.exited)

    @property
    def entered(self) -> tuple[str, ...]:
        """Ids of the states entered, outermost first."""
        chart = self.plan.next.table.chart
        return chart.ids(tuple(s for s in self.plan.entered if s))

    def as_data(self) -> dict[str, Any]:
        """The microstep as the journal keeps it."""
        return {
            "event": self.event,
            "transitions": list(self.transitions),
            "exited": list(self.exited),
            "entered": list(self.entered),
        }

    def __repr__(self) -> str:
        return f"<{self.event or 'always'}: {', '.join(self.transitions)} -{list(self.exited)} +{list(self.entered)}>"


class Recorded(NamedTuple):
    """A microstep as the journal kept it."""

    event: str
    transitions: tuple[str, ...]
    exited: tuple[str, ...]
    entered: tuple[str, ...]


class Places(NamedTuple):
    """A configuration as the journal kept it."""

    ids: frozenset[str]
    active: frozenset[str]


class Step:
    """The result of one event: the configuration reached and the microsteps on the way."""

    __slots__ = ("_configuration", "_key", "_steps", "done", "output", "seq")

    def __init__(
        self,
        key: Any,
        configuration: Configuration | Places,
        steps: Sequence[Taken | Recorded],
        seq: int,
        done: bool,
        output: Any,
    ) -> None:
        self._key, self._configuration, self._steps = key, configuration, steps
        self.seq, self.done, self.output = seq, done, output

    @property
    def event(self) -> str:
        """Wire name of the event."""
        return event_name(self._key)

    @property
    def answer(self) -> str | None:
        """What was replied to a question, as JSON."""
        return None

    @property
    def microsteps(self) -> list[Microstep | Recorded]:
        """What the event led to, one after the other."""
        return [s if isinstance(s, Recorded) else Microstep(s[0], s[1]) for s in self._steps]

    @property
    def configuration(self) -> frozenset[str]:
        """Ids of the active leaf states."""
        return self._configuration.ids

    @property
    def active(self) -> frozenset[str]:
        """Ids of all active states."""
        return self._configuration.active

    @property
    def transitions(self) -> tuple[str, ...]:
        """Names of all transitions taken."""
        return tuple(name for m in self.microsteps for name in m.transitions)

    def __repr__(self) -> str:
        return f"<Step {self.seq} {self.event}: {sorted(self.configuration)}>"


class Answered(Step):
    """A step that answered the question that caused it."""

    __slots__ = ("_answer",)

    def __init__(self, answer: str, *step: Any) -> None:
        super().__init__(*step)
        self._answer = answer

    @property
    def answer(self) -> str:
        """What was replied, as JSON."""
        return self._answer
