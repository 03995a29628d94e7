"""The shapes in pysm, which has no parallel regions."""

from __future__ import annotations

from typing import Any

import pysm  # type: ignore[import-not-found]

from benchmarks.figure import Wrong
from benchmarks.floors import RING
from benchmarks.race import Check, Step
from benchmarks.tally import Tally


def _sending(machine: Any) -> Step:
    def step(events: int) -> None:
        dispatch, made = machine.dispatch, pysm.Event
        for _ in range(events):
            dispatch(made("next"))

    return step


def _ring(tally: Tally | None) -> Any:
    machine, states = pysm.StateMachine("m"), {}
    for name, _ in RING:
        states[name] = made = pysm.State(name)
        machine.add_state(made, initial=name == "A")
        if tally is not None:
            made.handlers = _handlers(tally)
    for here, there in RING:
        asked = {} if tally is None else {"condition": _guard(tally), "action": _action(tally)}
        machine.add_transition(states[here], states[there], events=["next"], **asked)
    machine.initialize()
    return machine


def _guard(tally: Tally) -> Any:
    def guard(state: Any, event: Any) -> bool:
        tally.guards += 1
        return True

    return guard


def _action(tally: Tally) -> Any:
    def action(state: Any, event: Any) -> None:
        tally.actions += 1

    return action


def _handlers(tally: Tally) -> dict[str, Any]:
    def enter(state: Any, event: Any) -> None:
        tally.entries += 1

    def leave(state: Any, event: Any) -> None:
        tally.exits += 1

    return {"enter": enter, "exit": leave}


def flat() -> tuple[Step, Check]:
    """Three states in a ring."""
    machine = _ring(None)

    def check(events: int) -> None:
        if machine.leaf_state.name != "ABC"[events % 3]:
            raise Wrong(f"after {events} events pysm stands in {machine.leaf_state.name}")

    return _sending(machine), check


def callbacks() -> tuple[Step, Check]:
    """The ring with guard, action, entry, exit."""
    tally = Tally()
    return _sending(_ring(tally)), tally.expects(1, 1, 1, 1)


def crossing() -> tuple[Step, Check]:
    """Three levels crossed."""
    tally, machine, tops = Tally(), pysm.StateMachine("m"), []
    for name in "PQ":
        top, middle, leaf = pysm.StateMachine(name), pysm.StateMachine(name + "1"), pysm.State(name + "11")
        for state in (top, middle, leaf):
            state.handlers = _handlers(tally)
        machine.add_state(top, initial=name == "P")
        top.add_state(middle, initial=True)
        middle.add_state(leaf, initial=True)
        tops.append(top)
    machine.add_transition(tops[0], tops[1], events=["next"])
    machine.add_transition(tops[1], tops[0], events=["next"])
    machine.initialize()
    return _sending(machine), tally.expects(0, 0, 3, 3)
