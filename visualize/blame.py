"""Blame: which of the active states an incident is of, where several regions are active and one of them has failed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set

from fsm.chart.chart import Chart, Trigger
from fsm.chart.event import ActionFailed, Event


def blamed(chart: Chart, leaves: Collection[str], event: str) -> frozenset[str]:
    """The active leaf states that an incident on `event` is of; all of them where the event belongs to none.

    An event belongs to the states that listen to it, the innermost first; a timer, an answer and a failure to the state
    that has the timer or the invoke.

        blamed(chart, ["Paying.Card.Charging", "Paying.Gift.Packing"], "error.invoke.charge")

    Leaves that the chart does not know are not told apart.
    """
    stood = [chart.index[leaf] for leaf in leaves if leaf in chart.index]
    active = {0, *stood, *(around for leaf in stood for around in chart.ancestors(leaf))}
    owners = {t.source for t in chart.transitions if _listens(chart, t.trigger, event)}
    owners |= {one.state for one in chart.invokes if event.partition(".invoke.")[2] == one.id}
    found = _within(chart, stood, owners & active)
    return frozenset(chart.ids(tuple(found)) or leaves)


def _listens(chart: Chart, trigger: Trigger, event: str) -> bool:
    if trigger.kind != "event" or trigger.names:
        return trigger.matches(event)
    events: tuple[type[Event], ...] = (*chart.events, ActionFailed)
    return any(trigger.matches(known) for known in events if known.__wire__ == event)


def _within(chart: Chart, leaves: Iterable[int], owners: Set[int]) -> list[int]:
    innermost = [one for one in owners if not any(chart.inside(other, one) for other in owners)]
    return [leaf for leaf in leaves if any(leaf == one or chart.inside(leaf, one) for one in innermost)]
