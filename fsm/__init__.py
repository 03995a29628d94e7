"""Durable hierarchical state machines: workflows as statechart classes."""

from fsm.chart.action import on_enter, on_exit, output
from fsm.chart.context import Context
from fsm.chart.edge import after, all_done, always, default, edge, on
from fsm.chart.event import ActionFailed, Done, Event, Failed
from fsm.chart.guard import guard, in_state
from fsm.chart.invoke import invoke
from fsm.chart.state import Final, History, Parallel, State
from fsm.errors import FsmError
from fsm.machine import StateMachine
from fsm.runtime.instance import Instance
from fsm.runtime.orchestrator import Orchestrator

__all__ = [
    "ActionFailed",
    "Context",
    "Done",
    "Event",
    "Failed",
    "Final",
    "FsmError",
    "History",
    "Instance",
    "Orchestrator",
    "Parallel",
    "State",
    "StateMachine",
    "after",
    "all_done",
    "always",
    "default",
    "edge",
    "guard",
    "in_state",
    "invoke",
    "on",
    "on_enter",
    "on_exit",
    "output",
]
