"""Effects: the timers and invokes that a turn begins and ends.

A state that was entered and left within one turn never started anything. Every start has a generation of its own, so
that a late answer of an earlier stay is recognised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fsm.chart.chart import Invocation
from fsm.core.fanout import items
from fsm.core.live import Live
from fsm.core.step import Taken
from fsm.core.undo import take


@dataclass(slots=True)
class Effects:
    """What begins and ends with a turn; (key, generation), a started timer with its delay, a started invoke with the
    number of the microstep that entered its state."""

    timers_set: list[tuple[str, int, int]] = field(default_factory=list)
    timers_cleared: list[tuple[str, int]] = field(default_factory=list)
    invokes_started: list[tuple[int, int, int]] = field(default_factory=list)
    invokes_ended: list[tuple[str, int]] = field(default_factory=list)
    items: dict[int, str] = field(default_factory=dict)
    """What started invokes are to run over, as JSON, by their index."""


def overtaken(live: Live, invoke: str) -> list[tuple[str, int]]:
    """Forget the timers of a human task that was answered while its state stays; their keys and generations."""
    if invoke in live.invokes:
        return []
    state = next(i.state for i in live.table.chart.invokes if i.id == invoke)
    keys = {t.trigger.key for t in live.table.timers_of.get(state, ()) if t.trigger.invoke == invoke}
    return [(key, live.timers.pop(key)) for key in keys if key in live.timers]


def effects(live: Live, trace: Sequence[Taken]) -> Effects:
    """Apply a finished turn, in which something moved, to the instance's timers and invokes. Raises ItemsInvalid."""
    chart, timers_of = live.table.chart, live.table.timers_of
    found = Effects()
    timers: dict[str, int] = {}
    invokes: dict[int, int] = {}
    for number, (_, plan, _) in enumerate(trace):
        for state in plan.exited:
            for transition in timers_of.get(state, ()):
                timers.pop(transition.trigger.key, None)
                generation = live.timers.pop(transition.trigger.key, None)
                if generation is not None:
                    found.timers_cleared.append((transition.trigger.key, generation))
            for index in chart.nodes[state].invokes:
                invokes.pop(index, None)
                generation = live.invokes.pop(chart.invokes[index].id, None)
                if generation is not None:
                    found.invokes_ended.append((chart.invokes[index].id, generation))
        for state in plan.entered:
            timers.update((t.trigger.key, t.trigger.delay_ms) for t in timers_of.get(state, ()))
            invokes.update((index, number) for index in chart.nodes[state].invokes)
    for key, delay_ms in timers.items():
        live.generation += 1
        live.timers[key] = live.generation
        found.timers_set.append((key, live.generation, delay_ms))
    for index, number in invokes.items():
        live.generation += 1
        live.invokes[chart.invokes[index].id] = live.generation
        found.invokes_started.append((index, live.generation, number))
        if over := work_of(live, chart.invokes[index], live.generation):
            found.items[index] = over
    return found


def work_of(live: Live, invocation: Invocation, generation: int) -> str:
    """What an invoke that begins is to run over, as JSON; empty when that is no list. Raises ItemsInvalid."""
    if invocation.fan is not None:
        return items(live, invocation)
    return "" if invocation.undoes is None else take(live, invocation, generation)
