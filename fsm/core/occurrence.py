"""Occurrences: what a machine tells itself, as the pair (key, event) that its transitions match.

A class machine gets `Done`, `Failed` and `ActionFailed`; a machine made from data gets signals, whose names are those
of the SCXML Recommendation, section 5.10.
"""

from __future__ import annotations

from typing import Any

from fsm.chart.chart import Chart, Invocation
from fsm.chart.event import ActionFailed, Completed, Done, Event, Failed, Problem, Signal

Occurrence = tuple[Any, Event]


def state_done(chart: Chart, state: int, data: Any) -> Occurrence:
    """A composite state is done."""
    id = chart.nodes[state].id
    key = f"done.state.{id}"
    return key, Signal(name=key, data=data) if chart.named else Done(data=data, source=id)


def invoke_done(chart: Chart, invocation: Invocation, data: Any, by: str = "") -> Occurrence:
    """An invoke answered, or a person did."""
    key = f"done.invoke.{invocation.id}"
    if chart.named:
        return key, Signal(name=key, data=data, invoke=invocation.id)
    if invocation.person is not None:
        return key, Completed(data=data, source=invocation.name, by=by)
    return key, Done(data=data, source=invocation.name)


def invoke_failed(chart: Chart, invocation: Invocation, problem: Problem) -> Occurrence:
    """An invoke failed or ran out of time."""
    key = f"error.invoke.{invocation.id}"
    if chart.named:
        return key, Signal(name=key, data=problem.model_dump(), invoke=invocation.id)
    return key, Failed(error=problem, source=invocation.name)


def action_failed(chart: Chart, where: str, problem: Problem) -> Occurrence:
    """An action raised."""
    if chart.named:
        return ActionFailed.__wire__, Signal(name=ActionFailed.__wire__, data={**problem.model_dump(), "source": where})
    return ActionFailed, ActionFailed(error=problem, source=where)


def error_of(event: Event) -> tuple[Problem, str] | None:
    """The problem that an event tells of, and where it comes from; None for every other event."""
    if isinstance(event, (ActionFailed, Failed)):
        return event.error, event.source
    if isinstance(event, Signal) and event.name.startswith("error.") and isinstance(event.data, dict):
        data = event.data
        problem = Problem(kind=str(data.get("kind", event.name)), message=str(data.get("message", "")))
        return problem, str(data.get("source") or event.invoke or event.name)
    return None
