"""The shapes in python-statemachine, as classes."""

# mypy: disable-error-code="misc, call-arg, name-defined"
# pyright: reportCallIssue=false, reportGeneralTypeIssues=false

from __future__ import annotations

from typing import Any

from statemachine import State, StateChart  # type: ignore[import-not-found]

from benchmarks.figure import Wrong
from benchmarks.race import Check, Step
from benchmarks.tally import Tally

_COUNTED = {"enter": "enter_", "exit": "exit_"}
_TAKEN = {"cond": "guard_", "on": "action_"}


class Flat(StateChart):
    """Three states in a ring."""

    A, B, C = State(initial=True), State(), State()
    next = A.to(B) | B.to(C) | C.to(A)


class Counted(StateChart):
    """The ring with guard, action, entry, exit."""

    A, B, C = State(initial=True, **_COUNTED), State(**_COUNTED), State(**_COUNTED)
    next = (
        A.to(B, cond="guard_", on="action_")
        | B.to(C, cond="guard_", on="action_")
        | C.to(A, cond="guard_", on="action_")
    )

    def __init__(self) -> None:
        self.tally = Tally()
        super().__init__()

    def guard_(self) -> bool:
        """Count a guard."""
        self.tally.guards += 1
        return True

    def action_(self) -> None:
        """Count an action."""
        self.tally.actions += 1

    def enter_(self) -> None:
        """Count an entry."""
        self.tally.entries += 1

    def exit_(self) -> None:
        """Count an exit."""
        self.tally.exits += 1


class Towers(StateChart):
    """Two towers of three states."""

    class P(State.Compound, initial=True, **_COUNTED):
        class P1(State.Compound, initial=True, **_COUNTED):
            P11 = State(initial=True, **_COUNTED)

    class Q(State.Compound, **_COUNTED):
        class Q1(State.Compound, initial=True, **_COUNTED):
            Q11 = State(initial=True, **_COUNTED)

    next = P.to(Q) | Q.to(P)

    def __init__(self) -> None:
        self.tally = Tally()
        super().__init__()

    def enter_(self) -> None:
        """Count an entry."""
        self.tally.entries += 1

    def exit_(self) -> None:
        """Count an exit."""
        self.tally.exits += 1


class Both(StateChart):
    """Two regions."""

    class p(State.Parallel):
        class r(State.Compound):
            a, b, c = State(initial=True), State(), State()
            next = a.to(b) | b.to(c) | c.to(a)

        class s(State.Compound):
            x, y, z = State(initial=True), State(), State()
            next = x.to(y) | y.to(z) | z.to(x)


def _sending(machine: Any) -> Step:
    def step(events: int) -> None:
        send = machine.send
        for _ in range(events):
            send("next")

    return step


def _standing(machine: Any, *rings: str) -> Check:
    def check(events: int) -> None:
        due = {ring[events % 3] for ring in rings}
        if not due <= set(machine.configuration_values):
            raise Wrong(f"after {events} events python-statemachine stands in {machine.configuration_values}")

    return check


def flat() -> tuple[Step, Check]:
    """Three states in a ring."""
    machine = Flat()
    return _sending(machine), _standing(machine, "ABC")


def callbacks() -> tuple[Step, Check]:
    """The ring with guard, action, entry, exit."""
    machine = Counted()
    return _sending(machine), machine.tally.expects(1, 1, 1, 1)


def crossing() -> tuple[Step, Check]:
    """Three levels crossed."""
    machine = Towers()
    return _sending(machine), machine.tally.expects(0, 0, 3, 3)


def regions() -> tuple[Step, Check]:
    """Two regions moved."""
    machine = Both()
    return _sending(machine), _standing(machine, "abc", "xyz")
