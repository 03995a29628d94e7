"""The shapes in xstate-statemachine, as data."""

from __future__ import annotations

from typing import Any

from xstate_statemachine import MachineLogic, SyncInterpreter, create_machine  # type: ignore[import-not-found]

from benchmarks.figure import Wrong
from benchmarks.floors import RING
from benchmarks.race import Check, Step
from benchmarks.tally import Tally


def _made(chart: dict[str, Any], tally: Tally | None = None) -> tuple[Any, Step]:
    machine = create_machine(chart, logic=_logic(tally)) if tally is not None else create_machine(chart)
    interpreter = SyncInterpreter(machine).start()

    def step(events: int) -> None:
        send = interpreter.send
        for _ in range(events):
            send("NEXT")

    return interpreter, step


def _logic(tally: Tally) -> Any:
    def guard(context: Any, event: Any) -> bool:
        tally.guards += 1
        return True

    def action(*told: Any) -> None:
        tally.actions += 1

    def enter(*told: Any) -> None:
        tally.entries += 1

    def leave(*told: Any) -> None:
        tally.exits += 1

    return MachineLogic(
        actions={
            "act": lambda i, c, e, a: action(),
            "enter": lambda i, c, e, a: enter(),
            "leave": lambda i, c, e, a: leave(),
        },
        guards={"may": guard},
    )


def _standing(interpreter: Any, *rings: tuple[str, ...]) -> Check:
    def check(events: int) -> None:
        due = {ring[events % len(ring)] for ring in rings}
        if not due <= set(interpreter.current_state_ids):
            raise Wrong(f"after {events} events xstate-statemachine stands in {interpreter.current_state_ids}")

    return check


_COUNTED: dict[str, Any] = {"entry": ["enter"], "exit": ["leave"]}


def flat() -> tuple[Step, Check]:
    """Three states in a ring."""
    states = {here: {"on": {"NEXT": there}} for here, there in RING}
    interpreter, step = _made({"id": "m", "initial": "A", "states": states})
    return step, _standing(interpreter, ("m.A", "m.B", "m.C"))


def callbacks() -> tuple[Step, Check]:
    """The ring with guard, action, entry, exit."""
    tally = Tally()
    states = {
        here: {"on": {"NEXT": {"target": there, "guard": "may", "actions": ["act"]}}, **_COUNTED}
        for here, there in RING
    }
    return _made({"id": "m", "initial": "A", "states": states}, tally)[1], tally.expects(1, 1, 1, 1)


def crossing() -> tuple[Step, Check]:
    """Three levels crossed."""
    tally, states = Tally(), {}
    for name, other in (("P", "Q"), ("Q", "P")):
        leaf = {"on": {"NEXT": f"#m.{other}"}, **_COUNTED}
        middle = {"initial": f"{name}11", "states": {f"{name}11": leaf}, **_COUNTED}
        states[name] = {"initial": f"{name}1", "states": {f"{name}1": middle}, **_COUNTED}
    return _made({"id": "m", "initial": "P", "states": states}, tally)[1], tally.expects(0, 0, 3, 3)


def regions() -> tuple[Step, Check]:
    """Two regions moved."""
    states = {
        region: {
            "initial": ring[0],
            "states": {here: {"on": {"NEXT": ring[(place + 1) % 3]}} for place, here in enumerate(ring)},
        }
        for region, ring in (("r", "abc"), ("s", "xyz"))
    }
    interpreter, step = _made({"id": "m", "type": "parallel", "states": states})
    return step, _standing(interpreter, ("m.r.a", "m.r.b", "m.r.c"), ("m.s.x", "m.s.y", "m.s.z"))
