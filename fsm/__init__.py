"""Durable hierarchical state machines: workflows as statechart classes.

The durable runtime is loaded when it is first named: whoever only defines and rehearses machines does not wait for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fsm.chart.action import choose, on_enter, on_exit, output
from fsm.chart.child import invoke
from fsm.chart.context import Context
from fsm.chart.edge import after, all_done, always, default, defer, edge, on
from fsm.chart.event import ActionFailed, Done, Event, Failed, Signal
from fsm.chart.guard import guard, in_state
from fsm.chart.migration import Migration
from fsm.chart.state import Choice, Final, History, Parallel, State
from fsm.errors import FsmError
from fsm.machine import StateMachine

if TYPE_CHECKING:
    from fsm.runtime.instance import Instance
    from fsm.runtime.orchestrator import Orchestrator

__all__ = [
    "ActionFailed",
    "Choice",
    "Context",
    "Done",
    "Event",
    "Failed",
    "Final",
    "FsmError",
    "History",
    "Instance",
    "Migration",
    "Orchestrator",
    "Parallel",
    "Signal",
    "State",
    "StateMachine",
    "after",
    "all_done",
    "always",
    "choose",
    "default",
    "defer",
    "edge",
    "guard",
    "in_state",
    "invoke",
    "on",
    "on_enter",
    "on_exit",
    "output",
]


def __getattr__(name: str) -> Any:
    if name in ("Instance", "Orchestrator"):
        return getattr(import_module(f"fsm.runtime.{name.lower()}"), name)
    raise AttributeError(f"module 'fsm' has no attribute {name!r}")
