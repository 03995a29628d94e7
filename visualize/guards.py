"""Guards as a picture says them: states that share their name are told apart."""

from __future__ import annotations

from fsm.chart.chart import Chart
from fsm.chart.guard import Both, Either, Guard, InState, Not


def guard_label(chart: Chart, guard: Guard | None) -> str:
    """The label of a guard; a state that it asks for has as much of its path as no other state has."""
    return "" if guard is None else _told_apart(chart, guard).label


def _told_apart(chart: Chart, guard: Guard) -> Guard:
    match guard:
        case InState(state=type() as state) if state in chart.numbers:
            return InState(_ending(chart, chart.nodes[chart.numbers[state]].id))
        case Not():
            return Not(_told_apart(chart, guard.inner))
        case Both() | Either():
            return type(guard)(_told_apart(chart, guard.left), _told_apart(chart, guard.right))
        case _:
            return guard


def _ending(chart: Chart, id: str) -> str:
    parts = id.split(".")
    endings = (".".join(parts[-n:]) for n in range(1, len(parts)))
    return next((one for one in endings if sum(f".{n.id}".endswith(f".{one}") for n in chart.nodes) == 1), id)
