"""The shapes in sismic, whose actions are text."""

from __future__ import annotations

from typing import Any

from sismic.interpreter import Interpreter  # type: ignore[import-not-found]
from sismic.io import import_from_yaml  # type: ignore[import-not-found]

from benchmarks.figure import Wrong
from benchmarks.floors import RING
from benchmarks.race import Check, Step
from benchmarks.tally import Tally

_TOP = "statechart:\n  name: m\n  root state:\n    name: root\n"


class _Called(Tally):
    """A tally whose callbacks the text names."""

    def guard(self) -> bool:
        self.guards += 1
        return True

    def action(self) -> None:
        self.actions += 1

    def enter(self) -> None:
        self.entries += 1

    def leave(self) -> None:
        self.exits += 1


def _made(yaml: str, tally: Tally | None = None) -> tuple[Any, Step]:
    interpreter = Interpreter(import_from_yaml(yaml), initial_context={"tally": tally})
    interpreter.execute()

    def step(events: int) -> None:
        queue, execute = interpreter.queue, interpreter.execute_once
        for _ in range(events):
            queue("next")
            execute()

    return interpreter, step


def _standing(interpreter: Any, *rings: str) -> Check:
    def check(events: int) -> None:
        due = {ring[events % 3] for ring in rings}
        if not due <= set(interpreter.configuration):
            raise Wrong(f"after {events} events sismic stands in {interpreter.configuration}")

    return check


def _counted(indent: int) -> str:
    return f"{' ' * indent}on entry: tally.enter()\n{' ' * indent}on exit: tally.leave()\n"


def flat() -> tuple[Step, Check]:
    """Three states in a ring."""
    yaml = _TOP + "    initial: A\n    states:\n"
    for here, there in RING:
        yaml += f"      - name: {here}\n        transitions:\n          - event: next\n            target: {there}\n"
    interpreter, step = _made(yaml)
    return step, _standing(interpreter, "ABC")


def callbacks() -> tuple[Step, Check]:
    """The ring with guard, action, entry, exit."""
    tally, yaml = _Called(), _TOP + "    initial: A\n    states:\n"
    for here, there in RING:
        yaml += f"      - name: {here}\n{_counted(8)}        transitions:\n          - event: next\n"
        yaml += f"            target: {there}\n            guard: tally.guard()\n            action: tally.action()\n"
    return _made(yaml, tally)[1], tally.expects(1, 1, 1, 1)


def crossing() -> tuple[Step, Check]:
    """Three levels crossed."""
    tally, yaml = _Called(), _TOP + "    initial: P\n    states:\n"
    for name, other in (("P", "Q"), ("Q", "P")):
        yaml += f"      - name: {name}\n{_counted(8)}        initial: {name}1\n        states:\n"
        yaml += f"          - name: {name}1\n{_counted(12)}            initial: {name}11\n            states:\n"
        yaml += f"              - name: {name}11\n{_counted(16)}                transitions:\n"
        yaml += f"                  - event: next\n                    target: {other}11\n"
    return _made(yaml, tally)[1], tally.expects(0, 0, 3, 3)


def regions() -> tuple[Step, Check]:
    """Two regions moved."""
    yaml = _TOP + "    parallel states:\n"
    for region, ring in (("r", "abc"), ("s", "xyz")):
        yaml += f"      - name: {region}\n        initial: {ring[0]}\n        states:\n"
        for place, here in enumerate(ring):
            yaml += f"          - name: {here}\n            transitions:\n              - event: next\n"
            yaml += f"                target: {ring[(place + 1) % 3]}\n"
    interpreter, step = _made(yaml)
    return step, _standing(interpreter, "abc", "xyz")
