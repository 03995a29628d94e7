"""Deadlines: how long a state may take, as events that the machine can react to and that the journal keeps by name."""

from __future__ import annotations

from fsm.chart.chart import Transition, Trigger
from fsm.chart.declared import Declared
from fsm.chart.delay import Delay, delay_ms
from fsm.chart.draft import Draft, places_of
from fsm.chart.edge import Edge, Target
from fsm.chart.event import Event
from fsm.chart.guard import Guard
from fsm.chart.state import Choice, Final, History, Vertex


class Deadline(Declared):
    """How long states may be active before somebody is warned, and before it is a breach."""

    what = "deadline"

    def __init__(self, states: tuple[type[Vertex], ...], warn: Delay | None, breach: Delay | None) -> None:
        super().__init__(3)
        self.states, self.warn, self.breach = states, warn, breach

    def warned(self, *, to: Target = None, when: Guard | None = None, reenter: bool = False) -> Edge[Event]:
        """The edge taken when the time of `warn` has come; a decorator when an action follows."""
        return Edge("warned", self, self.states, to=to, when=when, reenter=reenter)

    def breached(self, *, to: Target = None, when: Guard | None = None, reenter: bool = False) -> Edge[Event]:
        """The edge taken when the time of `breach` has come; a decorator when an action follows."""
        return Edge("breached", self, self.states, to=to, when=when, reenter=reenter)


def deadline(*states: type[Vertex], warn: Delay | None = None, breach: Delay | None = None) -> Deadline:
    """Say how long a state may be active, by the business calendar where there is one; assign it.

    Both times are durable timers of the state. What they bring is a turn of its own, in the journal as `warn:…` and
    `breach:…`, whether there is an edge for it or not: `find(breached=True)` looks for it.

    >>> from fsm import State, StateMachine
    >>> class Ticket(StateMachine):
    ...     class Open(State, initial=True): ...
    ...     class Late(State): ...
    ...     answer = deadline(Open, warn="4h", breach="1d")
    ...     late = answer.breached(to=Late)
    >>> r = Ticket.rehearse().advance("1d")
    >>> r.configuration, [step.event for step in r.trace[1:]]
    (frozenset({'Late'}), ['warn:Open#answer', 'breach:Open#answer'])
    """
    return Deadline(states, warn, breach)


def deadlines(draft: Draft) -> None:
    """Set a timer also where no edge waits for it, and report what is wrong; the edges are known."""
    keys = {t.trigger.key for t in draft.transitions}
    for item in draft.found.declarations:
        if not isinstance(item, Deadline):
            continue
        times = {word: _time(draft, item, word) for word in ("warn", "breach")}
        if times == {"warn": None, "breach": None} and item.warn is None and item.breach is None:
            draft.found.at(item, "says no time; write warn=, breach= or both, as in deadline(Open, breach='1d')")
        if times["warn"] is not None and times["breach"] is not None and times["warn"] >= times["breach"]:
            draft.found.at(item, f"warns at {item.warn}, not before the breach at {item.breach}; warn earlier")
        for number in places_of(draft, item, item.states):
            place = draft.found.places[number]
            if issubclass(place.cls, (Final, History, Choice)):
                draft.found.at(item, f"nobody stays in {place.path}, so that it has no deadline; name a State")
                continue
            for word, time in times.items():
                key = f"{word}:{place.path}#{item.name}"
                if time is not None and key not in keys:
                    trigger = Trigger("after", key=key, delay_ms=time, word=word)
                    name = f"{item.name}.{word}"
                    draft.transitions.append(
                        Transition(len(draft.transitions), name, number, trigger, where=item.where)
                    )


def _time(draft: Draft, item: Deadline, word: str) -> int | None:
    delay = getattr(item, word)
    try:
        return None if delay is None else delay_ms(delay)
    except ValueError as wrong:
        draft.found.at(item, f"{word}: {wrong}")
        return None
